// Event types of the shim stage: what native/shim/tracing.c emits.
import * as v from 'valibot';
import { row } from '../row.ts';
import { doorRows } from './door.ts';

/** A process of the task: init has no exec id. */
const processFields = { id: v.string(), execId: v.optional(v.string()) };
const statuses = v.picklist(['unknown', 'created', 'running', 'stopped', 'paused', 'pausing']);
const named = (d: { id: string; execId?: string | undefined }): string =>
  d.execId === undefined ? `task ${d.id}` : `exec ${d.execId} of ${d.id}`;

export const shimRows = {
  ...doorRows('shim'),
  'shim.server-started': row({
    level: 2,
    data: v.object({ id: v.string(), socket: v.string(), shimPid: v.number() }),
    says: (d) => `the shim of ${d.id} is process ${d.shimPid} and listens on ${d.socket}`,
    source: 'containerd runtime/v2/README.md',
  }),
  'shim.server-joined': row({
    level: 2,
    data: v.object({ id: v.string(), group: v.string(), socket: v.string() }),
    says: (d) => `${d.id} joins the shim of the group ${d.group}, which listens on ${d.socket}`,
    source: 'containerd runtime/v2/README.md',
  }),
  'shim.stdio-opened': row({
    level: 2,
    data: v.object({
      ...processFields,
      terminal: v.boolean(),
      stdin: v.string(),
      stdout: v.string(),
      stderr: v.string(),
    }),
    says: (d) =>
      d.terminal
        ? `${named(d)} gets a terminal, output to ${d.stdout}`
        : `${named(d)} gets pipes, output to ${d.stdout}`,
    source: 'man fifo(7)',
  }),
  'shim.process-changed': row({
    level: 2,
    data: v.object({ ...processFields, from: statuses, to: statuses, taskPid: v.optional(v.number()) }),
    says: (d) => `${named(d)} goes from ${d.from} to ${d.to}`,
    source: 'containerd runtime/v2/task/shim.proto',
  }),
  'shim.exit-recorded': row({
    level: 1,
    data: v.object({ ...processFields, taskPid: v.number(), status: v.number() }),
    follows: ['kernel.process-exited'],
    says: (d) => `the shim keeps exit status ${d.status} of ${named(d)}`,
    source: 'man wait(2)',
  }),
  'shim.event-published': row({
    level: 1,
    data: v.object({ topic: v.string(), status: v.number() }),
    says: (d) => `event ${d.topic} reaches containerd`,
    source: 'containerd api/services/ttrpc/events/v1/events.proto',
  }),
  'shim.event-dropped': row({
    level: 1,
    data: v.object({ topic: v.string(), id: v.string() }),
    says: (d) => `event ${d.topic} of task ${d.id} is dropped: too many wait for containerd`,
    source: 'native/shim/event-queue.c',
  }),
} as const;
