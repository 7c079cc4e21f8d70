// The whole-screen viewer as a state machine: keys in, lines out, no terminal.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { after, test } from 'node:test';
import { columns as seen } from '../../src/base/text.ts';
import { keysOfLine } from '../../src/cli/trace/view-plain.ts';
import { isError } from '../../src/explain/words.ts';
import { readTraceFile } from '../../src/trace/read.ts';
import { draw } from '../../src/viewer/screen/draw.ts';
import { Events } from '../../src/viewer/screen/events.ts';
import { keysOf } from '../../src/viewer/screen/keys.ts';
import { begin, type Model } from '../../src/viewer/screen/model.ts';
import { cut, filled, seenColumns } from '../../src/viewer/screen/styled.ts';
import { pauseMs, resized, update } from '../../src/viewer/screen/update.ts';
import { longTrace, writeLongFile } from '../helpers/long-trace.ts';

process.env.NO_COLOR = '1';
delete process.env.FORCE_COLOR;

const folder = mkdtempSync('/var/tmp/tlab-screen-');
after(() => rmSync(folder, { recursive: true }));

const nginx = new Events(await readTraceFile('traces/run-nginx.jsonl'));
const exec = new Events(await readTraceFile('traces/exec.jsonl'));

const start = (events: Events, columns = 100, rows = 24): Model => begin(events, { level: 0, columns, rows });
const typed = (events: Events, model: Model, ...keys: string[]): Model =>
  keys.reduce((at, key) => update(events, at, key), model);
const shown = (events: Events, model: Model): string => draw(events, model).join('\n');

test('a screen has as many lines as the terminal and none is wider, at every size, in every pane', () => {
  for (const columns of [40, 59, 60, 79, 80, 100, 120, 300]) {
    for (const pane of ['', 'x', 'm', 'c', 'r', 'l', 't', 'h', 'f', '?', 'B', 'y']) {
      const model = typed(
        nginx,
        start(nginx, columns, 20),
        '+',
        '+',
        'b',
        'enter',
        'end',
        ...(pane === '' ? [] : [pane]),
        'enter',
      );
      const lines = draw(nginx, model);
      assert.equal(lines.length, 20);
      for (const line of lines) assert.ok(seen(line) <= columns, `${columns} ${pane}: ${line}`);
    }
  }
  assert.match(shown(nginx, start(nginx, 30, 5)), /the terminal has 30 × 5:\nexpected 40 × 8/);
});

test('levels keep the place, and the highest is what the trace has', () => {
  const deep = typed(nginx, start(nginx), 'n', 'n', 'n', '+', '+', '+');
  assert.deepEqual([deep.level, deep.list.length], [3, 12_453]);
  assert.equal(deep.cursor, typed(nginx, start(nginx), 'n', 'n', 'n').cursor);
  const most = typed(exec, start(exec), '+', '+', '+');
  assert.deepEqual([most.level, most.message], [2, 'this trace has no system calls: level 2 is the highest']);
});

test('n p N P ] [ e s : go where they say', () => {
  const at = typed(exec, start(exec), '+', '+', ...':250', 'enter');
  assert.equal(at.cursor, 250);
  assert.deepEqual([typed(exec, at, 'n').cursor, typed(exec, at, 'p').cursor], [251, 249]);
  const beat = typed(exec, at, 'N').cursor;
  assert.ok(exec.beatAt(beat) !== undefined && beat > 250);
  assert.ok(typed(exec, at, 'N', 'P').cursor < beat);
  const stage = (model: Model): string | undefined => exec.at(model.cursor)?.stage;
  assert.notEqual(stage(typed(exec, at, ']')), stage(at));
  assert.notEqual(stage(typed(exec, at, '[')), stage(at));
  const error = exec.at(typed(exec, at, 'e').cursor);
  assert.ok(error !== undefined && isError(error));
  assert.ok(exec.states.changes.includes(typed(exec, at, 's').cursor));
  assert.equal(typed(exec, at, ...':99999', 'enter').message, 'no event 99999 in this trace');
  assert.equal(typed(exec, at, 'home', 'p').message, 'this is the first event');
  assert.equal(typed(exec, at, 'z').message, '"z": no such key; h: help');
});

