// The variables of a twin script: each name and address that belongs to the run, and the one that the script uses instead, so that
// its container can stand beside the original. Rule: what is replaced here is replaced everywhere, word by word.
import type { TraceEvent } from '../../trace/file.ts';
import type { RunFacts } from './run.ts';
import { anyText, type Substitution, wholeText } from './shell.ts';

export interface Variable {
  name: string;
  /** What it is when nobody sets it; may hold earlier variables. */
  value: string;
  /** `the run: 172.17.0.2`. */
  says: string;
}

/** Text of the trace inside a default: only characters that the script accepts there, none of which means anything to the shell. */
const tame = (text: string): string => text.replace(/[^A-Za-z0-9_./:-]/g, '_');

export interface Names {
  variables: Variable[];
  substitutions: Substitution[];
  /** Published port of the run → its variable. */
  ports: Map<string, string>;
}

const baseNetwork = 10 * 2 ** 24 + 213 * 2 ** 16;

const toNumber = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const toAddress = (number: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');

/** The address's place in its network, in a network of the script's own. */
const movedAddress = (address: string, prefixLength: number): string =>
  toAddress(baseNetwork + (toNumber(address) % 2 ** (32 - prefixLength)));

/** The network that an address is in: `172.17.0.0/16` and its broadcast address. */
export function networkOf(address: string, prefixLength: number): { subnet: string; base: string; broadcast: string } {
  const size = 2 ** (32 - prefixLength);
  const base = toNumber(address) - (toNumber(address) % size);
  return { subnet: `${toAddress(base)}/${prefixLength}`, base: toAddress(base), broadcast: toAddress(base + size - 1) };
}

/** Every variable of the script, in the order in which they are set. */
export function namesOf(run: RunFacts): Names {
  const parent = run.cgroup.slice(0, run.cgroup.lastIndexOf('/'));
  const variables: Variable[] = [
    { name: 'ID', value: `twin-${tame(run.id.slice(0, 6))}`, says: `the run: ${run.id}` },
    { name: 'DIR', value: '/var/tmp/$ID', says: 'what the script writes goes here' },
    { name: 'ROOTFS', value: '$DIR/rootfs', says: `the run: ${run.rootfs}` },
    { name: 'PARENT', value: 'tlab-twin', says: `the cgroup above the container's; the run: ${parent || '/'}` },
  ];
  const substitutions: Substitution[] = [
    ...fileSubstitutions(run.events),
    { pattern: wholeText(run.rootfs), variable: 'ROOTFS' },
    { pattern: wholeText(run.id), variable: 'ID' },
  ];
  if (parent.length > 1) substitutions.push({ pattern: cgroupParent(parent.slice(1)), variable: 'PARENT' });
  const ports = new Map<string, string>();
  if (run.network !== undefined) addNetwork(run, run.network, { variables, substitutions, ports });
  addFolders(run, { variables, substitutions, ports });
  return { variables, substitutions, ports };
}

/** Where layers come from, and what is the container's own on the host. */
function addFolders(run: RunFacts, { variables, substitutions }: Names): void {
  const store = /^(.+)\/snapshots\/[^/]+\/fs$/.exec(run.layers.folders[0] ?? '')?.[1] ?? '/var/lib/tlab/containerd';
  if (run.layers.digests.length > 0) {
    variables.push({ name: 'LAYERS', value: tame(store), says: 'blobs by digest: a content store, or an OCI layout' });
  }
  const volumes = `${store.slice(0, store.lastIndexOf('/'))}/volumes`;
  variables.push({ name: 'VOLUMES', value: '$DIR/volumes', says: `the run: ${volumes}` });
  substitutions.push({ pattern: wholeText(volumes), variable: 'VOLUMES' });
  for (const { path, name } of writtenFiles(run.events)) {
    variables.push({ name: fileVariable(name), value: `$DIR/${tame(name)}`, says: `the run: ${path}` });
  }
}

/** `tlab` as the first folder below a hierarchy: in /sys/fs/cgroup/cpu/tlab/…, /sys/fs/cgroup/tlab/…, /tlab/… */
const cgroupParent = (parent: string): RegExp =>
  new RegExp(`(?<=^/|^/sys/fs/cgroup/(?:[\\w,=]+/)?)${wholeText(parent).source}(?=/|$)`, 'u');

/** hosts, hostname and resolv.conf: the script writes its own. */
const fileSubstitutions = (events: readonly TraceEvent[]): Substitution[] =>
  writtenFiles(events).map(({ path, name }) => ({
    pattern: wholeText(path),
    variable: fileVariable(name),
  }));

export const fileVariable = (name: string): string => `FILE_${name.replace(/\W/g, '_').toUpperCase()}`;

export const writtenFiles = (events: readonly TraceEvent[]): Array<{ path: string; name: string; event: TraceEvent }> =>
  events
    .filter((event) => event.type === 'daemon.file-written')
    .map((event) => {
      const path = String(event.data.path);
      return { path, name: path.slice(path.lastIndexOf('/') + 1), event };
    });

/** Also as a part of a setting's name: net.ipv4.conf.tlab0.route_localnet. */
const linkName = (name: string): RegExp => new RegExp(`(?<![\\w-])${anyText(name).source}(?![\\w-])`, 'u');

function addNetwork(run: RunFacts, network: NonNullable<RunFacts['network']>, names: Names): void {
  names.variables.push({ name: 'NETNS', value: '$DIR/netns', says: `the run: ${network.namespace}` });
  names.substitutions.push({ pattern: wholeText(network.namespace), variable: 'NETNS' });
  const { bridge, address } = network;
  if (bridge === undefined || address === undefined) return;
  const bits = address.prefixLength;
  const original = networkOf(address.address, bits);
  const rows: Array<[name: string, own: string, original: string]> = [
    ['BRIDGE', '$ID-b', bridge.name],
    ['LINK', '$ID', bridge.link],
    ['SUBNET', `${movedAddress(original.base, bits)}/${bits}`, original.subnet],
    ['BROADCAST', movedAddress(original.broadcast, bits), original.broadcast],
    ['GATEWAY', movedAddress(bridge.gateway, bits), bridge.gateway],
    ['ADDRESS', movedAddress(address.address, bits), address.address],
  ];
  for (const [name, value, recorded] of rows) {
    names.variables.push({ name, value, says: `the run: ${recorded}` });
    names.substitutions.push({
      pattern: /\./.test(recorded) ? wholeText(recorded) : linkName(recorded),
      variable: name,
    });
  }
  names.variables.push({
    name: 'CHAIN',
    value: '$(echo "$ID" | tr a-z A-Z)',
    says: "the iptables chains' names begin so; the run: TLAB",
  });
  names.substitutions.push({ pattern: anyText('TLAB'), variable: 'CHAIN' });
  for (const port of publishedPorts(run.events)) {
    const name = `PORT_${port}`;
    const own = Number(port) < 55_536 ? Number(port) + 10_000 : Number(port) - 10_000;
    names.variables.push({ name, value: String(own), says: `the host's port; the run: ${port}` });
    names.ports.set(port, name);
  }
}

/** Host ports of the DNAT rules. */
function publishedPorts(events: readonly TraceEvent[]): Set<string> {
  const rules = events.filter((event) => event.type === 'kernel.rule-added' && event.data.table === 'nat');
  return new Set(
    rules.flatMap((event) => {
      const port = / --dport (\d+) .*-j DNAT /.exec(String(event.data.rule))?.[1];
      return port === undefined ? [] : [port];
    }),
  );
}
