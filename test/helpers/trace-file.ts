// A small trace with system calls, to be written to a file, damaged and read.
import { callLine } from '../../src/trace/call-line.ts';
import type { TraceEvent, TraceHeader } from '../../src/trace/file.ts';

export const header = (fields: Partial<TraceHeader> = {}): TraceHeader => ({
  schema: 'tlab.trace',
  version: 2,
  id: 'f'.repeat(32),
  command: ['tlab', 'trace', 'run', 'nginx'],
  startedAt: '2026-01-01T00:00:00Z',
  clock: { base: 'CLOCK_MONOTONIC', startNs: '0' },
  host: { kernel: '6.1', architecture: 'x64', distribution: 'Debian', processors: 2, cgroup: 'v2' },
  tool: { tlab: '0', node: '26' },
  processes: [],
  seen: 1,
  lost: 0,
  blind: [],
  ...fields,
});

const place = { pid: 7, tid: 7, stage: 'kernel', span: 'a', truth: 'observed' } as const;

export const operation = (seq: number): TraceEvent => ({
  ...place,
  seq,
  ts: seq * 1000,
  type: 'kernel.mount-attached',
  cause: 'config:/mounts/0',
  data: { source: 'proc', target: '/proc', fstype: 'proc', options: 'nosuid' },
});

export const call = (seq: number, data: Record<string, unknown> = {}): TraceEvent => ({
  ...place,
  seq,
  ts: seq * 1000,
  type: 'kernel.syscall-made',
  cause: 'config:/mounts/0',
  data: {
    name: 'openat',
    process: 'runc',
    result: 3,
    durationNs: 900,
    operation: 1,
    args: ['AT_FDCWD', `"/file-${seq}"`, 'O_RDONLY'],
    ...data,
  },
});

/** The lines of a trace of one operation and these calls. */
export function traceFile(calls: readonly TraceEvent[], fields: Partial<TraceHeader> = {}): string[] {
  const first = operation(1);
  return [
    JSON.stringify(header({ seen: calls.length + 1, calls: calls.length, ...fields })),
    JSON.stringify(first),
    ...calls.map((one) => callLine(one, first)),
  ];
}
