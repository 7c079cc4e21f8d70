// Event types of the shim stage.
import { doorRows } from './door.ts';

export const shimRows = {
  ...doorRows('shim'),
} as const;
