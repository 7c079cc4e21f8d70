// When and where a process runs: `process.scheduler`, `process.ioPriority`, `process.execCPUAffinity`.
// Rule: set while the process still has its first capabilities, after it is in its cgroups. A policy is set from outside, by the
// runtime, since CAP_SYS_NICE in a user namespace of its own is not enough to rise. @source man sched(7), capabilities(7)
import { ioPriorityClasses, schedulingPolicies } from '../../base/kernel-names.ts';
import type { ProcessSpec } from '../../oci/runtime-process.ts';
import type { Operation } from '../plan/operations.ts';
import { byInit, byRuntime, refusal } from './context.ts';
import { SCHED_FLAG } from './flags.ts';
import { checkNumberList } from './number-list.ts';

type Scheduler = NonNullable<ProcessSpec['scheduler']>;

/** Of a CPU mask. The kernel ignores those that the machine does not have, unless it has none of them. */
const maxCpus = 8192;
const base = '/process/scheduler';

export function schedulerOperations({ scheduler }: ProcessSpec): Operation[] {
  if (scheduler === undefined) return [];
  const policy = numberOf(schedulingPolicies, scheduler.policy, `${base}/policy`);
  const flags = (scheduler.flags ?? []).reduce(
    (bits, name, index) => bits | numberOf(SCHED_FLAG, name, `${base}/flags/${index}`),
    0,
  );
  checkFields(scheduler);
  const { nice = 0, priority = 0, runtime = 0, deadline = 0, period = 0 } = scheduler;
  return [byRuntime('scheduler', base, { policy, flags, nice: String(nice), priority, runtime, deadline, period })];
}

/** The kernel ignores a value that the policy does not take: what was asked for would silently not hold. */
function checkFields({ policy, nice = 0, priority = 0, ...times }: Scheduler): void {
  const isRealTime = policy === 'SCHED_FIFO' || policy === 'SCHED_RR';
  if (nice < -20 || nice > 19) throw refusal(`${base}/nice`, `${nice}: expected -20 to 19`);
  if (nice !== 0 && policy !== 'SCHED_OTHER' && policy !== 'SCHED_BATCH')
    throw refusal(`${base}/nice`, `${nice}: expected 0, since ${policy} has no nice value`);
  if (isRealTime ? priority < 1 || priority > 99 : priority !== 0)
    throw refusal(`${base}/priority`, `${priority}: expected ${isRealTime ? '1 to 99' : '0'} for the policy ${policy}`);
  for (const field of ['runtime', 'deadline', 'period'] as const) {
    const value = times[field] ?? 0;
    if (policy !== 'SCHED_DEADLINE' && BigInt(value) !== 0n)
      throw refusal(`${base}/${field}`, `${value}: expected 0, since it is for the policy SCHED_DEADLINE`);
  }
}

export function ioPriorityOperations({ ioPriority }: ProcessSpec): Operation[] {
  if (ioPriority === undefined) return [];
  const { class: name, priority: level } = ioPriority;
  if (level < 0 || level > 7) throw refusal('/process/ioPriority/priority', `${level}: expected 0 to 7`);
  return [
    byRuntime('io_priority', '/process/ioPriority', {
      class: numberOf(ioPriorityClasses, name, '/process/ioPriority/class'),
      level,
    }),
  ];
}

/** Of an exec alone: `initial` by the runtime, before it clones a process that is born in the container's cgroup. */
export const initialAffinity = ({ execCPUAffinity }: ProcessSpec): Operation[] =>
  (execCPUAffinity?.initial ?? '') === ''
    ? []
    : [
        byRuntime('cpu_affinity', '/process/execCPUAffinity/initial', {
          cpus: cpusOf(execCPUAffinity?.initial, 'initial'),
        }),
      ];

export const finalAffinity = ({ execCPUAffinity }: ProcessSpec): Operation[] =>
  (execCPUAffinity?.final ?? '') === ''
    ? []
    : [byInit('cpu_affinity', '/process/execCPUAffinity/final', { cpus: cpusOf(execCPUAffinity?.final, 'final') })];

const cpusOf = (list: string | undefined, field: string): string =>
  checkNumberList(list ?? '', { pointer: `/process/execCPUAffinity/${field}`, below: maxCpus, what: 'CPUs' });

function numberOf(table: Readonly<Record<string, number>>, name: string, pointer: string): number {
  const number = Object.hasOwn(table, name) ? table[name] : undefined;
  if (number === undefined) throw refusal(pointer, `"${name}": expected one of ${Object.keys(table).join(', ')}`);
  return number;
}
