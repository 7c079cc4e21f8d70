// `tlab trace show`: a trace as text, from story to system call.
import { LabError } from '../../../base/errors.ts';
import { printableJson } from '../../../base/text.ts';
import { loadTrace } from '../../../engine/first-look.ts';
import { type CallFaults, noFaults } from '../../../trace/calls.ts';
import type { Trace } from '../../../trace/file.ts';
import type { Level } from '../../../trace/row.ts';
import { explainEvent } from '../../../viewer/explain.ts';
import { parseFilter } from '../../../viewer/filter.ts';
import { type StateKind, States, stateNames, stateText } from '../../../viewer/state.ts';
import { storyLines } from '../../../viewer/story.ts';
import {
  faultLines,
  findEvent,
  gapLines,
  headLines,
  type ListOptions,
  listEvents,
  selectEvents,
} from '../../../viewer/text.ts';
import { defineCommand } from '../../command.ts';
import { between } from '../../flags/readers.ts';
import { boolean, one, oneOf, text } from '../../flags/spec.ts';
import { printLines } from '../../output.ts';
import { say, terminalColumns } from '../../terminal.ts';

const mostEvents = 1e9;

export default defineCommand({
  operands: '[TRACE|FILE]',
  count: { min: 0, max: 1 },
  flags: {
    level: one('0 story, 1 doors and messages, 2 kernel operations, layers, rules, 3 system calls', between(0, 3), {
      short: 'l',
      value: 'level',
    }),
    filter: text("Only events that match, such as 'stage=kernel and type=*mount*'", {
      short: 'f',
      value: 'expression',
    }),
    around: one('Only the events near this one', between(1, mostEvents), { value: 'event' }),
    why: one('Everything about one event: its causes, its data, how to do it by hand', between(1, mostEvents), {
      value: 'event',
    }),
    state: one(
      'What the kernel holds after an event: mounts, cgroup, rules, layers or processes',
      oneOf(...stateNames),
      {
        value: 'kind',
      },
    ),
    at: one('With --state: after this event; the last one without it', between(1, mostEvents), { value: 'event' }),
    limit: one('At most so many events', between(1, mostEvents), { value: 'number' }),
    'no-fold': boolean("The runtimes' own calls (futex, epoll_wait, mmap) one by one, not as one line"),
    json: boolean('The events as JSON Lines'),
  },
  says: 'Shows the last trace, one of this host by its id, or a trace file (which needs neither root nor Linux). Fields of filters: seq, ts, stage, pid, tid, type, kind, level, span, cause, truth, dur, name, path, errno, layer, rule, data.<name>; of system calls also process, arg, result, operation, noise. Values may have * and ?, or be a range such as 90..120; ts and dur are in ns, or with us, ms, s. A bare word matches anywhere in the line. Without a level, a filter looks at levels 0 to 2.',
  examples: [
    { says: 'the story of the last trace', line: 'tlab trace show' },
    { says: 'every mount, with its number', line: "tlab trace show --level 2 --filter 'type=kernel.mount-attached'" },
    {
      says: 'the system calls of the runtime that failed',
      line: "tlab trace show --level 3 --filter 'process=runc and errno=*'",
    },
    { says: 'why event 120 happened', line: 'tlab trace show --why 120' },
    { says: 'calls that took longer than a millisecond', line: "tlab trace show --level 3 --filter 'dur>1ms'" },
    { says: 'the mounts of host and container after event 130', line: 'tlab trace show --state mounts --at 130' },
    { says: 'a recorded trace, on any machine', line: 'tlab trace show traces/run-nginx.jsonl' },
  ],
  run: async ({ flags, operands }) => {
    const filter = flags.filter === undefined ? undefined : parseFilter(flags.filter);
    const trace = await loadTrace(operands[0] ?? 'last');
    if (flags.state !== undefined) return await showState(trace, flags.state as StateKind, flags);
    if (flags.at !== undefined) throw new LabError('usage', '--at: it goes with --state');
    if (flags.why !== undefined) return await showWhy(trace, flags.why);
    const { around, limit } = flags;
    if (around !== undefined && around > lastEvent(trace)) throw noSuchEvent('--around', around, trace);
    const isListing = filter !== undefined || flags.json || limit !== undefined;
    const level = (flags.level ?? (around !== undefined ? 3 : isListing ? 2 : 0)) as Level;
    const options = { level, filter, around, limit, unfolded: flags['no-fold'] };
    return await (flags.json ? showJson(trace, options) : showText(trace, options));
  },
});

/** The header's count may be wrong in a file that somebody made. */
const lastEvent = ({ header, events }: Trace): number => Math.max(header.seen, events.at(-1)?.seq ?? 0);

const noSuchEvent = (flag: string, seq: number, trace: Trace): LabError =>
  new LabError('usage', `${flag} ${seq}: this trace has events 1 to ${lastEvent(trace)}`);

async function showWhy(trace: Trace, seq: number): Promise<number> {
  const event = findEvent(trace, seq);
  if (event === undefined) throw noSuchEvent('--why', seq, trace);
  const width = terminalColumns();
  return (await printLines([...explainEvent(trace, event, width), ...gapLines(trace, width)])) ? 0 : 1;
}

async function showState(trace: Trace, kind: StateKind, { at, json }: StateFlags): Promise<number> {
  const seq = at ?? lastEvent(trace);
  if (seq > lastEvent(trace)) throw noSuchEvent('--at', seq, trace);
  const lines = new States(trace.events).at(kind, seq);
  const width = process.stdout.isTTY ? terminalColumns() : Number.POSITIVE_INFINITY;
  const shown = json ? lines.map((line) => printableJson(line)) : stateText(lines, seq, width);
  return (await printLines([...shown, ...(json ? [] : gapLines(trace, terminalColumns()))])) ? 0 : 1;
}

interface StateFlags {
  at: number | undefined;
  json: boolean;
}

type ShowOptions = Omit<ListOptions, 'width'>;

async function showJson(trace: Trace, options: ShowOptions): Promise<number> {
  const faults = noFaults();
  const isRead = await printLines(jsonLines(trace, options, faults));
  const width = terminalColumns();
  if (isRead) for (const line of [...gapLines(trace, width), ...faultLines(faults, width)]) say(line);
  return isRead ? 0 : 1;
}

function* jsonLines(trace: Trace, options: ShowOptions, faults: CallFaults): Generator<string> {
  for (const event of selectEvents(trace, options, faults)) yield printableJson(event);
}

async function showText(trace: Trace, options: ShowOptions): Promise<number> {
  return (await printLines(textLines(trace, options))) ? 0 : 1;
}

function* textLines(trace: Trace, options: ShowOptions): Generator<string> {
  yield* headLines(trace, terminalColumns());
  yield '';
  const { level, filter, around, limit } = options;
  if (level === 0 && filter === undefined && around === undefined && limit === undefined) {
    yield* storyLines(trace, terminalColumns());
    return;
  }
  const width = process.stdout.isTTY ? terminalColumns() : Number.POSITIVE_INFINITY;
  const faults = noFaults();
  let isEmpty = true;
  for (const line of listEvents(trace, { ...options, width }, faults)) {
    isEmpty = false;
    yield line;
  }
  if (isEmpty) yield 'no event matches';
  yield* faultLines(faults, terminalColumns());
}
