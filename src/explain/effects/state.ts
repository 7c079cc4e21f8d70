// What is known of each process of a foreign runtime while its calls go by: its descriptors, its folder, whether it has entered the
// container, and the attributes that only count as they stand when it executes the program (capabilities, ids, umask, limits).
// Rule: a child begins with a copy of all of it.
import type { TraceEvent } from '../../trace/file.ts';
import type { RuleChange } from './rule-change.ts';
import { Window } from './window.ts';

export interface MountDraft {
  fstype: string;
  source: string;
  options: string[];
  /** Made by open_tree: a bind. */
  bind: boolean;
}

export class ProcessState {
  readonly pid: number;
  readonly descriptors = new Map<number, string>();
  /** Mounts that hang in no tree yet, by their descriptor: fsopen, fsmount, open_tree. */
  readonly mounts = new Map<number, MountDraft>();
  /** Thread → the network namespace that it has joined; absent: that of the host. */
  readonly networks = new Map<number, string>();
  /** The network namespace of all its threads that joined none; absent: that of the host. */
  network: string | undefined;
  /** Socket → the network namespace that it was made in. */
  readonly sockets = new Map<number, string>();
  /** An iptables command, told when it has ended well. */
  rules: { changes: RuleChange[]; call: TraceEvent } | undefined;
  cwd = '/';
  /** After pivot_root, chroot or setns into a mount namespace: the next execve is the container's program. */
  entered = false;
  /** From pivot_root to the change of folder that follows the unmount of the old root: its calls, which are added to. */
  pivot: { calls: TraceEvent[]; isDetached: boolean } | undefined;
  /** What belongs to the changes that it makes. */
  readonly window = new Window();
  /** The last call that set an attribute: it is carried out with that, at execve. */
  lastSet: TraceEvent | undefined;
  /** Operation → what it was last set to, with the calls that set it. */
  readonly attributes = new Map<string, Attribute>();
  /** Target → the call that bound a path on itself, not yet read-only. */
  readonly boundOnItself = new Map<string, TraceEvent>();
  /** Target → the call that tried /dev/null on a folder. */
  readonly failedMasks = new Map<string, TraceEvent>();
  /** Target → the calls that masked it: a remount read-only belongs to them. */
  readonly masked = new Map<string, TraceEvent[]>();
  readonly dropped = new Set<string>();
  readonly ambient = new Set<string>();

  constructor(pid: number, parent?: ProcessState) {
    this.pid = pid;
    if (parent === undefined) return;
    for (const [fd, name] of parent.descriptors) this.descriptors.set(fd, name);
    for (const [fd, mount] of parent.mounts) this.mounts.set(fd, mount);
    this.cwd = parent.cwd;
    this.entered = parent.entered;
    this.network = parent.network;
  }

  /** A path of a call as it counts from the process's root: relative ones, and those through /proc/self/fd. */
  resolve(path: string, folder?: string): string {
    const [, fd, rest = ''] = /^\/proc\/(?:thread-)?self\/fd\/(\d+)(\/.*)?$/.exec(path) ?? [];
    if (fd !== undefined) return tidy(`${this.descriptors.get(Number(fd)) ?? path}${rest}`);
    if (path.startsWith('/')) return tidy(path);
    return tidy(`${folder ?? this.cwd}/${path}`);
  }

  /** Keeps the last value of an attribute; its calls add up. */
  set(operation: string, args: Record<string, unknown>, call: TraceEvent): void {
    this.lastSet = call;
    const known = this.attributes.get(operation);
    this.attributes.set(operation, { args, calls: [...(known?.calls ?? []), call] });
  }
}

export interface Attribute {
  args: Record<string, unknown>;
  calls: TraceEvent[];
}

/** Without `.`, `..` and doubled slashes. */
export function tidy(path: string): string {
  const steps: string[] = [];
  for (const step of path.split('/')) {
    if (step === '' || step === '.') continue;
    if (step === '..') steps.pop();
    else steps.push(step);
  }
  return path.startsWith('/') ? `/${steps.join('/')}` : steps.join('/');
}
