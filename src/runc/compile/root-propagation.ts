// `linux.rootfsPropagation`: how mounts travel between the container and its host. @source man mount_namespaces(7)
import type { Operation } from '../plan/operations.ts';
import { byInit, type CompileContext, type PlanCause, refusal } from './context.ts';
import { MS } from './flags.ts';
import { propagationFlags } from './mount-options.ts';

interface RootPropagation {
  /** Of what the new mount namespace is a copy of. */
  copies: number;
  /** Of the root filesystem while the container is made in it: never shared, or the host would see that. */
  root: number;
  /** Of the root filesystem at the end; 0 leaves it. */
  final: number;
}

/**
 * `linux.rootfsPropagation`, as runc and crun read it: a word without r is for the mount of the host's root alone. Unbindable is for the
 * container's own root only: the host's could not be bound.
 */
export function rootPropagation(context: CompileContext): RootPropagation {
  const word = context.config.linux?.rootfsPropagation ?? '';
  const asked = word === '' ? MS.SLAVE | MS.REC : propagationFlags(word);
  if (asked === undefined)
    throw refusal(
      '/linux/rootfsPropagation',
      `"${word}": expected shared, slave, private or unbindable, or one of them after r`,
    );
  const isSlave = (asked & MS.SLAVE) !== 0;
  const isOpen = (asked & (MS.SHARED | MS.UNBINDABLE)) !== 0;
  return {
    copies: (asked & MS.UNBINDABLE) === 0 ? asked : MS.PRIVATE | (asked & MS.REC),
    root: (isSlave ? MS.SLAVE : MS.PRIVATE) | MS.REC,
    final: isOpen ? asked : 0,
  };
}

export const propagationCause = (context: CompileContext): PlanCause =>
  (context.config.linux?.rootfsPropagation ?? '') === '' ? 'default:root-propagation' : '/linux/rootfsPropagation';

/** After pivot_root, which refuses a shared root. */
export function finalRootPropagation(context: CompileContext): Operation[] {
  const { final } = rootPropagation(context);
  if (final === 0) return [];
  const nothing = { source: '', fstype: '', data: '', propagation: 0, recursiveAttributes: 0n };
  return [byInit('mount', '/linux/rootfsPropagation', { ...nothing, target: '/', flags: final })];
}