test('an error shows in the list of every level', () => {
  const { seq } = exec.trace.events.find(isError) ?? { seq: 0 };
  for (let level = 0, model = start(exec); level <= 2; level++, model = typed(exec, model, '+')) {
    const numbers = Array.from({ length: model.list.length }, (_, i) => model.list.seqAt(i));
    assert.ok(numbers.includes(seq), `level ${level}`);
  }
});

test('search highlights and counts by stage, filter hides, follow leaves what holds a value; each can be taken back', () => {
  const deep = typed(nginx, start(nginx), '+', '+');
  const found = typed(nginx, deep, ...'/pivot_root', 'enter');
  assert.match(found.message, /^1 match: kernel 1/);
  assert.match(shown(nginx, found), /^>\d+ .*pivot_root/m);
  assert.equal(typed(nginx, found, ...'/nowhere', 'enter').message, '"nowhere": no match in this list');
  const filtered = typed(nginx, deep, ...'&type=kernel.mount-attached', 'enter');
  assert.equal(filtered.message, `${filtered.list.length} events`);
  assert.ok(filtered.list.length > 10 && filtered.list.length < deep.list.length);
  assert.match(typed(nginx, deep, ...'&nonsense=1', 'enter').message, /filter: no field "nonsense"/);
  assert.equal(typed(nginx, filtered, '&', ...Array(40).fill('backspace'), 'enter').list.length, deep.list.length);
  const network = typed(nginx, deep, ...'/RTM_NEWROUTE', 'enter', 'f');
  const choice = shown(nginx, network).match(/(\d)\. network namespace {2}\/run/)?.[1] ?? '';
  const followed = typed(nginx, network, choice);
  assert.match(followed.message, /^following network namespace .*: \d+ events/);
  assert.ok(followed.list.length > 3 && followed.list.length < 40);
  assert.equal(typed(nginx, followed, 'f').list.length, deep.list.length);
});

test('a bookmark has a note, is marked in the list, is gone to by key and by number, and taken away', () => {
  const one = typed(exec, start(exec), '+', '+', ...':250', 'enter', 'b', ...'see here', 'enter');
  assert.equal(one.marks.get(250), 'see here');
  const two = typed(exec, one, 'home', 'n', 'b', 'enter');
  assert.deepEqual([...two.marks.keys()], [2, 250]);
  assert.match(shown(exec, typed(exec, two, 'n')), /^\* +2 /m);
  assert.match(shown(exec, one), /│ bookmark: see here/);
  assert.deepEqual([typed(exec, two, "'").cursor, typed(exec, two, "'", "'").cursor], [250, 2]);
  const all = typed(exec, two, 'B');
  assert.match(shown(exec, all), /2\. event 250 {2}see here/);
  assert.deepEqual([typed(exec, all, '2').cursor, typed(exec, all, '2').message], [250, 'see here']);
  assert.equal(typed(exec, one, 'b', ...Array(8).fill('backspace'), '-', 'enter').marks.size, 0);
  assert.equal(typed(exec, start(exec), 'B').message, 'no bookmark; b makes one');
});

test('an event is copied as text, as its command by hand, as the command that shows it; the next key forgets it', () => {
  const proc = typed(nginx, start(nginx), '+', '+', ...'/mount proc', 'enter', 'y');
  assert.match(shown(nginx, proc), /1\. the event\n?/);
  const copied = (key: string): string => typed(nginx, proc, key).copied ?? '';
  assert.match(
    copied('y'),
    /^event \d+ {2}kernel\.mount-attached\n.*\nmount proc proc on \/proc .*\nbecause config\.json/,
  );
  assert.equal(copied('1'), copied('y'));
  assert.match(copied('2'), /^mount -t proc/);
  assert.equal(copied('3'), `tlab trace show last --why ${proc.cursor}`);
  assert.equal(typed(nginx, proc, 'y', 'n').copied, undefined);
  assert.equal(typed(nginx, proc, 'n').pane, 'summary');
});

