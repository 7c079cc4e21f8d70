// Traces that somebody damaged or made to do harm, through every view of them: a clear error or a partial view, in bounded time,
// and never a control character on the terminal. The damage is generated from seeds, so that a failure can be had again.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, test } from 'node:test';
import { LabError } from '../../src/base/errors.ts';
import { columns as countColumns, printable, printableJson } from '../../src/base/text.ts';
import { diffJson, diffTraces } from '../../src/explain/diff/diff.ts';
import { diffScreen } from '../../src/explain/diff/text.ts';
import { twinScript } from '../../src/explain/twin.ts';
import { callLine, type Glance, isCallType } from '../../src/trace/call-line.ts';
import { noFaults, readCalls, wholeLines } from '../../src/trace/calls.ts';
import type { Trace, TraceEvent } from '../../src/trace/file.ts';
import { readTraceFile } from '../../src/trace/read.ts';
import type { Level } from '../../src/trace/row.ts';
import { explainEvent } from '../../src/viewer/explain.ts';
import { parseFilter } from '../../src/viewer/filter.ts';
import { flagLines } from '../../src/viewer/flag-effects.ts';
import { draw } from '../../src/viewer/screen/draw.ts';
import { Events } from '../../src/viewer/screen/events.ts';
import { begin } from '../../src/viewer/screen/model.ts';
import { update } from '../../src/viewer/screen/update.ts';
import { storyEnd, storyLines } from '../../src/viewer/story.ts';
import { faultLines, findEvent, headLines, listEvents, selectEvents } from '../../src/viewer/text.ts';
import { call } from '../helpers/trace-file.ts';

delete process.env.FORCE_COLOR;
process.env.NO_COLOR = '1'; // colours are our own control characters

const folder = mkdtempSync(`${tmpdir()}/tlab-hostile-`);
after(() => rmSync(folder, { recursive: true }));

/** The recorded main job, its calls replaced by a few of every kind. */
function original(): string[] {
  const [head = '', ...lines] = readFileSync('traces/run-nginx.jsonl', 'utf8').trim().split('\n');
  const recorded: TraceEvent[] = lines.map((line) => JSON.parse(line));
  const events = recorded.filter(({ type }) => !isCallType(type)).map((event, i) => ({ ...event, seq: i + 1 }));
  const calls = Array.from({ length: 40 }, (_, i) =>
    call(events.length + 1 + i, {
      operation: 1 + i * 7,
      ...(i % 3 === 0 && { errno: 'ENOENT', result: -1 }),
      ...(i % 4 === 0 && { noise: true }),
    }),
  );
  const header = { ...JSON.parse(head), version: 2, seen: events.length + calls.length, calls: calls.length };
  return [header, ...events].map((one) => JSON.stringify(one)).concat(calls.map((one) => callLine(one)));
}

