// What a twin script has to know of a run, read from the events of its trace: the process that became the container, its root,
// its layers, its names and addresses, its user and environment. Rule: what is missing is refused by name, never made up.
import { LabError } from '../../base/errors.ts';
import type { Trace, TraceEvent } from '../../trace/file.ts';

export interface Layers {
  /** Of the compressed blobs, from the bottom up. */
  digests: string[];
  /** Folders of this host's snapshotter, from the top down, as overlayfs lists them. */
  folders: string[];
}

export interface RunFacts {
  id: string;
  image: string;
  rootfs: string;
  initPid: number;
  layers: Layers;
  overlay: TraceEvent;
  clone: TraceEvent;
  exec: TraceEvent;
  /** What happened until the program ran, by time. */
  events: TraceEvent[];
  /** `/tlab/<id>`, below each hierarchy. */
  cgroup: string;
  /** Variables of the program, values that were not recorded as `[redacted]`. */
  environment: string[];
  network: NetworkFacts | undefined;
  isAttached: boolean;
  takesInput: boolean;
}

export interface NetworkFacts {
  /** The namespace's file. */
  namespace: string;
  bridge?: { name: string; wasThere: boolean; gateway: string; link: string; mtuBytes: number };
  address?: { address: string; prefixLength: number; event: TraceEvent };
}

const operationOf = (event: TraceEvent): string | undefined =>
  event.type === 'kernel.operation-executed' ? String(event.data.operation) : undefined;

const missing = (what: string, hint: string): LabError =>
  new LabError('invalidArgument', `this trace has no ${what}: no script can be written from it`, { hint });

/** @throws LabError invalidArgument, when the trace lacks what a container is made of. */
export function runFacts(trace: Trace): RunFacts {
  const all = trace.events;
  if (trace.header.engine !== undefined) {
    throw missing("plan: it is of a real engine's run", 'record the same with ours: tlab trace run …');
  }
  const executed = all.find(
    (event) =>
      event.type === 'runc.plan-executed' &&
      all.some((one) => operationOf(one) === 'pivot_root' && one.pid === event.data.initPid),
  );
  if (executed === undefined) {
    throw missing('container that tlab-runc made', 'record one: sudo tlab trace run nginx');
  }
  const initPid = Number(executed.data.initPid);
  const exec = all.find((event) => operationOf(event) === 'exec' && event.pid === initPid);
  if (exec === undefined || exec.data.errno !== undefined) {
    throw missing('program that was executed in the container', 'record a run that started');
  }
  const events = all.filter((event) => event.seq <= exec.seq);
  const cloners = [executed.data.runtimePid, executed.data.joinerPid];
  const clone = events.findLast((event) => operationOf(event) === 'clone' && cloners.includes(event.pid));
  if (clone === undefined) throw missing('clone of the container’s first process', 'record it again with this tlab');
  const rootfs = String(executed.data.rootfs);
  const overlay = events.findLast((event) => event.type === 'kernel.mount-attached' && event.data.target === rootfs);
  if (overlay === undefined) throw missing('mount of the root filesystem', 'record it again with this tlab');
  const config = configOf(events);
  const body = createBody(events);
  return {
    id: String(executed.data.id),
    image: textOf(events.findLast((event) => event.type === 'daemon.image-resolved')?.data.reference),
    rootfs,
    initPid,
    layers: layersOf(events, overlay),
    overlay,
    clone,
    exec,
    events,
    cgroup: textOf(config?.linux?.cgroupsPath),
    environment: environmentOf(config, exec),
    network: networkOf(events, initPid),
    isAttached: body.AttachStdout !== false,
    takesInput: body.OpenStdin === true,
  };
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

interface KnownConfig {
  process?: { env?: unknown };
  linux?: { cgroupsPath?: unknown };
}

const configOf = (events: readonly TraceEvent[]): KnownConfig | undefined =>
  events.findLast((event) => event.type === 'daemon.spec-generated')?.data.config as KnownConfig | undefined;

function createBody(events: readonly TraceEvent[]): Record<string, unknown> {
  const request = events.findLast((event) => event.data.method === 'POST /containers/create' && 'body' in event.data);
  const body = request?.data.body;
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}

const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === 'string') : [];

