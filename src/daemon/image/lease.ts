// What the daemon makes in containerd is held by a lease until an image refers to it; what failed goes with the lease.
import { newContainerId } from '../../base/ids.ts';
import { ignoreMissing } from '../container/missing.ts';
import type { Engine } from '../engine.ts';

/** Work that takes longer was forgotten: by a daemon that was killed. */
const leaseMs = 24 * 3600 * 1000;

/** Runs `body` with a lease of its own. Afterwards everything that nothing refers to is collected. */
export async function withLease<T>({ containerd }: Engine, body: (lease: string) => Promise<T>): Promise<T> {
  const id = `tlab-${newContainerId().slice(0, 20)}`;
  const labels = { 'containerd.io/gc.expire': new Date(Date.now() + leaseMs).toISOString() };
  await containerd.leases.create({ id, labels });
  try {
    return await body(id);
  } finally {
    await ignoreMissing(containerd.leases.delete({ id, sync: true }));
  }
}
