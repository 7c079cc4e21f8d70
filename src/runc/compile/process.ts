// From a prepared root to execve: limits, user, capabilities, seccomp, program. The order is a security rule:
// - seccomp without no_new_privs needs CAP_SYS_ADMIN, so it comes before capabilities are dropped, and the filter must then allow
//   what dropping them calls; with no_new_privs it comes last, so that the filter need not. @source man seccomp(2)
// - the bounding set is dropped while CAP_SETPCAP is there; groups before gid before uid, each needs what the next gives up.
import type { ProcessSpec } from '../../oci/runtime-process.ts';
import type { Operation } from '../plan/operations.ts';
import { allowsSetUp } from '../seccomp/evaluate.ts';
import { boundingOperation, capabilityMasks, capsetOperations } from './capabilities.ts';
import { byInit, byRuntime, type CompileContext, refusal, unsupported } from './context.ts';
import { memoryPolicyOperations, personalityOperations } from './execution-domain.ts';
import { appArmorOperations, refuseSeLinux } from './labels.ts';
import { isForChild, rlimitOperations } from './rlimits.ts';
import { ioPriorityOperations, schedulerOperations } from './scheduling.ts';
import { seccompOperation } from './seccomp.ts';

export function checkProcess(process: ProcessSpec): void {
  if ((process.args ?? []).length === 0) throw refusal('/process/args', 'expected at least the program');
  if (process.args?.[0] === '') throw refusal('/process/args/0', '"": expected a program');
  for (const [index, entry] of (process.env ?? []).entries()) {
    if (entry.indexOf('=') < 1) throw refusal(`/process/env/${index}`, `expected NAME=value`);
  }
  const adjustment = process.oomScoreAdj ?? 0;
  if (adjustment < -1000 || adjustment > 1000)
    throw refusal('/process/oomScoreAdj', `${adjustment}: expected -1000 to 1000`);
  refuseUnsupported(process);
}

function refuseUnsupported(process: ProcessSpec): void {
  if (process.commandLine !== undefined) throw unsupported('/process/commandLine', 'a Windows command line');
  if (process.user.username !== undefined) throw unsupported('/process/user/username', 'a Windows user name');
}

/** While the child waits: an own score must be written from outside the user namespace. */
export const oomOperations = (process: ProcessSpec): Operation[] =>
  process.oomScoreAdj === undefined
    ? []
    : [byRuntime('oom_score_adj', '/process/oomScoreAdj', { value: String(process.oomScoreAdj) })];

export const sessionOperations = (context: CompileContext): Operation[] => [
  byInit('session_keyring', 'default:session-keyring', { name: `_ses.${context.id}` }),
];

/** The terminal; then, by the leader of the session, its control. */
export const consoleOperations = (process: ProcessSpec, path: string): Operation[] =>
  process.terminal === true
    ? [
        byInit('console', '/process/terminal', {
          path,
          rows: process.consoleSize?.height ?? 0,
          columns: process.consoleSize?.width ?? 0,
        }),
      ]
    : [];

export const controlOperations = (process: ProcessSpec): Operation[] =>
  process.terminal === true ? [byInit('controlling_terminal', '/process/terminal', {})] : [];

export const umaskOperation = (process: ProcessSpec): Operation =>
  process.user.umask === undefined
    ? byInit('umask', 'default:umask', { mask: 0o022 })
    : byInit('umask', '/process/user/umask', { mask: process.user.umask & 0o777 });

/** Limits to capabilities; the caller appends what stands between them and exec. */
export function privilegeOperations(context: CompileContext, process: ProcessSpec): Operation[] {
  refuseSeLinux(context, process);
  const { early, rights, late } = rightsOperations(context, process);
  return [
    ...rlimitOperations(context, process),
    ...schedulerOperations(process),
    ...ioPriorityOperations(process),
    ...memoryPolicyOperations(context),
    ...personalityOperations(context),
    // Opens a file of procfs that belongs to root alone while the process is not dumpable: before the user changes.
    ...appArmorOperations(context, process),
    ...early,
    ...rights,
    ...late,
  ];
}

/**
 * The same of an exec, around its clone: the process that the container sees has no right that its program will not have, for who holds
 * CAP_SYS_PTRACE in there can take it over. A filter that comes first and forbids what the clone and the steps after it call has to wait
 * for the child, and all rights with it.
 */
export function execPrivileges(
  context: CompileContext,
  process: ProcessSpec,
): { beforeClone: Operation[]; inChild: Operation[] } {
  refuseSeLinux(context, process);
  const { early, rights, late } = rightsOperations(context, process);
  const given = early.every((operation) => operation.name !== 'seccomp' || allowsSetUp(operation.arguments.program));
  const limits = rlimitOperations(context, process);
  return {
    beforeClone: [
      ...limits.filter((limit) => !isForChild(context, limit)),
      ...memoryPolicyOperations(context),
      ...personalityOperations(context),
      ...appArmorOperations(context, process),
      ...(given ? [...early, ...rights] : []),
    ],
    inChild: [
      ...limits.filter((limit) => isForChild(context, limit)),
      ...schedulerOperations(process),
      ...ioPriorityOperations(process),
      ...(given ? late : [...early, ...rights, ...late]),
    ],
  };
}

function rightsOperations(
  context: CompileContext,
  process: ProcessSpec,
): Record<'early' | 'rights' | 'late', Operation[]> {
  const masks = capabilityMasks(context, process);
  const seccomp = seccompOperation(context);
  const noNewPrivileges = process.noNewPrivileges === true;
  return {
    early: noNewPrivileges ? [byInit('no_new_privs', '/process/noNewPrivileges', {})] : seccomp,
    rights: [
      boundingOperation(masks),
      byInit('chdir', '/process/cwd', { path: process.cwd }),
      byInit('setgroups', '/process/user/additionalGids', { gids: (process.user.additionalGids ?? []).join(' ') }),
      byInit('setgid', '/process/user/gid', { gid: process.user.gid }),
      byInit('setuid', '/process/user/uid', { uid: process.user.uid }),
      ...capsetOperations(masks),
    ],
    late: noNewPrivileges ? seccomp : [],
  };
}

export const execOperation = (process: ProcessSpec): Operation =>
  byInit('exec', '/process/args', { argv: process.args ?? [], env: process.env ?? [] });
