// What must hold between the memory values, whichever cgroup version they go to. @source oci-runtime config-linux#memory
import type { Resources } from '../../oci/runtime-resources.ts';
import { type CompileContext, refusal, unsupported } from './context.ts';

type Memory = NonNullable<Resources['memory']>;

export function checkMemory(memory: Memory, { warnings }: Pick<CompileContext, 'warnings'>): void {
  checkSwap(memory);
  checkReservation(memory);
  if (memory.useHierarchy === false)
    throw unsupported('/linux/resources/memory/useHierarchy', 'false, which Linux does not know since 5.11,');
  // Not refused: configurations of the time when the kernel had it still ask. @source runc specconv; linux 5.16 memory.kmem.limit_in_bytes
  if (memory.kernel !== undefined && memory.kernel > 0)
    warnings.push(
      `config.json /linux/resources/memory/kernel: ${memory.kernel} is ignored: kernels have no such limit`,
    );
}

/** What a version 2 cgroup uses now, in bytes. */
export interface MemoryUse {
  memory: bigint;
  swap: bigint;
}

/**
 * With `checkBeforeUpdate` a limit below what is used is refused. Version 2 would take it and kill; version 1 refuses by itself, EBUSY.
 * @source oci-runtime config-linux#memory checkBeforeUpdate
 */
export function checkBeforeUpdate({ limit = 0, swap = 0 }: Memory, used: MemoryUse): void {
  if (limit > 0 && limit < used.memory)
    throw refusal('/linux/resources/memory/limit', `${limit}: expected at least what is used, ${used.memory}`);
  if (swap > 0 && swap < used.memory + used.swap)
    throw refusal(
      '/linux/resources/memory/swap',
      `${swap}: expected at least what is used, ${used.memory + used.swap}`,
    );
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
