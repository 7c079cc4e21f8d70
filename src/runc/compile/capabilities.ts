// Capability names → masks. Names the kernel does not know are refused; capabilities that this host's bounding set lacks are dropped
// with a warning, as runc does, because no process can be given what its ancestors gave up.
import type { CapabilitySetName, ProcessSpec } from '../../oci/runtime-process.ts';
import type { Operation } from '../plan/operations.ts';
import { byInit, type CompileContext, refusal } from './context.ts';
import { capabilityNames } from './flags.ts';

const setNames = [
  'bounding',
  'effective',
  'permitted',
  'inheritable',
  'ambient',
] as const satisfies readonly CapabilitySetName[];
export type CapabilityMasks = Record<CapabilitySetName, bigint>;

const everyCapability = (1n << BigInt(capabilityNames.length)) - 1n;

/** A process without `capabilities` has none. @source oci-runtime config#linux-process */
export function capabilityMasks(context: CompileContext, process: ProcessSpec): CapabilityMasks {
  const masks: CapabilityMasks = { bounding: 0n, effective: 0n, permitted: 0n, inheritable: 0n, ambient: 0n };
  const missing = new Set<string>();
  for (const set of setNames) {
    for (const [index, name] of (process.capabilities?.[set] ?? []).entries()) {
      const bit = bitOf(name, `/process/capabilities/${set}/${index}`);
      if ((context.host.boundingCapabilities & bit) === 0n) missing.add(name);
      else masks[set] |= bit;
    }
  }
  if (missing.size > 0)
    context.warnings.push(`capabilities that this host cannot give are left out: ${[...missing].sort().join(', ')}`);
  checkSets(masks);
  return { ...masks, ambient: reachableAmbient(context, masks) };
}

function bitOf(name: string, pointer: string): bigint {
  const position = (capabilityNames as readonly string[]).indexOf(name);
  if (position === -1) throw refusal(pointer, `"${name}": expected a capability such as CAP_CHOWN`);
  return 1n << BigInt(position);
}

/** @source man capabilities(7): effective may hold only what is permitted */
function checkSets(masks: CapabilityMasks): void {
  const beyondPermitted = masks.effective & ~masks.permitted;
  if (beyondPermitted !== 0n) {
    throw refusal('/process/capabilities/effective', `${namesOf(beyondPermitted)}: expected only what permitted has`);
  }
}

/** The kernel raises only what permitted and inheritable both have; runc's own default config.json asks for more. */
function reachableAmbient(context: CompileContext, { ambient, permitted, inheritable }: CapabilityMasks): bigint {
  const beyond = ambient & ~(permitted & inheritable);
  if (beyond !== 0n)
    context.warnings.push(`ambient capabilities that are not inheritable are left out: ${namesOf(beyond)}`);
  return ambient & ~beyond;
}

export const namesOf = (mask: bigint): string =>
  capabilityNames.filter((_, position) => ((mask >> BigInt(position)) & 1n) === 1n).join(', ');

/** Dropped before the user changes: PR_CAPBSET_DROP needs CAP_SETPCAP. */
export const boundingOperation = (masks: CapabilityMasks): Operation =>
  byInit('capability_bounding', '/process/capabilities/bounding', { keep: masks.bounding & everyCapability });

/** The sets proper, after the user has changed: setuid(2) would clear them. */
export const capsetOperations = (masks: CapabilityMasks): Operation[] => [
  byInit('capset', '/process/capabilities', {
    effective: masks.effective,
    permitted: masks.permitted,
    inheritable: masks.inheritable,
  }),
  byInit('capability_ambient', '/process/capabilities', { mask: masks.ambient }),
];
