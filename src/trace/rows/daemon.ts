// Event types of the daemon stage.
import { doorRows } from './door.ts';

export const daemonRows = {
  ...doorRows('daemon'),
} as const;
