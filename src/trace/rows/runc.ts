// Event types of the runc stage.
import { doorRows } from './door.ts';

export const runcRows = {
  ...doorRows('runc'),
} as const;
