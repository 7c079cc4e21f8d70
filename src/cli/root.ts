// What only root may do is refused before anything is touched.
import { LabError } from '../base/errors.ts';

export function requireRoot(what: string): void {
  if (process.getuid?.() === 0) return;
  throw new LabError('permissionDenied', `${what}: only root may do it`, {
    hint: `sudo tlab ${process.argv.slice(2).join(' ')}`,
  });
}
