// The story of a trace, level 0: at most forty beats, each a row here. A beat is told once, at its first event, and counts the others.
// Rows stand in the order in which a run goes down the stages; a trace without a beat's events simply lacks it.

import type { Stage } from '../trace/events.ts';
import type { TraceEvent } from '../trace/file.ts';

export interface Beat {
  id: string;
  stage: Stage;
  matches(event: TraceEvent): boolean;
  /** Words from all events of the beat seen so far; there is at least one. */
  says(events: readonly [TraceEvent, ...TraceEvent[]]): string;
}

const text = (value: unknown): string => (value === undefined ? '' : String(value));
const ends = (event: TraceEvent, type: string, method: string): boolean =>
  event.type === type && text(event.data.method).endsWith(method);
const operation =
  (...names: string[]) =>
  (event: TraceEvent): boolean =>
    names.includes(text(event.data.operation));
/** An argument of a plan's operation; lists joined by spaces. */
function argument(event: TraceEvent, name: string): string {
  const value = (event.data.arguments as Record<string, unknown> | undefined)?.[name];
  return Array.isArray(value) ? value.join(' ') : text(value);
}
const lowerLayers = (event: TraceEvent): number =>
  text(/lowerdir=([^,]*)/.exec(text(event.data.options))?.[1]).split(':').length;
const count = (events: readonly unknown[], noun: string): string =>
  `${events.length} ${noun}${events.length === 1 ? '' : 's'}`;
const kilobytes = (bytes: unknown): string => (typeof bytes === 'number' ? ` (${Math.ceil(bytes / 1024)} KiB)` : '');
const shortDigest = (value: unknown): string =>
  text(value)
    .replace(/^sha256:/, '')
    .slice(0, 12);
const distinct = (values: unknown[]): string =>
  [...new Set(values.map(text))].filter((value) => value !== '').join(', ');

