// Event types of the cli stage.
import { doorRows } from './door.ts';

export const cliRows = {
  ...doorRows('cli'),
} as const;
