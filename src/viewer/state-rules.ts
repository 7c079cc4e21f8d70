// Rules and routes as of an event: links, addresses and routes of each network namespace, then the iptables chains.
// Rule: a message names a link by its number; where the trace does not tell which that is, the number is shown.
import type { TraceEvent } from '../trace/file.ts';
import { type Fold, isDone, type Names, type StateLine, textOf } from './state-fold.ts';

interface Entry {
  text: string;
  seq: number;
}

interface Namespace {
  links: Map<string, Entry>;
  addresses: Entry[];
  routes: Entry[];
  /** Number of a link → its name, as far as the trace tells. */
  numbers: Map<number, string>;
  /** Made, and not yet seen by its number. */
  unnumbered: string[];
}

interface Net {
  namespaces: Map<string, Namespace>;
  /** `nat TLAB` → its rules. */
  chains: Map<string, { seq: number; rules: Entry[] }>;
  settings: Map<string, Entry>;
  /** The network namespace that a span has made last: a veth pair of that span leads into it. */
  madeIn: Map<string, string>;
}

const types = /^kernel\.(netlink-sent|chain-|rule-|mount-detached|network-namespace-created|file-written)/;

export const rules: Fold<Net> = {
  begin: () => ({ namespaces: new Map(), chains: new Map(), settings: new Map(), madeIn: new Map() }),
  concerns: ({ type, data }) =>
    types.test(type) && (type !== 'kernel.file-written' || textOf(data.path).startsWith('/proc/sys/net/')),
  apply(net, event, names) {
    if (isDone(event)) change(net, event, names);
  },
  lines: (net, names) => [
    ...[...net.namespaces].flatMap(([path, one]) => namespaceLines(names.ofNamespace(path), one)),
    ...settingLines(net),
    ...chainLines(net, names),
  ],
};

function change(net: Net, event: TraceEvent, names: Names): void {
  const { type, data, seq } = event;
  const chain = `${textOf(data.table)} ${textOf(data.chain)}`;
  switch (type) {
    case 'kernel.netlink-sent':
      link(namespaceAt(net, textOf(data.namespace)), event, names.ofNamespace(net.madeIn.get(event.span) ?? ''));
      return;
    case 'kernel.network-namespace-created':
      namespaceAt(net, textOf(data.path));
      net.madeIn.set(event.span, textOf(data.path));
      return;
    case 'kernel.mount-detached':
      net.namespaces.delete(textOf(data.target));
      return;
    case 'kernel.file-written':
      net.settings.set(textOf(data.path), { text: textOf(data.value).trim(), seq });
      return;
    case 'kernel.chain-made':
      net.chains.set(chain, { seq, rules: [] });
      return;
    case 'kernel.chain-removed':
      net.chains.delete(chain);
      return;
    default:
      rule(net, chain, event);
  }
}

function rule(net: Net, chain: string, { type, data, seq }: TraceEvent): void {
  const known = net.chains.get(chain) ?? { seq, rules: [] };
  net.chains.set(chain, known);
  const text = textOf(data.rule);
  if (type === 'kernel.rule-added') known.rules.push({ text, seq });
  else {
    const at = known.rules.findIndex((one) => one.text === text);
    if (at >= 0) known.rules.splice(at, 1);
    known.seq = seq;
  }
}

function namespaceAt(net: Net, path: string): Namespace {
  const known = net.namespaces.get(path);
  if (known !== undefined) return known;
  const made: Namespace = {
    links: new Map(),
    addresses: [],
    routes: [],
    numbers: new Map([[1, 'lo']]),
    unnumbered: [],
  };
  // The far end of a veth pair is named after the message that makes both; in a container it is eth0.
  if (path !== 'host') made.unnumbered.push('eth0');
  net.namespaces.set(path, made);
  return made;
}