/** A small generator of numbers from 0 to below a bound. @source man drand48(3): the same kind of generator, 32 bits */
function randomFrom(seed: number): (below: number) => number {
  let state = seed * 2654435761 + 1;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
type Random = ReturnType<typeof randomFrom>;

const escapes = '\u001b[2J\u001b]0;title\u0007\u009b31m\u202eabc\u2028\r\n\t\u0000\u007f';
/** As JSON text, since some cannot be had as values. */
const hostileValues = [
  JSON.stringify(escapes),
  JSON.stringify(escapes).replace(/\\u/g, '\\u'),
  `"\u009b2J\u202e\u007f"`,
  JSON.stringify('x'.repeat(50_000)),
  JSON.stringify(`kernel.${escapes}`),
  `"config:/${'a/'.repeat(2000)}"`,
  '"constructor"',
  '"__proto__"',
  '1e999',
  '-1',
  '9007199254740993',
  '-1e300',
  '0.5',
  'null',
  'true',
  '[]',
  '{}',
  '[[[]]]',
  `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
  `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`,
  '{"__proto__":{"says":1},"toString":1,"constructor":null,"length":-1}',
  '["\\u001b[31m",{"toString":null},[],7]',
];

const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)] as T;

/** Replaces one value, at any depth, by a hostile one. */
function poisoned(random: Random, line: string): string {
  const places = [...line.matchAll(/":("(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|true|false|null|\[|\{)/g)];
  const place = pick(random, places);
  if (place?.[1] === undefined) return line;
  const at = place.index + 2;
  const value = pick(random, hostileValues);
  if (!/[[{]/.test(place[1])) return line.slice(0, at) + value + line.slice(at + place[1].length);
  // Before an object or a list: one more pair, so that the old value stays as well-formed as it was.
  return `${line.slice(0, at)}${value},"old":${line.slice(at)}`;
}

const damages: Array<(random: Random, lines: string[]) => string[] | string> = [
  (random, lines) => lines.with(random(lines.length), poisoned(random, pick(random, lines))),
  (random, lines) => lines.map((line) => (random(3) === 0 ? poisoned(random, line) : line)),
  (random, lines) => [poisoned(random, lines[0] ?? ''), ...lines.slice(1)],
  (random, lines) => lines.join('\n').slice(0, random(lines.join('\n').length)),
  (random, lines) => [lines[0] ?? '', ...lines.slice(1).sort(() => random(3) - 1)],
  (random, lines) => lines.flatMap((line) => (random(10) === 0 ? [line, line] : random(10) === 0 ? [] : [line])),
  (random, lines) => {
    const bytes = Buffer.from(lines.join('\n'));
    for (let i = 0; i < 200; i++) bytes[random(bytes.length)] = random(256);
    return bytes.toString('latin1');
  },
  (random, lines) => lines.with(1 + random(lines.length - 1), pick(random, hostileValues)),
];

function* viewed(trace: Trace): Generator<string> {
  const width = 80;
  yield* headLines(trace, width);
  yield* storyLines(trace, width);
  yield* storyEnd(trace, width);
  const faults = noFaults();
  for (const level of [1, 2, 3] as Level[]) yield* listEvents(trace, { level, width }, faults);
  yield* listEvents(trace, {
    level: 3,
    width: 120,
    unfolded: true,
    filter: parseFilter('not (name=x or arg=*y* or dur>1s)'),
  });
  yield* faultLines(faults, width);
  const events = [...selectEvents(trace, { level: 3 })];
  for (const event of events) yield printableJson(event);
  for (const event of events.filter((_, i) => i % 9 === 0)) {
    yield* explainEvent(trace, findEvent(trace, event.seq) ?? event, width);
  }
  yield* wholeLines(trace, noFaults());
  for (const flag of ['--publish', '--memory', '--name']) yield* flagLines(trace, flag, width);
  yield* onScreen(trace);
  yield* compared(trace, width);
  yield* unlessRefused(() => twinScript(trace).join('\n').split('\n'));
}

const recorded = await readTraceFile('traces/run-nginx.jsonl');

const sizes = [
  [120, 30],
  [50, 12],
  [20, 4],
] as const;

/** The whole-screen viewer, walked through by its keys, at one of three sizes. */
function* onScreen(trace: Trace): Generator<string> {
  const events = new Events(trace);
  const [columns, rows] = sizes[trace.events.length % sizes.length] ?? sizes[0];
  let model = begin(events, { level: 0, columns, rows });
  for (const key of [
    'n',
    '?',
    '1',
    ...'++nx]sem',
    'm',
    ...'ccrrlltthf2N',
    'end',
    'pageup',
    ...'/a',
    'enter',
    ...'-fP[',
  ]) {
    model = update(events, model, key);
    const lines = draw(events, model);
    assert.equal(lines.length, rows);
    for (const line of lines) assert.ok(countColumns(line) <= columns, line);
    yield* lines;
  }
}

/** On either side of a comparison. */
function* compared(trace: Trace, width: number): Generator<string> {
  const callsOf = (one: Trace) => (mayWant: (call: Glance) => boolean | undefined) => readCalls(one, { mayWant });
  for (const [a, b] of [
    [trace, recorded],
    [recorded, trace],
  ] as const) {
    yield* unlessRefused(() => {
      const difference = diffTraces(a, b, { calls: true, callsOf });
      const json = printableJson(diffJson(difference));
      return [json, ...[true, false].flatMap((all) => diffScreen(difference, { width, all }))];
    });
  }
}

/** No lines for a trace that lacks what they are made of, if that is what the error says. */
function unlessRefused(lines: () => string[]): string[] {
  try {
    return lines();
  } catch (error) {
    assert.ok(error instanceof LabError, String((error as Error).stack));
    return [printable(error.message)];
  }
}

const controls = /\p{Cc}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

async function look(content: string | Buffer): Promise<'shown' | 'partial' | 'refused'> {
  const path = `${folder}/trace.jsonl`;
  writeFileSync(path, content);
  let trace: Trace;
  try {
    trace = await readTraceFile(path);
  } catch (error) {
    assert.ok(error instanceof LabError, String(error));
    return 'refused';
  }
  for (const line of viewed(trace)) {
    assert.doesNotMatch(line, controls, JSON.stringify(line.slice(0, 500)));
  }
  return trace.unreadable > 0 || trace.flaws !== undefined ? 'partial' : 'shown';
}

const seeds = 80;

test(`${seeds} damaged traces are refused or shown, without a control character`, async () => {
  const lines = original();
  const outcomes = { shown: 0, partial: 0, refused: 0 };
  for (let seed = 0; seed < seeds; seed++) {
    const random = randomFrom(seed);
    const damage = damages[seed % damages.length];
    const damaged = damage?.(random, [...lines]) ?? [];
    const content = typeof damaged === 'string' ? damaged : `${damaged.join('\n')}\n`;
    try {
      outcomes[await look(content)]++;
    } catch (error) {
      throw new Error(`seed ${seed}, damage ${seed % damages.length}`, { cause: error });
    }
  }
  for (const [outcome, count] of Object.entries(outcomes)) assert.ok(count >= 5, `${outcome}: ${count}`);
});

test('every string of a trace may hold escape sequences', async () => {
  const kept = new Set(['schema', 'type', 'stage', 'truth', 'base', 'door', 'kind', 'origin', 'from', 'status']);
  const poison = (value: unknown): unknown => {
    if (typeof value === 'string') return `${value}${escapes}`;
    if (Array.isArray(value)) return value.map(poison);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, kept.has(key) ? one : poison(one)]));
  };
  const lines = original().map((line) => {
    const value = JSON.parse(line) as Record<string, unknown>;
    const entries = Object.entries(value).map(([key, one]) => [key, kept.has(key) ? one : poison(one)]);
    const whole = Object.fromEntries(entries);
    if (whole.clock !== undefined) whole.clock = value.clock;
    return JSON.stringify(whole);
  });
  assert.notEqual(await look(`${lines.join('\n')}\n`), 'refused');
  const { events, unreadable } = await readTraceFile(`${folder}/trace.jsonl`);
  assert.ok(events.length > 300 && unreadable < 5, `${unreadable}`); // a few hold words of a fixed list
});

test('what is no trace at all is refused', async () => {
  const whole = `${original().join('\n')}\n`;
  for (const [name, content] of Object.entries({
    'an ELF': Buffer.from(`\u007fELF\u0002${'\0'.repeat(4000)}`, 'latin1'),
    gzip: Buffer.from([0x1f, 0x8b, 8, 0, 0, 0]),
    'UTF-16': Buffer.from(`\ufeff${whole}`, 'utf16le'),
    'a byte order mark': `\ufeff${whole}`,
    'NUL bytes': Buffer.alloc(100_000),
    nothing: '',
    'an empty line': '\n',
    'other JSON': '{"schema":"other"}\n',
    'a list': '[]\n',
    'deep JSON': `${'{"schema":'.repeat(100_000)}`,
    'a header of 5 MB': `{"schema":"tlab.trace","version":2,"id":"${'x'.repeat(5 << 20)}"}\n`,
  })) {
    assert.equal(await look(content), 'refused', name);
  }
});

test('filters that were made to take for ever do not', async () => {
  const begun = process.hrtime.bigint();
  const event = call(3, { args: [`"${'a'.repeat(20_000)}"`] });
  for (const text of [
    `arg=${'*a'.repeat(500)}b`,
    `arg=${'a*'.repeat(1000)}*b`,
    `${'?*'.repeat(500)}=x`,
    `(${'a or '.repeat(700)}a)`,
    `${'not '.repeat(90)}a`,
    'x'.repeat(3_999),
    `"${'\\"'.repeat(1_900)}"`,
  ]) {
    const filter = parseFilter(text);
    filter.matches(event);
  }
  assert.ok(Number(process.hrtime.bigint() - begun) / 1e6 < 2_000);
  for (const text of [
    '('.repeat(3_000),
    'not '.repeat(999),
    'a'.repeat(200_000),
    '"',
    'a="b',
    '',
    ' ',
    ')',
    'and',
    'a or',
    '()',
  ]) {
    assert.throws(() => parseFilter(text), LabError, text.slice(0, 20));
  }
});
