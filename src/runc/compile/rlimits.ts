// `process.rlimits` → setrlimit. Raising a hard limit takes CAP_SYS_RESOURCE, which hosts in sandboxes lack: refused here, before
// anything is made, with both numbers.

import { rlimitNumbers } from '../../base/kernel-names.ts';
import type { ProcessSpec } from '../../oci/runtime-process.ts';
import type { Operation } from '../plan/operations.ts';
import { byInit, type CompileContext, refusal } from './context.ts';
import { capabilityNames } from './flags.ts';

/** @source uapi linux/resource.h RLIM64_INFINITY */
const infinity = 0xffff_ffff_ffff_ffffn;
const sysResource = 1n << BigInt(capabilityNames.indexOf('CAP_SYS_RESOURCE'));

export function rlimitOperations(context: CompileContext, process: ProcessSpec): Operation[] {
  const seen = new Set<string>();
  return (process.rlimits ?? []).map((limit, index) => {
    const pointer = `/process/rlimits/${index}` as const;
    const resource = Object.hasOwn(rlimitNumbers, limit.type) ? rlimitNumbers[limit.type] : undefined;
    if (resource === undefined)
      throw refusal(`${pointer}/type`, `"${limit.type}": expected a limit such as RLIMIT_NOFILE`);
    if (seen.has(limit.type)) throw refusal(`${pointer}/type`, `"${limit.type}": expected each limit once`);
    seen.add(limit.type);
    const soft = clamp(limit.soft);
    const hard = clamp(limit.hard);
    if (soft > hard) throw refusal(`${pointer}/soft`, `${soft}: expected at most the hard limit, ${hard}`);
    checkHost(context, `${pointer}/hard`, { resource, hard });
    return byInit('rlimit', pointer, { resource, soft, hard });
  });
}

/**
 * The number of the user's processes, where it is not raised: the joiner of an exec is one of them while it clones the child, so the
 * limit is set by the child. @source man getrlimit(2) RLIMIT_NPROC
 */
export const isForChild = ({ host }: CompileContext, { name, arguments: values }: Operation): boolean =>
  name === 'rlimit' &&
  values.resource === rlimitNumbers.RLIMIT_NPROC &&
  BigInt(values.hard) <= (host.hardLimits.get(Number(values.resource)) ?? 0n);

function checkHost(
  context: CompileContext,
  pointer: string,
  { resource, hard }: { resource: number; hard: bigint },
): void {
  const allowed = context.host.hardLimits.get(resource);
  if (allowed === undefined || hard <= allowed || (context.host.effectiveCapabilities & sysResource) !== 0n) return;
  throw refusal(
    pointer,
    `${hard === infinity ? 'unlimited' : hard}: this host allows at most ${allowed} and has no CAP_SYS_RESOURCE to raise it`,
  );
}

/** JSON writers that go through doubles turn 2^64-1 into 2^64. */
const clamp = (value: number | bigint): bigint => (BigInt(value) > infinity ? infinity : BigInt(value));
