// Turns of an event loop that serves very many traces: looked up quickly, and the same ones as by looking at each.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Turns } from '../../src/tracer/turns.ts';

const ours = 'f'.repeat(32);
const other = (index: number): string => index.toString(16).padStart(32, '0');

test('another trace is about from half a second before its first to half a second after its last writing', () => {
  const turns = new Turns(ours);
  const writers: Array<[startMs: number, id?: string]> = [
    [0, ours],
    [400],
    [1000, ours],
    [1700],
    [1750],
    [2300, other(1)],
    [2310, other(2)],
    [2400, other(2)],
    [2410],
    [2950],
    [3000, ours],
  ];
  for (const [startMs, id] of writers) {
    turns.began(startMs * 1e6);
    if (id !== undefined) turns.wrote(id);
  }
  turns.settle(false);
  const owners = writers.map(([startMs]) => turns.ownerAt(startMs * 1e6 + 1, true));
  const [near, alone] = ['unsure', 'ours'];
  assert.deepEqual(owners, [alone, alone, alone, alone, near, 'other', 'other', 'other', near, alone, alone]);
});

test('as many traces as turns cost no more than their number', () => {
  const turns = new Turns(ours);
  const count = 40_000;
  for (let turn = 0; turn < count; turn++) {
    turns.began(turn * 10e9);
    turns.wrote(turn === 0 || turn === count - 1 ? ours : other(turn));
    turns.began(turn * 10e9 + 5e9);
  }
  const from = performance.now();
  turns.settle(false);
  for (let turn = 0; turn < count; turn++)
    assert.equal(turns.ownerAt(turn * 10e9 + 6e9, false), turn < count - 1 ? 'unsure' : 'idle');
  assert.ok(performance.now() - from < 5000);
});
