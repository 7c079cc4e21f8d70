import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { setup } from 'xstate';
import { machineToMermaid } from '../../src/diagram/machine.ts';

test('diagrams/ is what the machines of src/ generate', () => {
  assert.doesNotThrow(() =>
    execFileSync(process.execPath, ['scripts/generate-diagrams.ts', '--check'], { stdio: 'pipe' }),
  );
});

test('lessons/README.md is the plan that the headers of the lessons make', () => {
  assert.doesNotThrow(() =>
    execFileSync(process.execPath, ['scripts/generate-course.ts', '--check'], { stdio: 'pipe' }),
  );
});

test('a machine becomes its states, its transitions with their events, its start and its end', () => {
  const machine = setup({ types: { events: {} as { type: 'GO' } | { type: 'RUN' } } }).createMachine({
    initial: 'idle',
    states: { idle: { on: { GO: 'busy', RUN: 'busy' } }, busy: { after: { 100: 'over' } }, over: { type: 'final' } },
  });
  assert.equal(
    machineToMermaid(machine),
    'stateDiagram-v2\n  [*] --> idle\n  idle --> busy: GO, RUN\n  busy --> over: after 100\n  over --> [*]\n',
  );
});
