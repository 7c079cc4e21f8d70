// The story of a trace, level 0: at most forty beats, each a row here. A beat is told once, at its first event, and counts the others.
// Rows stand in the order in which a run goes down the stages; a trace without a beat's events simply lacks it.
import {
  argument,
  type Beat,
  count,
  distinct,
  ends,
  lowerLayers,
  notDone,
  operation,
  shortDigest,
  signalName,
  text,
} from './beat.ts';
import { imageBeats } from './beats-images.ts';

/** An exec's two beats; its program is told apart from the container's own by the clone before it. */
export const clonedWithin = 'clone-within';
export const executedWithin = 'exec-within';

/** The folder in which containerd keeps the bundles of its tasks. */
const ofContainerd = /\/io\.containerd\.runtime\.v2\.task\//;

export const beats: readonly Beat[] = [
  {
    id: 'command',
    stage: 'cli',
    matches: (e) => e.type === 'cli.command-started',
    says: ([e]) => `you typed: ${(e.data.command as string[]).join(' ')}`,
  },
  {
    id: 'step',
    stage: 'cli',
    matches: (e) => e.type === 'cli.step-started' || e.type === 'cli.step-ended',
    says: (es) => {
      const { line, ...rest } = Object.assign({}, ...es.map((e) => e.data)) as Record<string, unknown>;
      const output = text(rest.output).trim().split('\n')[0] ?? '';
      return `$ ${text(line)}${rest.status === undefined ? '' : `  → ${text(rest.status)}`}${output === '' ? '' : `: ${output}`}`;
    },
  },
  {
    id: 'create',
    stage: 'cli',
    matches: (e) => ends(e, 'cli.request-sent', '/containers/create'),
    says: ([e]) => `asks the daemon for a container from ${text((e.data.body as { Image?: string })?.Image)} (HTTP)`,
  },
  {
    id: 'image',
    stage: 'daemon',
    matches: (e) => e.type === 'daemon.image-resolved',
    says: ([e]) => `has the image ${text(e.data.name)}: ${shortDigest(e.data.id)}`,
  },
  ...imageBeats,
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
    id: 'daemon-started',
    stage: 'cli',
    matches: (e) => e.type === 'cli.request-sent' && e.data.door === 'exec' && e.data.peer === 'daemon',
    says: () => 'finds no daemon and starts one',
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
    matches: (e) => e.type === 'runc.plan-compiled' && ofContainerd.test(text(e.data.path)),
    says: ([e]) => `compiles config.json to a plan of ${text(e.data.operations)} operations`,
  },
  {
    // A bundle of somebody's own: the runtime compiles it before it begins.
    id: 'plan-alone',
    stage: 'runc',
    matches: (e) => e.type === 'runc.plan-compiled' && !ofContainerd.test(text(e.data.path)),
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
    matches: (e) => operation('clone')(e) && argument(e, 'flags') !== '',
    says: ([e]) => `clones process 1 into new namespaces: ${argument(e, 'flags')}`,
  },
  {
    id: clonedWithin,
    stage: 'kernel',
    matches: operation('clone'),
    says: () => "clones a process inside the container's namespaces: an exec makes none of its own",
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
    id: 'terminal',
    stage: 'kernel',
    matches: operation('console'),
    says: () => 'opens a pseudo-terminal in the container and makes it /dev/console',
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
    says: ([e]) => `execve: ${argument(e, 'argv')}${notDone(e) ?? ' is process 1 of the container'}`,
  },
  {
    id: executedWithin,
    stage: 'kernel',
    matches: () => false, // gatherBeats knows it by its clone
    says: ([e]) => `execve: ${argument(e, 'argv')}${notDone(e) ?? ' is one more process of the container'}`,
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
    says: ([e]) =>
      `the ${e.data.execId === undefined ? "container's" : "exec's"} process has ended with ${text(e.data.status)}; the shim keeps the status`,
  },
  {
    id: 'taken-over',
    stage: 'daemon',
    matches: (e) => e.type === 'daemon.container-taken-over',
    says: (es) => `finds ${count(es, 'container')} running and takes over: ${distinct(es.map((e) => e.data.name))}`,
  },
  {
    id: 'killed',
    stage: 'daemon',
    matches: (e) => ends(e, 'daemon.request-sent', 'Tasks/Kill'),
    says: (es) =>
      `sends ${distinct(es.map((e) => signalName((e.data.body as { signal?: unknown })?.signal)))} to the container's process`,
  },
  {
    id: 'out-of-memory',
    stage: 'daemon',
    matches: (e) => e.type === 'daemon.out-of-memory-reported',
    says: () => 'is told that the kernel killed a process of the container for lack of memory',
  },
  {
    id: 'rules-removed',
    stage: 'kernel',
    matches: (e) => e.type === 'kernel.rule-removed',
    says: (es) =>
      `takes ${count(es, 'iptables rule')} away (${distinct(es.map((e) => `${text(e.data.table)} ${text(e.data.chain)}`))})`,
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

/** What a story of several commands can do without, the first one first. */
export const smallBeats: readonly string[] = [
  'masks',
  'devices',
  'address',
  'created',
  'snapshot',
  'tasks-start',
  'plan',
  'plan-alone',
  'image',
  'tasks-create',
  'spec',
];
