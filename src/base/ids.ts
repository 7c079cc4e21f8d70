// Identifiers: 64 hex digits for containers, as Docker makes them; 12 of them where people read.
import { randomBytes } from 'node:crypto';

export const newContainerId = (): string => randomBytes(32).toString('hex');
export const shortId = (id: string): string => id.replace(/^sha256:/, '').slice(0, 12);
