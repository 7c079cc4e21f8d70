// `tlab trace show`: a trace as text, from story to system call.
import { LabError } from '../../../base/errors.ts';
import { printableJson } from '../../../base/text.ts';
import { loadTrace } from '../../../engine/first-look.ts';
import { type CallFaults, noFaults } from '../../../trace/calls.ts';
import type { Trace } from '../../../trace/file.ts';
import type { Level } from '../../../trace/row.ts';
import { explainEvent } from '../../../viewer/explain.ts';
import { type StateKind, States, stateNames, stateText } from '../../../viewer/state.ts';
import { changedText } from '../../../viewer/state-change.ts';
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
import { boolean, one, oneOf } from '../../flags/spec.ts';
import { printLines } from '../../output.ts';
import { say, terminalColumns } from '../../terminal.ts';
import { eventNumber, filterOf, viewFlags } from '../../trace/view-flags.ts';

export default defineCommand({
  operands: '[TRACE|FILE]',
  count: { min: 0, max: 1 },
  flags: {
    ...viewFlags,
    around: one('Only the events near this one', eventNumber, { value: 'event' }),
    why: one('Everything about one event: its causes, its data, how to do it by hand', eventNumber, { value: 'event' }),
    state: one(
      'What the kernel holds after an event: mounts, cgroup, rules, layers or processes',
      oneOf(...stateNames),
      {
        value: 'kind',
      },
    ),
    at: one('With --state: after this event; the last one without it', eventNumber, { value: 'event' }),
    since: one('With --state: only what has changed since this event', eventNumber, { value: 'event' }),
    limit: one('At most so many events', eventNumber, { value: 'number' }),
    'no-fold': boolean("The runtimes' own calls (futex, epoll_wait, mmap) one by one, not as one line"),
    json: boolean('The events as JSON Lines'),
  },
  says: 'Shows the last trace, one of this host by its id, or a trace file (which needs neither root nor Linux). Fields of filters: seq, ts, stage, pid, tid, type, kind, level, span, cause, truth, dur, name, path, errno, layer, rule, data.<name>; of system calls also process, arg, result, operation, noise. Values may have * and ?, or be a range such as 90..120; ts and dur are in ns, or with us, ms, s. A bare word matches anywhere in the line, @NAME is one of tlab trace filters. Without a level, a filter looks at levels 0 to 2.',
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
    {
      says: 'what the last 80 events before it did to them',
      line: 'tlab trace show --state mounts --since 50 --at 130',
    },
    { says: 'a recorded trace, on any machine', line: 'tlab trace show traces/run-nginx.jsonl' },
  ],
  run: async ({ flags, operands }) => {
    const filter = filterOf(flags.filter)?.filter;
    const trace = await loadTrace(operands[0] ?? 'last');
    if (flags.state !== undefined) return await showState(trace, flags.state as StateKind, flags);
    for (const name of ['at', 'since'] as const)
      if (flags[name] !== undefined) throw new LabError('usage', `--${name}: it goes with --state`);
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

async function showState(trace: Trace, kind: StateKind, { at, since, json }: StateFlags): Promise<number> {
  const seq = at ?? lastEvent(trace);
  if (seq > lastEvent(trace)) throw noSuchEvent('--at', seq, trace);
  if (since !== undefined && since > seq)
    throw new LabError('usage', `--since ${since}: expected an event before ${seq}`);
  if (since !== undefined && json) throw new LabError('usage', '--since: it goes without --json');
  const states = new States(trace.events);
  const lines = states.at(kind, seq);
  const width = process.stdout.isTTY ? terminalColumns() : Number.POSITIVE_INFINITY;
  const text = since === undefined ? stateText(lines, seq, width) : changedText(states.at(kind, since), lines, width);
  const shown = json ? lines.map((line) => printableJson(line)) : text;
  return (await printLines([...shown, ...(json ? [] : gapLines(trace, terminalColumns()))])) ? 0 : 1;
}

interface StateFlags {
  at: number | undefined;
  since: number | undefined;
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
