// The kernel as of an event, folded from recorded traces: what is there after it and not before, whose it is, and that steps back are exact.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TraceEvent } from '../../src/trace/file.ts';
import { readTraceFile } from '../../src/trace/read.ts';
import { type StateKind, States, stateNames, stateText } from '../../src/viewer/state.ts';
import { changedText } from '../../src/viewer/state-change.ts';
import { longTrace } from '../helpers/long-trace.ts';

const nginx = await readTraceFile('traces/run-nginx.jsonl');
const states = new States(nginx.events);
const last = nginx.events.at(-1)?.seq ?? 0;
const textAt = (from: States, kind: StateKind, seq: number): string =>
  stateText(from.at(kind, seq), seq, 200).join('\n');

const seqOf = (events: readonly TraceEvent[], is: (event: TraceEvent) => boolean): number => {
  const found = events.find(is);
  assert.ok(found);
  return found.seq;
};

test('a mount is there from its event on, marked by it, and in the table of its container', () => {
  const seq = seqOf(nginx.events, ({ data }) => data.target === '/proc');
  assert.doesNotMatch(textAt(states, 'mounts', seq - 1), / {4}\/proc {2}proc/);
  assert.match(textAt(states, 'mounts', seq), /mounts of nginx: 1\n\* {3}\/proc {2}proc {2}\(nosuid,nodev,noexec\)/);
  const end = textAt(states, 'mounts', last);
  assert.match(end, /mounts of host: 2\n.*\{nginx\}\/rootfs {2}overlay {2}\(3 below .*\n.*netns\/\w+ {2}nsfs/);
  assert.match(end, /\/sys\/firmware {2}masked/);
});

test('links have names, routes their way, a published port its rules, and what is removed is gone', async () => {
  const end = textAt(states, 'rules', last);
  assert.match(end, /network of the host\n {4}link tlab0: bridge, up\n.*a port of tlab0/);
  assert.match(
    end,
    /network of nginx\n {4}link lo, up\n {4}link eth0, up\n {4}address 172\.17\.0\.2\/16 on eth0\n {4}route default via/,
  );
  assert.match(end, /chain nat TLAB: 1\n {4}-p tcp -m tcp --dport 8080 -j DNAT --to-destination 172\.17\.0\.2:80/);
  const { events } = await readTraceFile('traces/published-port.jsonl');
  const port = new States(events);
  const removed = seqOf(events, ({ type }) => type === 'kernel.rule-removed');
  assert.match(textAt(port, 'rules', removed - 1), /--dport 8080/);
  assert.doesNotMatch(textAt(port, 'rules', removed), /--dport 8080/);
  assert.doesNotMatch(textAt(port, 'rules', events.at(-1)?.seq ?? 0), /network of web/);
});

test('a limit is a value of its cgroup, which is gone with the container', async () => {
  const { events } = await readTraceFile('traces/out-of-memory.jsonl');
  const memory = new States(events);
  const written = seqOf(events, ({ data }) => /limit_in_bytes$/.test(String(data.path)));
  assert.match(
    textAt(memory, 'cgroup', written),
    /\{hungry\}.*\n(.*\n)*\* {3}memory: memory\.limit_in_bytes = 16777216/,
  );
  assert.doesNotMatch(textAt(memory, 'cgroup', events.at(-1)?.seq ?? 0), /hungry/);
});

test('snapshots stand below each other, the container on top', () => {
  assert.match(
    textAt(states, 'layers', last),
    /layers: 3\n( {4}\w{12} .* fetched, digest verified, unpacked\n){3} {2}snapshots: 4.*\n {4}committed \w+\n {6}committed \w+\n {8}committed \w+\n {10}active \{nginx\}/,
  );
});

test('the process tree has the container below its shim, execs beside it, and a new daemon in the place of the old one', async () => {
  const { events } = await readTraceFile('traces/exec.jsonl');
  const exec = new States(events);
  const run = seqOf(events, ({ data }) => data.operation === 'exec' && JSON.stringify(data).includes('"ps"'));
  assert.match(
    textAt(exec, 'processes', run),
    /shim-tlab-v2\n {4}\d+ {2}sleep 300 {2}in web\n(?: {4}\d+ {2}tlab-runc.*\n)?\* {3}\d+ {2}ps -o pid,ppid,args {2}in web/,
  );
  assert.doesNotMatch(textAt(exec, 'processes', events.at(-1)?.seq ?? 0), /in web/);
  const killed = await readTraceFile('traces/daemon-killed.jsonl');
  const end = textAt(new States(killed.events), 'processes', killed.events.at(-1)?.seq ?? 0);
  assert.equal(end.match(/tlabd/g)?.length, 1);
});

test('a step back in a long trace gives what was there before', () => {
  const long = longTrace(nginx, 20_000);
  const walked = new States(long.events);
  const places = [19_000, 3, 15_001, 14_999, 20_000, 310];
  for (const kind of stateNames) {
    for (const seq of places) {
      const fresh = new States(long.events.filter((event) => event.seq <= seq));
      assert.deepEqual(walked.at(kind, seq), fresh.at(kind, seq), `${kind} ${seq}`);
    }
  }
});

test('what two states differ in stands below what it belongs to; a count alone is no difference, and nothing is said by that', () => {
  const line = (indent: number, text: string) => ({ indent, text, seq: 1 });
  const before = [line(0, 'chain A: 2'), line(1, 'x'), line(1, 'x'), line(0, 'chain B: 1'), line(1, 'y')];
  const after = [line(0, 'chain A: 1'), line(1, 'x'), line(0, 'chain B: 2'), line(1, 'x'), line(1, 'y'), line(0, 'C')];
  assert.deepEqual(changedText(before, after, 80), ['  chain A: 2', '-   x', '  chain B: 2', '+   x', '+ C']);
  assert.deepEqual(changedText(after, after, 80), ['no difference']);
  const [from, to] = [last - 3_000, last];
  for (const kind of stateNames) {
    const text = changedText(states.at(kind, from), states.at(kind, to), 200);
    const back = changedText(states.at(kind, to), states.at(kind, from), 200);
    const of = (lines: string[], mark: string) =>
      lines.filter((one) => one.startsWith(mark)).map((one) => one.slice(1));
    assert.deepEqual([of(text, '+'), of(text, '-')], [of(back, '-'), of(back, '+')], kind);
  }
});
