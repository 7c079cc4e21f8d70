// Where our native programs are: beside the bundle (dist/bin), or seen from this source file.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

export function binaryFolder(): string {
  const beside = `${import.meta.dirname}/bin`;
  return existsSync(beside) ? beside : resolve(import.meta.dirname, '../../dist/bin');
}
