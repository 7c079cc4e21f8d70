import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Causes, lookUp } from '../../src/explain/causes.ts';
import type { Trace, TraceEvent } from '../../src/trace/file.ts';

let seq = 0;
const event = (type: string, span: string, rest: Partial<TraceEvent> = {}): TraceEvent => ({
  seq: ++seq,
  ts: seq,
  stage: 'daemon',
  pid: 1,
  tid: 1,
  type,
  span,
  truth: 'observed',
  data: {},
  ...rest,
});

const sent = event('cli.request-sent', 'b', {
  cause: 'command:run',
  data: {
    parent: 'a',
    method: 'POST /containers/create',
    provenance: { '/HostConfig/Memory': 'flag:--memory', '': 'command:run' },
  },
});
const spec = event('daemon.spec-generated', 'b', {
  data: {
    provenance: {
      '/linux/resources/memory': 'api:/HostConfig/Memory',
      '/linux/maskedPaths': 'default:engine-housekeeping',
      '/process/args': 'image:/config/Cmd',
    },
  },
});
const operation = (cause: TraceEvent['cause']): TraceEvent =>
  event('kernel.operation-executed', 'd', cause === undefined ? {} : { cause });
const inner = event('daemon.request-sent', 'd', { data: { parent: 'b', method: 'Tasks/Create' } });
const causes = new Causes({ header: {} as Trace['header'], unreadable: 0, events: [sent, spec, inner] });

test('a kernel operation leads through config.json and the request to the flag', () => {
  assert.deepEqual(causes.chainOf(operation('config:/linux/resources/memory/limit')), {
    links: ['config:/linux/resources/memory/limit', 'api:/HostConfig/Memory', 'flag:--memory'],
    also: [],
    complete: true,
  });
});

test('chains also end in image fields and named defaults', () => {
  assert.equal(causes.chainOf(operation('config:/process/args')).links.at(-1), 'image:/config/Cmd');
  assert.equal(causes.chainOf(operation('config:/linux/maskedPaths/0')).links.at(-1), 'default:engine-housekeeping');
});

test('an event without a cause has that of the nearest request above its span', () => {
  assert.deepEqual(causes.chainOf(operation(undefined)).links, ['command:run']);
});

test('an event of an unknown span has no chain', () => {
  assert.deepEqual(causes.chainOf(event('shim.x', 'nowhere')), { links: [], also: [], complete: false });
});

test('the nearest ancestor of a pointer answers for it', () => {
  assert.equal(lookUp({ '/a': 'flag:--x', '/a/b': 'flag:--y' }, '/a/b/c'), 'flag:--y');
  assert.equal(lookUp({ '/a': 'flag:--x' }, '/ab'), undefined);
});

test('a whole has the cause of its first part', () => {
  assert.equal(lookUp({ '': 'command:run', '/args/0': 'argument:COMMAND' }, '/args'), 'argument:COMMAND');
});

test('a default that comes with a field leads on to the flag behind that field', () => {
  assert.deepEqual(causes.chainOf(operation('default:swap-twice-memory')).links, [
    'default:swap-twice-memory',
    'api:/HostConfig/Memory',
    'flag:--memory',
  ]);
});
