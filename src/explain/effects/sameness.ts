// What differs between two runs of the same command, and its place-holder: container ids, network namespaces, the engine's folders,
// numbers of snapshots, pids, names of veths, addresses that were free. Two traces that went alike then have the same text.
// Rule: only what the engine chose by itself is replaced, never what a person asked for.
import type { TraceEvent } from '../../trace/file.ts';

const idForm = /\b[0-9a-f]{64}\b/g;
// A path is looked for from where a word begins: from each of its characters it would take the square of the text's length.
const runFolder =
  /(?<![^\s,:="])(\/[^\s,:="]*)\/(?:containerd\/io\.containerd\.runtime\.v2\.task|netns|fifo|runtime[^/]*\/moby)\//;
const dataFolder = /(?<![^\s,:="])(\/[^\s,:="]*)\/(?:containers\/[0-9a-f]{64}|containerd\/snapshots)\//;

/** The texts of one trace with place-holders for what belongs to this run alone. */
export class Sameness {
  /** What to replace, the longest first. */
  readonly #known: [string, string][] = [];
  /** Ports of the container whose port on the host was left to the engine. */
  readonly #ports: ReadonlySet<string>;

  constructor(events: readonly TraceEvent[]) {
    const known = new Map<string, string>();
    for (const event of events) {
      if (event.type === 'kernel.syscall-made') continue;
      const text = JSON.stringify(event.data);
      for (const [id] of text.matchAll(idForm)) {
        if (known.has(id)) continue;
        known.set(id, '<id>');
        known.set(id.slice(0, 12), '<id>');
      }
      const [run, data] = [runFolder.exec(text)?.[1], dataFolder.exec(text)?.[1]];
      if (run !== undefined && run.length > 1) known.set(run, '<run>');
      if (data !== undefined && data.length > 1) known.set(data, '<data>');
    }
    for (const address of givenOut(events)) known.set(address, '<address>');
    this.#ports = chosenPorts(events);
    this.#known = [...known].sort(([a], [b]) => b.length - a.length);
  }

  of(text: string): string {
    let result = text;
    for (const [own, placeholder] of this.#known) {
      if (result.includes(own)) result = result.replaceAll(own, placeholder);
    }
    return result
      .replace(/(^|[\s,:=])<run>\/containerd\/io\.containerd\.runtime\.v2\.task\/\w+\/<id>\/rootfs/g, '$1<rootfs>')
      .replace(/(?<![^\s,:="])[^\s,:="]*\/overlay2\/<id>\/merged/g, '<rootfs>')
      .replace(/\/netns\/[0-9a-f]{12}\b/g, '/netns/<id>')
      .replace(/\/snapshots\/\d+\//g, '/snapshots/<n>/')
      .replace(/\/proc\/\d+\//g, '/proc/<pid>/')
      .replace(/\b(?:tlab-[0-9a-f]{8}|veth[0-9a-f]{7})\b/g, '<veth>')
      .replace(/--dport \d+(?=.{0,300}--to-destination \S{0,60}:(\d+)\b)/g, (rule, port) =>
        this.#ports.has(port) ? '--dport <port>' : rule,
      )
      .replace(/(?<![^\s,:="])[^\s,:="]*\/dist\/bin\//g, '<tlab>/');
  }
}

const createRequests = (events: readonly TraceEvent[]): Record<string, unknown>[] =>
  events.flatMap(({ type, data }) =>
    type.endsWith('.request-received') && data.method === 'POST /containers/create' && typeof data.body === 'object'
      ? [(data.body ?? {}) as Record<string, unknown>]
      : [],
  );

/** Addresses that a container got; not those that a request names. */
function givenOut(events: readonly TraceEvent[]): string[] {
  const asked = JSON.stringify(createRequests(events));
  return events.flatMap(({ type, data }) => {
    if (type !== 'kernel.netlink-sent' || data.message !== 'RTM_NEWADDR' || data.namespace === 'host') return [];
    const address = (data.attributes as Record<string, unknown> | undefined)?.IFA_LOCAL;
    return typeof address === 'string' && !asked.includes(`"${address}"`) ? [address] : [];
  });
}

/** @source docker-api POST /containers/create: HostPort empty or 0, PublishAllPorts */
function chosenPorts(events: readonly TraceEvent[]): Set<string> {
  const ports = new Set<string>();
  for (const body of createRequests(events)) {
    const host = (body.HostConfig ?? {}) as { PortBindings?: unknown; PublishAllPorts?: unknown };
    const bindings = Object.entries((host.PortBindings ?? {}) as Record<string, unknown>);
    for (const [port, list] of bindings) {
      const isChosen = Array.isArray(list) && list.some((one) => ['', '0', undefined].includes(one?.HostPort));
      if (isChosen) ports.add(port.split('/')[0] ?? port);
    }
    if (host.PublishAllPorts !== true) continue;
    for (const port of Object.keys((body.ExposedPorts ?? {}) as object)) ports.add(port.split('/')[0] ?? port);
  }
  return ports;
}