/** `far`: whose namespace the far end of a pair is in, as far as the trace tells. */
function link(net: Namespace, { data, seq }: TraceEvent, far: string): void {
  const attributes = (data.attributes ?? {}) as Record<string, unknown>;
  const name = attributes.IFLA_IFNAME;
  switch (data.message) {
    case 'RTM_NEWLINK':
      if (typeof name === 'string') made(net, { name, attributes, far, seq });
      else if (typeof attributes.ifi_index === 'number') up(net, attributes, seq);
      return;
    case 'RTM_DELLINK':
      net.links.delete(typeof name === 'string' ? name : nameOf(net, attributes.ifi_index));
      return;
    case 'RTM_NEWADDR': {
      const text = `${textOf(attributes.IFA_LOCAL ?? attributes.IFA_ADDRESS)}/${textOf(attributes.ifa_prefixlen)}`;
      net.addresses.push({ text: `address ${text} on ${nameOf(net, attributes.ifa_index)}`, seq });
      return;
    }
    case 'RTM_NEWROUTE':
      net.routes.push({ text: routeWords(net, attributes), seq });
  }
}

interface Made {
  name: string;
  attributes: Record<string, unknown>;
  far: string;
  seq: number;
}

function made(net: Namespace, { name, attributes, far: whose, seq }: Made): void {
  const info = (attributes.IFLA_LINKINFO ?? {}) as Record<string, unknown>;
  const peer = (info.IFLA_INFO_DATA as { VETH_INFO_PEER?: { IFLA_IFNAME?: string } } | undefined)?.VETH_INFO_PEER;
  // A bridge that was there before the trace began has a number and no name: the last link made is not it.
  const bridge = net.numbers.get(Number(attributes.IFLA_MASTER)) ?? `#${textOf(attributes.IFLA_MASTER)}`;
  const master = attributes.IFLA_MASTER === undefined ? '' : `, a port of ${bridge}`;
  const far = peer === undefined ? '' : `, its other end is ${textOf(peer.IFLA_IFNAME)} of ${whose || 'a container'}`;
  net.links.set(name, { text: `link ${name}: ${textOf(info.IFLA_INFO_KIND) || 'changed'}${master}${far}`, seq });
  net.unnumbered.push(name);
}

/** @source man netdevice(7): IFF_UP is 1 */
function up(net: Namespace, { ifi_index: index, ifi_flags: flags }: Record<string, unknown>, seq: number): void {
  const name = nameOf(net, index);
  const known = net.links.get(name)?.text ?? `link ${name}`;
  net.links.set(name, { text: `${known.replace(/, (up|down)$/, '')}, ${flags === 1 ? 'up' : 'down'}`, seq });
}

/** A number that was not seen before is that of the link that was made last. */
function nameOf(net: Namespace, index: unknown): string {
  const known = net.numbers.get(Number(index));
  if (known !== undefined) return known;
  const name = net.unnumbered.pop();
  if (name === undefined) return `#${textOf(index)}`;
  net.numbers.set(Number(index), name);
  return name;
}

function routeWords(net: Namespace, attributes: Record<string, unknown>): string {
  const to =
    attributes.RTA_DST === undefined ? 'default' : `${textOf(attributes.RTA_DST)}/${textOf(attributes.rtm_dst_len)}`;
  const via = attributes.RTA_GATEWAY === undefined ? '' : ` via ${textOf(attributes.RTA_GATEWAY)}`;
  return `route ${to}${via} by ${nameOf(net, attributes.RTA_OIF)}`;
}

function namespaceLines(name: string, { links, addresses, routes }: Namespace): StateLine[] {
  const entries = [...links.values(), ...addresses, ...routes];
  if (entries.length === 0) return [];
  return [
    { text: name === 'host' ? 'network of the host' : `network of ${name}`, indent: 0 },
    ...entries.map((entry) => ({ ...entry, indent: 1 })),
  ];
}

function settingLines({ settings }: Net): StateLine[] {
  if (settings.size === 0) return [];
  const rows = [...settings].map(([path, { text, seq }]) => ({ text: `${path} = ${text}`, seq, indent: 1 }));
  return [{ text: 'settings of the network', indent: 0 }, ...rows];
}

function chainLines({ chains }: Net, names: Names): StateLine[] {
  return [...chains]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, chain]) => [
      { text: `chain ${name}: ${chain.rules.length}`, seq: chain.seq, indent: 0 },
      ...chain.rules.map(({ text, seq }) => ({ text: names.named(text), seq, indent: 1 })),
    ]);
}
