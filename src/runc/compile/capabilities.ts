// Capability names → masks. What cannot be given is left out with a warning, as the specification demands: names that nobody knows,
// and capabilities that this host's bounding set lacks, because no process can be given what its ancestors gave up.
// @source oci-runtime config#linux-process capabilities
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
  const unknown = new Set<string>();
  const missing = new Set<string>();
  for (const set of setNames) {
    for (const name of process.capabilities?.[set] ?? []) {
      const bit = bitOf(name);
      if (bit === 0n) unknown.add(name);
      else if ((context.host.boundingCapabilities & bit) === 0n) missing.add(name);
      else masks[set] |= bit;
    }
  }
  warn(context, 'capabilities that nobody knows are left out', unknown);
  warn(context, 'capabilities that this host cannot give are left out', missing);
  checkSets(masks);
  return { ...masks, ambient: reachableAmbient(context, masks) };
}

function warn(context: CompileContext, what: string, names: ReadonlySet<string>): void {
  if (names.size > 0) context.warnings.push(`${what}: ${[...names].sort().join(', ')}`);
}

/** 0n for a name that is none. */
function bitOf(name: string): bigint {
  const position = (capabilityNames as readonly string[]).indexOf(name);
  return position === -1 ? 0n : 1n << BigInt(position);
}

/** What capset(2) would refuse with a bare EPERM. @source man capset(2), capabilities(7) */
function checkSets({ effective, permitted, inheritable, bounding }: CapabilityMasks): void {
  const beyondPermitted = effective & ~permitted;
  if (beyondPermitted !== 0n)
    throw refusal('/process/capabilities/effective', `${namesOf(beyondPermitted)}: expected only what permitted has`);
  const beyondBounding = inheritable & ~bounding;
  if (beyondBounding !== 0n)
    throw refusal('/process/capabilities/inheritable', `${namesOf(beyondBounding)}: expected only what bounding has`);
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
