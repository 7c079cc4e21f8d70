// Event types of the containerd stage.
import { doorRows } from './door.ts';

export const containerdRows = {
  ...doorRows('containerd'),
} as const;