test('a filter gets a name, and the name is a filter; a bad name and a filter in itself are refused', () => {
  const deep = typed(nginx, start(nginx), '+', '+', ...'&type=kernel.mount-attached', 'enter');
  const named = typed(nginx, deep, 'F', ...'own', 'enter');
  assert.deepEqual(named.filters, { own: 'type=kernel.mount-attached' });
  const again = [...Array(30).fill('backspace'), ...'@own and path=/proc', 'enter'];
  assert.equal(typed(nginx, named, '&', ...again).list.length, 1);
  assert.match(typed(nginx, deep, 'F', ...'No!', 'enter').message, /filter name "No!": expected small letters/);
  const self = typed(nginx, typed(nginx, named, '&', ...again), 'F', ...'own', 'enter');
  assert.match(self.message, /"@own" stands in itself/);
  assert.equal(typed(nginx, start(nginx), 'F').message, 'no filter to name; & sets one');
});

test('with v, states are what changed since that event, forwards and backwards', () => {
  const at = typed(nginx, start(nginx), '+', '+', ...'/mount proc', 'enter', 'v', ...'/mount sysfs', 'enter', 'm');
  assert.match(shown(nginx, at), /│ mounts, event \d+ to \d+\n/);
  assert.match(shown(nginx, at), /│ \+ {3}\/sys {2}sysfs/);
  assert.doesNotMatch(shown(nginx, at), /[+-] {3}\/proc {2}proc/);
  assert.doesNotMatch(shown(nginx, typed(nginx, at, 'v')), /, event \d+ to/);
});

test('beside an event stand its cause, the command by hand and what it changed; x explains it whole', () => {
  const proc = typed(nginx, start(nginx, 140, 40), '+', '+', ...'/mount proc', 'enter');
  const summary = shown(nginx, proc);
  assert.match(summary, /because config\.json/);
  assert.match(summary, /m: mounts, now/);
  assert.match(summary, /by hand: mount/);
  const explained = shown(nginx, typed(nginx, proc, 'x'));
  for (const word of ['does', 'without', 'shows', 'because', 'source', 'by hand'])
    assert.match(explained, new RegExp(`│ ${word}\\s`));
});

test('below 80 columns there is one pane at a time, and Enter changes it', () => {
  const list = typed(nginx, start(nginx, 60), 'n');
  assert.doesNotMatch(shown(nginx, list), /x: explain/);
  assert.match(shown(nginx, typed(nginx, list, 'enter')), /x: explain/);
  assert.match(shown(nginx, typed(nginx, list, 'm')), /mounts after event/);
  assert.doesNotMatch(shown(nginx, typed(nginx, list, 'm', 'escape')), /mounts after event/);
  assert.match(shown(nginx, resized(typed(nginx, list, 'm'), 120, 24)), /│ mounts after event/);
});

test('a prediction hides what comes, offers the right beat among four, and says which it was', () => {
  const asked = typed(nginx, start(nginx), 'n', 'n', '?');
  const { prediction } = asked;
  assert.ok(prediction);
  assert.equal(new Set(prediction.choices).size, 4);
  const next = nginx.beats.find((told) => told.events[0].seq > asked.cursor);
  assert.equal(prediction.seq, next?.events[0].seq);
  assert.match(shown(nginx, asked), /hidden until you have answered/);
  const right = typed(nginx, asked, String(prediction.right + 1));
  assert.match(shown(nginx, right), /RIGHT: this is next/);
  const wrong = typed(nginx, asked, String(((prediction.right + 1) % 4) + 1));
  assert.match(shown(nginx, wrong), new RegExp(`WRONG: next is ${prediction.right + 1}`));
  assert.equal(typed(nginx, wrong, 'n').cursor, prediction.seq);
  assert.equal(typed(nginx, start(nginx), 'end', '?').message, 'no beat follows: nothing to predict');
});

