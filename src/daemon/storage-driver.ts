// storage-driver of daemon.json: which of containerd's snapshotters is used, by its own name or by that of Docker's driver.
import type { Configuration } from './configuration.ts';

/** @source docker docs storage/drivers: overlay2 and vfs are what containerd calls overlayfs and native */
export const storageDrivers = {
  overlay2: 'overlayfs',
  overlayfs: 'overlayfs',
  vfs: 'native',
  native: 'native',
} as const;

export const snapshotterOf = (configuration: Configuration): string =>
  storageDrivers[configuration['storage-driver'] ?? 'overlayfs'];