/** The executor blanks its copy; config.json's own has the names and the values that are no secret. */
function environmentOf(config: KnownConfig | undefined, exec: TraceEvent): string[] {
  const own = strings(config?.process?.env);
  return own.length > 0 ? own : strings((exec.data.arguments as Record<string, unknown> | undefined)?.env);
}

function layersOf(events: readonly TraceEvent[], overlay: TraceEvent): Layers {
  const options = textOf(overlay.data.options).split(',');
  const folders = (options.find((option) => option.startsWith('lowerdir=')) ?? 'lowerdir=').slice(9).split(':');
  const resolved = events.findLast((event) => event.type === 'daemon.image-resolved');
  const listed = strings(resolved?.data.layers).filter(isDigest);
  return { digests: listed.length > 0 ? listed : unpackedLayers(events, folders), folders: folders.filter(Boolean) };
}

const isDigest = (text: string): boolean => /^sha256:[0-9a-f]{64}$/.test(text);

/** Of an older trace that shows the pull: each folder's digest, or nothing when one is not known. */
function unpackedLayers(events: readonly TraceEvent[], folders: readonly string[]): string[] {
  const digestOf = new Map(
    events
      .filter((event) => event.type === 'containerd.layer-unpacked')
      .map((event) => [textOf(event.data.directory), textOf(event.data.digest)]),
  );
  const digests = folders.map((folder) => digestOf.get(folder) ?? '').reverse();
  return digests.every(isDigest) ? digests : [];
}

function networkOf(events: readonly TraceEvent[], initPid: number): NetworkFacts | undefined {
  const joined = events.find(
    (event) =>
      operationOf(event) === 'setns' &&
      event.pid === initPid &&
      (event.data.arguments as { type?: unknown }).type === 'network',
  );
  const namespace = textOf((joined?.data.arguments as { path?: unknown } | undefined)?.path);
  if (namespace === '') return undefined;
  const messages = events.filter((event) => event.type === 'kernel.netlink-sent' && event.data.errno === undefined);
  const bridge = bridgeOf(messages, namespace);
  const address = addressOf(messages, namespace);
  return { namespace, ...(bridge && { bridge }), ...(address && { address }) };
}

/** The pair of links between a bridge of the host and the namespace: its twin names them. */
function bridgeOf(messages: readonly TraceEvent[], namespace: string): NetworkFacts['bridge'] {
  const pair = messages.findLast((event) => / type veth /.test(event.twin ?? '') && event.twin?.includes(namespace));
  const form = /^ip link add (\S+) mtu (\d+) master (\S+) /.exec(pair?.twin ?? '');
  if (form?.[1] === undefined || form[3] === undefined) return undefined;
  const route = messages.find((event) => event.data.message === 'RTM_NEWROUTE' && event.data.namespace === namespace);
  const gateway = textOf((route?.data.attributes as { RTA_GATEWAY?: unknown } | undefined)?.RTA_GATEWAY);
  const name = form[3];
  const wasThere = !messages.some((event) => event.twin?.startsWith(`ip link add ${name} `));
  return { name, wasThere, gateway, link: form[1], mtuBytes: Number(form[2]) };
}

function addressOf(messages: readonly TraceEvent[], namespace: string): NetworkFacts['address'] {
  const event = messages.find((one) => one.data.message === 'RTM_NEWADDR' && one.data.namespace === namespace);
  const attributes = event?.data.attributes as { IFA_LOCAL?: unknown; ifa_prefixlen?: unknown } | undefined;
  const address = textOf(attributes?.IFA_LOCAL);
  if (event === undefined || !/^\d+\.\d+\.\d+\.\d+$/.test(address)) return undefined;
  return { address, prefixLength: Number(attributes?.ifa_prefixlen ?? 16), event };
}
