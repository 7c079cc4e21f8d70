// What must hold between the memory values, whichever cgroup version they go to. @source oci-runtime config-linux#memory
import type { Resources } from '../../oci/runtime-resources.ts';
import { refusal, unsupported } from './context.ts';

type Memory = NonNullable<Resources['memory']>;

export function checkMemory(memory: Memory): void {
  checkSwap(memory);
  checkReservation(memory);
  if (memory.kernel !== undefined && memory.kernel > 0) {
    throw unsupported('/linux/resources/memory/kernel', 'a kernel memory limit (the kernel dropped it)');
  }
}

/** `swap` is memory and swap together, in both versions of config.json. */
function checkSwap({ limit = 0, swap = 0 }: Memory): void {
  if (!swap || BigInt(swap) === -1n) return;
  if (swap < 0) throw refusal('/linux/resources/memory/swap', `${swap}: expected -1 for no limit, or bytes`);
  if (!limit) throw refusal('/linux/resources/memory/swap', `${swap}: expected a memory limit beside it`);
  if (BigInt(limit) === -1n)
    throw refusal('/linux/resources/memory/swap', `${swap}: expected -1, since memory has no limit`);
  if (swap < limit)
    throw refusal('/linux/resources/memory/swap', `${swap}: expected at least the memory limit, ${limit}`);
}

function checkReservation({ limit = 0, reservation = 0 }: Memory): void {
  if (reservation > 0 && limit > 0 && reservation > limit) {
    throw refusal('/linux/resources/memory/reservation', `${reservation}: expected at most the memory limit, ${limit}`);
  }
}