test('play steps by itself, at three speeds, and stops at the end and at any key', () => {
  const playing = typed(exec, start(exec), ' ');
  assert.deepEqual([playing.speed, typed(exec, playing, ' ').speed, typed(exec, playing, ' ', ' ').speed], [1, 4, 16]);
  assert.equal(typed(exec, playing, 'tick').cursor, typed(exec, start(exec), 'n').cursor);
  assert.equal(typed(exec, playing, 'tick', 'm').speed, 0);
  assert.equal(typed(exec, typed(exec, playing, 'tick'), ...Array(80).fill('tick')).speed, 0);
  const pause = pauseMs(exec, playing);
  assert.ok(pause >= 40 && pause <= 1_500);
});

test('keys come from bytes: cursor keys of both modes, a paste, what is no key is none', () => {
  assert.deepEqual(keysOf('\x1b[A\x1bOB\x1b[5~n\r\x7f\x03'), [
    'up',
    'down',
    'pageup',
    'n',
    'enter',
    'backspace',
    'ctrl-c',
  ]);
  assert.deepEqual(keysOf('\x1b[99;5u\x1b\x01é'), ['escape', 'é']);
});

test('typed commands of the plain mode are the same keys', () => {
  assert.deepEqual(keysOfLine('next 3'), ['n', 'n', 'n']);
  assert.deepEqual(keysOfLine(''), ['n']);
  assert.deepEqual(keysOfLine('next beat'), ['N']);
  assert.deepEqual(keysOfLine('jump 120'), [':', '1', '2', '0', 'enter']);
  assert.deepEqual(keysOfLine('/ab'), ['/', 'a', 'b', 'enter']);
  assert.deepEqual(keysOfLine('2'), ['2']);
  assert.deepEqual(keysOfLine('bookmark a b'), ['b', 'a', ' ', 'b', 'enter']);
  assert.deepEqual(keysOfLine('b'), ['b']);
  assert.deepEqual(keysOfLine('gibberish'), ['gibberish']);
});

test('lines with colours are cut and filled by what is seen, wide characters counted', () => {
  const red = '\x1b[31m漢字漢字\x1b[39m end';
  assert.equal(seenColumns(red), 12);
  assert.equal(cut(red, 12), red);
  assert.equal(seenColumns(cut(red, 6)), 5);
  assert.ok(cut(red, 6).endsWith('漢字\x1b[0m…'));
  assert.equal(seenColumns(filled(red, 20)), 20);
});

/** Milliseconds of this process's own work, whatever else the machine does. */
function costMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

test('a step takes at most 50 ms in 100,000 events of levels 0 to 2, and in 100,000 system calls', async () => {
  const file = `${folder}/long.jsonl`;
  assert.ok(writeLongFile('traces/run-nginx.jsonl', file, 100_000) > 100_000);
  const calls = new Events(await readTraceFile(file));
  const events = new Events(longTrace(nginx.trace, 100_000));
  const walk = [
    'n',
    'n',
    'pagedown',
    'p',
    'N',
    ']',
    '[',
    'P',
    's',
    'n',
    'pageup',
    'm',
    'n',
    'p',
    'r',
    'n',
    't',
    'n',
    'x',
    'n',
  ];
  for (const long of [calls, events]) {
    let model = typed(long, start(long, 120, 40), '+', '+', '+');
    const costs: number[] = [];
    for (const place of ['home', 'end', ...':50000']) model = typed(long, model, place);
    model = typed(long, model, 'enter');
    for (const key of [...walk, ...walk]) {
      costs.push(
        costMs(() => {
          model = update(long, model, key);
          draw(long, model);
        }),
      );
    }
    costs.sort((a, b) => a - b);
    // The first of each kind gathers what later ones use.
    const most = costs[Math.floor(costs.length * 0.85)] ?? 0;
    assert.ok(most <= 50, `${most} ms; all: ${costs.map((cost) => cost.toFixed(0)).join(' ')}`);
  }
});
