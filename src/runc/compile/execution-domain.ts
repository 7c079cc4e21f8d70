// `linux.personality` and `linux.memoryPolicy`: two properties of the calling process that execve(2) keeps.
// Rule: personality before the seccomp filter, whose usual profile allows that call with a few values only.
import { memoryPolicyModes } from '../../base/kernel-names.ts';
import type { Operation } from '../plan/operations.ts';
import { byInit, type CompileContext, refusal } from './context.ts';
import { MPOL_F } from './flags.ts';
import { checkNumberList } from './number-list.ts';

/** @source uapi linux/personality.h PER_LINUX, PER_LINUX32 */
const personas = { LINUX: 0, LINUX32: 8 } as const;

export function personalityOperations({ config }: CompileContext): Operation[] {
  const personality = config.linux?.personality;
  if (personality === undefined) return [];
  const { domain, flags = [] } = personality;
  if (domain !== 'LINUX' && domain !== 'LINUX32')
    throw refusal('/linux/personality/domain', `"${domain}": expected LINUX or LINUX32`);
  // @source oci-runtime config-linux#personality: "Currently no flag values are supported."
  if (flags.length > 0) throw refusal('/linux/personality/flags/0', `"${flags[0]}": the specification knows no flag`);
  return [byInit('personality', '/linux/personality', { persona: personas[domain] })];
}

/** @source linux MAX_NUMNODES, at its largest */
const maxNodes = 1024;
const takesNoNodes = new Set(['MPOL_DEFAULT', 'MPOL_LOCAL']);

/** @source oci-runtime config-linux#memory-policy */
export function memoryPolicyOperations({ config }: CompileContext): Operation[] {
  const policy = config.linux?.memoryPolicy;
  if (policy === undefined) return [];
  const { mode: name, nodes } = policy;
  const mode = memoryPolicyModes[name as keyof typeof memoryPolicyModes];
  if (!Object.hasOwn(memoryPolicyModes, name))
    throw refusal(
      '/linux/memoryPolicy/mode',
      `"${name}": expected one of ${Object.keys(memoryPolicyModes).join(', ')}`,
    );
  const flags = (policy.flags ?? []).reduce((bits, flag, index) => {
    if (!Object.hasOwn(MPOL_F, flag))
      throw refusal(
        `/linux/memoryPolicy/flags/${index}`,
        `"${flag}": expected one of ${Object.keys(MPOL_F).join(', ')}`,
      );
    return bits | MPOL_F[flag as keyof typeof MPOL_F];
  }, 0);
  const isEmpty = nodes.trim() === '';
  if (takesNoNodes.has(name) && !isEmpty)
    throw refusal('/linux/memoryPolicy/nodes', `"${nodes}": expected none, since ${name} takes no nodes`);
  if (!takesNoNodes.has(name) && name !== 'MPOL_PREFERRED' && isEmpty)
    throw refusal('/linux/memoryPolicy/nodes', `expected the nodes of ${name}`);
  const list = isEmpty
    ? ''
    : checkNumberList(nodes, { pointer: '/linux/memoryPolicy/nodes', below: maxNodes, what: 'nodes' });
  return [byInit('memory_policy', '/linux/memoryPolicy', { mode, flags, nodes: list })];
}
