// A trace and its recording, made by hand: a command, a daemon and a containerd that serve other traces too.
import type { Trace, TraceEvent } from '../../src/trace/file.ts';
import { recordTypes } from '../../src/tracer/records.ts';
import { RecordingBytes, text } from './recording.ts';

export const [command, daemon, containerd] = [100, 200, 300];
export const [ours, theirs] = ['a'.repeat(32), 'b'.repeat(32)];

const partOf = (id: string, pid: number): string => `/traces/${id}/parts/daemon-${pid}.jsonl`;
const [write, epollWait] = [1, 281];

/** A recording that says what happens in words. Every step takes some nanoseconds. */
export class Story {
  readonly bytes = new RecordingBytes();

  call(pid: number, number: number, { tid = pid, result = 0 } = {}): this {
    this.bytes.enter(number, [], [], { pid, tid });
    this.bytes.exit(number, result, [], { pid, tid });
    return this;
  }
  /** A wait of the event loop: the turn before it ends, and the next begins. */
  wait(pid: number): this {
    return this.call(pid, epollWait, { result: 1 });
  }
  /** An event is written into a trace's part. Descriptor 10 is ours, 11 is theirs. */
  emits(pid: number, id: string): this {
    this.bytes.enter(write, [id === ours ? 10 : 11, 0x1000, 5], [], { pid });
    this.bytes.exit(write, 5, [], { pid });
    return this;
  }
  opensPart(pid: number, id: string): this {
    const openat = 257;
    this.bytes.enter(openat, [-100n, 0x1000, 0o2002001, 0], [text(1, partOf(id, pid))], { pid });
    this.bytes.exit(openat, id === ours ? 10 : 11, [], { pid });
    return this;
  }
  /** A call whose first argument is a path. */
  onPath(pid: number, number: number, path: string): this {
    this.bytes.enter(number, [0x1000, 0o755], [text(0, path)], { pid });
    this.bytes.exit(number, 0, [], { pid });
    return this;
  }
  forks(pid: number, childPid: number, innerPid = childPid): this {
    const body = Buffer.alloc(32);
    body.writeUInt32LE(childPid, 0);
    body.writeUInt32LE(childPid, 4);
    body.writeUInt32LE(innerPid, 8);
    this.bytes.record(recordTypes.fork, body, { pid });
    return this;
  }
  executes(pid: number, file: string): this {
    this.bytes.exec(pid, file, { pid });
    return this;
  }
  ends(pid: number, code = 0): this {
    this.bytes.end(code, 0, { pid });
    return this;
  }
  counts(dropped = 0): this {
    this.bytes.counts(dropped);
    return this;
  }
}

/** The command, daemon and containerd are there; the two have the parts of both traces open. */
export function begin(): Story {
  const story = new Story();
  story.bytes.process('tlab', {}, { pid: command });
  for (const pid of [daemon, containerd]) {
    story.bytes.process('node', { 10: partOf(ours, pid), 11: partOf(theirs, pid) }, { pid });
  }
  return story;
}

let seq = 0;
/** An event at a moment: recordings begin at 1000 and take 10 for every record. */
export const event = (ts: number, pid: number, type: string, fields: Partial<TraceEvent> = {}): TraceEvent => ({
  seq: ++seq,
  ts,
  stage: type.slice(0, type.indexOf('.')) as TraceEvent['stage'],
  pid,
  tid: pid,
  type,
  span: 's',
  truth: 'observed',
  data: {},
  ...fields,
});

export function traceOf(events: TraceEvent[] = [], parts: Array<[pid: number, stage: string]> = []): Trace {
  const stages: Array<[number, string]> = [[command, 'cli'], [daemon, 'daemon'], [containerd, 'containerd'], ...parts];
  return {
    header: {
      schema: 'tlab.trace',
      version: 1,
      id: ours,
      command: ['tlab', 'trace', 'run', 'busybox'],
      startedAt: '',
      clock: { base: 'CLOCK_MONOTONIC', startNs: '0' },
      host: { kernel: '', architecture: 'x64', distribution: '', processors: 1, cgroup: 'v2' },
      tool: { tlab: '', node: '' },
      processes: stages.map(([pid, stage]) => ({ pid, stage, seen: 1 })),
      seen: events.length,
      lost: 0,
      blind: [],
    },
    events,
    unreadable: 0,
  };
}