export const beats: readonly Beat[] = [
  {
    id: 'command',
    stage: 'cli',
    matches: (e) => e.type === 'cli.command-started',
    says: ([e]) => `you typed: ${(e.data.command as string[]).join(' ')}`,
  },
  {
    id: 'create',
    stage: 'cli',
    matches: (e) => ends(e, 'cli.request-sent', '/containers/create'),
    says: ([e]) => `asks the daemon for a container from ${text((e.data.body as { Image?: string })?.Image)} (HTTP)`,
  },
  {
    id: 'pulled',
    stage: 'containerd',
    matches: (e) => e.type === 'containerd.image-resolved',
    says: ([e]) =>
      `finds ${text(e.data.reference)} in ${text(e.data.source)}: ${count(Array(Number(e.data.layers)), 'layer')}`,
  },
  {
    id: 'image',
    stage: 'daemon',
    matches: (e) => e.type === 'daemon.image-resolved',
    says: ([e]) => `has the image ${text(e.data.name)}: ${shortDigest(e.data.id)}`,
  },
  {
    id: 'build-context',
    stage: 'daemon',
    matches: (e) => e.type === 'daemon.context-received',
    says: ([e]) => `unpacks the build context: ${text(e.data.entries)} files, ${text(e.data.sentBytes)} bytes`,
  },
  {
    id: 'build-planned',
    stage: 'daemon',
    matches: (e) => e.type === 'daemon.build-planned',
    says: ([e]) =>
      `plans ${count(Array(Number(e.data.steps)), 'step')}: ${count(Array(Number(e.data.needed)), 'stage')} needed, ${text(e.data.skipped)} skipped`,
  },
  {
    id: 'build-cache',
    stage: 'daemon',
    matches: (e) => e.type === 'daemon.build-cache-looked-up',
    says: (es) =>
      `looks ${count(es, 'step')} up in the build cache: ${es.filter((e) => e.data.hit === true).length} are there`,
  },
  {
    id: 'build-layers',
    stage: 'daemon',
    matches: (e) => e.type === 'daemon.build-layer-committed',
    says: (es) =>
      `makes ${count(es, 'layer')} of what the steps changed: ${distinct(es.map((e) => shortDigest(e.data.digest)))}`,
  },
  {
    id: 'build-finished',
    stage: 'daemon',
    matches: (e) => e.type === 'daemon.build-finished',
    says: ([e]) => `has built the image ${shortDigest(e.data.id)}`,
  },
  {
    id: 'layer-exists',
    stage: 'containerd',
    matches: (e) => e.type === 'containerd.layer-exists',
    says: (es) => `already has ${count(es, 'layer')} of the image`,
  },
  {
    id: 'layer-fetched',
    stage: 'containerd',
    matches: (e) => e.type === 'containerd.layer-fetched',
    says: (es) =>
      `fetches and verifies ${count(es, 'layer')}: ${es.map((e) => shortDigest(e.data.digest) + kilobytes(e.data.sizeBytes)).join(', ')}`,
  },
  {
    id: 'layer-unpacked',
    stage: 'containerd',
    matches: (e) => e.type === 'containerd.layer-unpacked',
    says: (es) => `unpacks ${count(es, 'layer')}, each into a snapshot of its own`,
  },
  {
    id: 'blobs-there',
    stage: 'containerd',
    matches: (e) => e.type === 'containerd.blob-there',
    says: (es) => `asks first: the registry already has ${count(es, 'blob')}, which need not be sent`,
  },
  {
    id: 'blobs-mounted',
    stage: 'containerd',
    matches: (e) => e.type === 'containerd.blob-mounted',
    says: (es) => `the registry lends ${count(es, 'blob')} of ${distinct(es.map((e) => e.data.from))}: no byte is sent`,
  },
  {
    id: 'blobs-uploaded',
    stage: 'containerd',
    matches: (e) => e.type === 'containerd.blob-uploaded',
    says: (es) =>
      `sends ${count(es, 'blob')}: ${es.map((e) => shortDigest(e.data.digest) + kilobytes(e.data.sizeBytes)).join(', ')}`,
  },
  {
    id: 'manifest-pushed',
    stage: 'containerd',
    matches: (e) => e.type === 'containerd.manifest-pushed',
    says: (es) => `sends the manifest last: ${distinct(es.map((e) => e.data.name))} is this image from now on`,
  },
  {
    id: 'files-copied',
    stage: 'daemon',
    matches: (e) => e.type === 'daemon.files-copied',
    says: ([e]) =>
      e.data.direction === 'out'
        ? `packs ${text(e.data.path)} of the container into an archive`
        : `unpacks an archive in ${text(e.data.path)} of the container`,
  },
  {
    id: 'snapshot',
    stage: 'containerd',
    matches: (e) => e.type === 'containerd.snapshot-prepared' && !text(e.data.key).startsWith('extract-'),
    says: () => `prepares the container's own writable layer`,
  },
  {
    id: 'container-created',
    stage: 'daemon',
    matches: (e) => e.type === 'daemon.container-state-changed' && e.data.to === 'created',
    says: () => 'takes the start back: the container is created, nothing runs',
  },
  {
    id: 'attach',
    stage: 'cli',
    matches: (e) => e.type === 'cli.request-sent' && /\/attach$/.test(text(e.data.method)),
    says: () => 'attaches to its streams before it starts, to miss nothing',
  },
  {
    id: 'start',
    stage: 'cli',
    matches: (e) => e.type === 'cli.request-sent' && /\/containers\/[^/]+\/start$/.test(text(e.data.method)),
    says: () => 'asks the daemon to start it',
  },
  {
    id: 'netns',
    stage: 'kernel',
    matches: (e) => e.type === 'kernel.network-namespace-created',
    says: ([e]) =>
      e.data.of === undefined
        ? 'makes a network namespace, kept by a bind mount'
        : `dockerd keeps the child's network namespace: it bind-mounts /proc/${text(e.data.of)}/ns/net`,
  },
  {
    id: 'bridge',
    stage: 'kernel',
    matches: (e) => e.type === 'kernel.netlink-sent' && JSON.stringify(e.data.attributes).includes('"bridge"'),
    says: () => 'makes the bridge that the containers share',
  },
  {
    id: 'veth',
    stage: 'kernel',
    matches: (e) => e.type === 'kernel.netlink-sent' && JSON.stringify(e.data.attributes).includes('"veth"'),
    says: () => 'makes a veth pair, from the bridge into that namespace',
  },
  {
    id: 'address',
    stage: 'kernel',
    matches: (e) =>
      e.type === 'kernel.netlink-sent' &&
      e.data.namespace !== 'host' &&
      /RTM_NEW(ADDR|ROUTE)/.test(text(e.data.message)),
    says: () => 'gives it an address and a default route, by netlink',
  },
  {
    id: 'rules',
    stage: 'kernel',
    matches: (e) => e.type === 'kernel.rule-added',
    says: (es) =>
      `adds ${count(es, 'iptables rule')} (${distinct(es.map((e) => `${text(e.data.table)} ${text(e.data.chain)}`))})`,
  },
  {
    id: 'spec',
    stage: 'daemon',
    matches: (e) => e.type === 'daemon.spec-generated',
    says: () => 'generates config.json, as the OCI specifies it',
  },
  {
    id: 'tasks-create',
    stage: 'daemon',
    matches: (e) => ends(e, 'daemon.request-sent', 'Tasks/Create'),
    says: () => 'asks containerd for a task: the container, to run',
  },
  {
    id: 'plan',
    stage: 'containerd',
    matches: (e) => e.type === 'runc.plan-compiled',
    says: ([e]) => `compiles config.json to a plan of ${text(e.data.operations)} operations`,
  },
  {
    id: 'shim-start',
    stage: 'containerd',
    matches: (e) => e.type === 'containerd.request-sent' && e.data.door === 'exec' && e.data.peer === 'shim',
    says: () => 'starts a shim, which will stay beside the container',
  },
  {
    id: 'rootfs',
    stage: 'kernel',
    matches: (e) => e.type === 'kernel.mount-attached' && e.data.fstype === 'overlay',
    says: ([e]) => `mounts the root: ${count(Array(lowerLayers(e)), 'image layer')} below a writable one`,
  },
  {
    id: 'runtime-create',
    stage: 'shim',
    matches: (e) => ends(e, 'shim.request-sent', 'create'),
    says: () => 'calls the OCI runtime: runc create',
  },
  {
    id: 'cgroup',
    stage: 'kernel',
    matches: (e) =>
      e.type === 'kernel.cgroup-written' ||
      operation('cgroup_make', 'cgroup_write', 'cgroup_devices', 'cgroup_join')(e),
    says: (es) => `makes its cgroups and writes its limits (${count(es, 'operation')})`,
  },
  {
    id: 'clone',
    stage: 'kernel',
    matches: operation('clone'),
    says: ([e]) => `clones process 1 into new namespaces: ${argument(e, 'flags')}`,
  },
  {
    id: 'unshare',
    stage: 'kernel',
    matches: (e) => operation('unshare')(e) && /\bpid\b/.test(argument(e, 'flags')),
    says: ([e]) => `runc's child makes new namespaces: ${argument(e, 'flags')}`,
  },
  {
    id: 'join',
    stage: 'kernel',
    matches: (e) => operation('setns')(e) && e.data.own !== true,
    says: () => 'it joins the network namespace that is ready for it',
  },
  {
    id: 'mounts',
    stage: 'kernel',
    matches: (e) =>
      e.type === 'kernel.mount-attached' &&
      e.data.fstype !== 'overlay' &&
      e.stage === 'kernel' &&
      (e.truth === 'reported' || e.truth === 'derived'),
    says: (es) =>
      `${count(es, 'mount')}: ${distinct(es.map((e) => text(e.data.target).replace(/^(\/sys\/fs\/cgroup)\/.*/, '$1')))}`,
  },
  {
    id: 'devices',
    stage: 'kernel',
    matches: operation('device_make'),
    says: (es) => `makes ${count(es, 'device')}: ${distinct(es.map((e) => argument(e, 'path').replace('/dev/', '')))}`,
  },
  {
    id: 'pivot',
    stage: 'kernel',
    matches: operation('pivot_root'),
    says: () => 'pivot_root: the image is the root, the host is out of sight',
  },
  {
    id: 'masks',
    stage: 'kernel',
    matches: operation('mask_path', 'readonly_path'),
    says: (es) => `hides or protects ${count(es, 'path')} of /proc and /sys`,
  },
  {
    id: 'capabilities',
    stage: 'kernel',
    matches: operation('capability_bounding', 'capset', 'capability_ambient'),
    says: ([e]) => `keeps ${argument(e, 'keep').split(',').length} capabilities and drops the others`,
  },
  {
    id: 'seccomp',
    stage: 'kernel',
    matches: operation('seccomp'),
    says: ([e]) => `installs the seccomp filter (${argument(e, 'program')})`,
  },
  {
    id: 'created',
    stage: 'runc',
    matches: (e) => e.type === 'runc.state-changed' && e.data.to === 'created',
    says: () => 'is created: set up whole, and waiting for start',
  },
  {
    id: 'tasks-start',
    stage: 'daemon',
    matches: (e) => ends(e, 'daemon.request-sent', 'Tasks/Start'),
    says: () => 'starts the task',
  },
  {
    id: 'exec',
    stage: 'kernel',
    matches: operation('exec'),
    says: ([e]) => `execve: ${argument(e, 'argv')} is process 1 of the container`,
  },
  {
    id: 'running',
    stage: 'daemon',
    matches: (e) => e.type === 'daemon.container-state-changed' && e.data.to === 'running',
    says: () => 'the container is running',
  },
  {
    id: 'exited',
    stage: 'shim',
    matches: (e) => e.type === 'shim.exit-recorded',
    says: ([e]) => `the container's process has ended with ${text(e.data.status)}; the shim keeps the status`,
  },
  {
    id: 'removed',
    stage: 'daemon',
    matches: (e) => e.type === 'daemon.container-state-changed' && /remov/.test(text(e.data.to)),
    says: () => 'removes the container: its snapshot, its network, its records',
  },
  {
    id: 'end',
    stage: 'cli',
    matches: (e) => e.type === 'cli.command-ended',
    says: ([e]) =>
      e.data.status === undefined
        ? 'the command ends in an error'
        : `the command ends with status ${text(e.data.status)}`,
  },
];

export const mostBeats = 40;
