// Arguments of the calls that wait for processes and ask about them: wait status, resource usage, names of the system.
// @source man wait(2), getrusage(2), uname(2), sysinfo(2)
import { nameOf } from '../flags/names.ts';
import { signals } from '../flags/signal.ts';
import type { ArgumentType } from '../syscall.ts';
import { behind, characters, pointerText, readNumber, readUnsigned, struct } from './shapes.ts';
import { timeval } from './time.ts';

const signalName = (number: number): string => nameOf(BigInt(number), signals) ?? String(number);

const [stopped, continued, dumped] = [0x7f, 0xffff, 0x80];
const ptraceEvents: Readonly<Record<number, string>> = {
  1: 'PTRACE_EVENT_FORK',
  2: 'PTRACE_EVENT_VFORK',
  3: 'PTRACE_EVENT_CLONE',
  4: 'PTRACE_EVENT_EXEC',
  5: 'PTRACE_EVENT_VFORK_DONE',
  6: 'PTRACE_EVENT_EXIT',
  7: 'PTRACE_EVENT_SECCOMP',
  128: 'PTRACE_EVENT_STOP',
};

/** `{WIFEXITED(s) && WEXITSTATUS(s) == 0}`, as strace words a wait status. */
export function waitStatusText(status: number): string {
  if (status === continued) return '{WIFCONTINUED(s)}';
  const low = status & 0x7f;
  if ((status & 0xff) === stopped) {
    const event = status >> 16;
    const named = event === 0 ? '' : ` | ${ptraceEvents[event] ?? event} << 16`;
    return `{WIFSTOPPED(s) && WSTOPSIG(s) == ${signalName((status >> 8) & 0xff)}}${named}`;
  }
  if (low === 0) return `{WIFEXITED(s) && WEXITSTATUS(s) == ${(status >> 8) & 0xff}}`;
  return `{WIFSIGNALED(s) && WTERMSIG(s) == ${signalName(low)}${status & dumped ? ' && WCOREDUMP(s)' : ''}}`;
}

/** Nothing is filled in when no child was there: result 0. */
const isFilled = (result: bigint | undefined): boolean => result !== undefined && result > 0n;

export const waitStatus: ArgumentType = behind(
  { kind: 'struct', size: 4 },
  (data, view) =>
    isFilled(view.result) && data.length >= 4 ? `[${waitStatusText(readNumber(data, 0, 4))}]` : pointerText(view.value),
  'exit',
);

const usage = struct({ ru_utime: timeval, ru_stime: timeval });
const usageText = behind(
  { kind: 'struct', size: usage.size },
  (data, view) => (data.length < usage.size ? pointerText(view.value) : `${usage.show(data, view).slice(0, -1)}, ...}`),
  'exit',
);
export const resourceUsage: ArgumentType = usageText;
export const resourceUsageOfChild: ArgumentType = {
  ...usageText,
  show: (view) => (view.value === 0n || isFilled(view.result) ? usageText.show(view) : pointerText(view.value)),
};

const nameBytes = 65;
const names = struct({ sysname: characters(nameBytes), nodename: characters(nameBytes) });
/** `struct new_utsname`; strace's short form has the first two names. */
export const systemNames: ArgumentType = behind(
  { kind: 'struct', size: names.size },
  (data, view) => (data.length < names.size ? pointerText(view.value) : `${names.show(data, view).slice(0, -1)}, ...}`),
  'exit',
);

const systemFields = ['totalram', 'freeram', 'sharedram', 'bufferram', 'totalswap', 'freeswap'];

export const systemInformation: ArgumentType = behind(
  { kind: 'struct', size: 112 },
  (data, view) => {
    if (data.length < 112) return pointerText(view.value);
    const word = (at: number): bigint => readUnsigned(data, at);
    const shown = [
      `uptime=${word(0)}`,
      `loads=[${[8, 16, 24].map(word).join(', ')}]`,
      ...systemFields.map((name, index) => `${name}=${word(32 + index * 8)}`),
      `procs=${readNumber(data, 80, 2)}`,
      `totalhigh=${word(88)}`,
      `freehigh=${word(96)}`,
      `mem_unit=${readNumber(data, 104, 4)}`,
    ];
    return `{${shown.join(', ')}}`;
  },
  'exit',
);

/** `struct tms`, in ticks. */
export const processTimes: ArgumentType = behind(
  { kind: 'struct', size: 32 },
  (data, view) => {
    if (data.length < 32) return pointerText(view.value);
    const fields = ['tms_utime', 'tms_stime', 'tms_cutime', 'tms_cstime'];
    return `{${fields.map((name, index) => `${name}=${readUnsigned(data, index * 8)}`).join(', ')}}`;
  },
  'exit',
);
