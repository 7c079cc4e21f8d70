// Calls that shape the network: messages to rtnetlink, and programs of iptables, which say on their command line what they will do.
// A netlink socket belongs to the network namespace that its thread was in when it made it.
// @source man rtnetlink(7), iptables(8), setns(2)
import type { Call } from './call.ts';
import type { Deriving, Handler } from './deriving.ts';
import { type Notation, parseNotation } from './notation.ts';
import type { RuleChange } from './rule-change.ts';

type Fields = { [name: string]: Notation };
const isFields = (value: Notation | undefined): value is Fields => typeof value === 'object' && !Array.isArray(value);

/** Which calls ask for a change; RTM_GET… only asks. */
const changing = /^RTM_(NEW|DEL|SET)\w+$/;

const sendto: Handler = (call, deriving) => {
  if (call.succeeded && call.raw(0).includes('netlink')) messages(parseNotation(call.raw(1)), call, deriving);
};

/** sendmsg hands over a struct msghdr: the message is in its first vector. */
const sendmsg: Handler = (call, deriving) => {
  const header = parseNotation(call.raw(1));
  if (!call.succeeded || !call.raw(0).includes('netlink') || !isFields(header)) return;
  const vectors = Array.isArray(header.msg_iov) ? header.msg_iov : [];
  for (const vector of vectors) if (isFields(vector)) messages(vector.iov_base ?? '', call, deriving);
};

/** One message, `[{nlmsg_type=…}, {…}, attributes]`, or several of them in a list. */
function messages(value: Notation, call: Call, deriving: Deriving): void {
  if (!Array.isArray(value)) return;
  const [head, body, attributes] = value;
  if (!isFields(head)) {
    for (const one of value) messages(one, call, deriving);
    return;
  }
  const message = String(head.nlmsg_type ?? '');
  if (!changing.test(message)) return;
  const fields = isFields(body) ? bodyFields(body) : {};
  const data = {
    message,
    attributes: { ...fields, ...attributesOf(attributes) },
    namespace: namespaceOf(call, deriving),
  };
  deriving.emit('kernel.netlink-sent', data, [call.event]);
}

/** As our own daemon reports them: flags of a link as bits, empty fields left out. @source uapi linux/if.h IFF_UP */
function bodyFields(body: Fields): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body)) {
    if (name === 'ifi_flags' || name === 'ifi_change')
      fields[name] = String(value).split('|').includes('IFF_UP') ? 1 : 0;
    else if (value !== 0 && /(index|prefixlen|dst_len)$/.test(name)) fields[name] = value;
  }
  return fields;
}

/** `[[{nla_type=IFLA_IFNAME}, "eth0"], …]`, or one of them alone → names and values; nested ones the same. */
function attributesOf(value: Notation | undefined): Record<string, unknown> {
  if (!Array.isArray(value)) return {};
  const pairs = isFields(value[0]) ? [value] : value;
  const found: Record<string, unknown> = {};
  for (const pair of pairs) {
    if (!Array.isArray(pair) || !isFields(pair[0])) continue;
    const name =
      String(pair[0].nla_type ?? '')
        .split('|')
        .at(-1) ?? '';
    const content = pair.length > 2 ? pair.slice(1) : pair[1];
    const inner = attributesOf(Array.isArray(content) ? deepest(content) : undefined);
    found[name] = Object.keys(inner).length > 0 ? inner : content;
  }
  return found;
}

/** A nested message (the peer of a veth) has a struct before its attributes: those are what counts. */
const deepest = (value: Notation[]): Notation[] =>
  isFields(value[0]) && value[0].nla_type === undefined && Array.isArray(value[1]) ? value[1] : value;

const namespaceOf = (call: Call, { process }: Deriving): string =>
  process.sockets.get(call.descriptor(0)?.number ?? -1) ??
  process.networks.get(call.event.tid) ??
  process.network ??
  'host';

const socket: Handler = (call, { process }) => {
  if (!call.succeeded) return;
  const network = process.networks.get(call.event.tid);
  if (network === undefined) process.sockets.delete(call.result);
  else process.sockets.set(call.result, network);
};

/** A thread that joins a network namespace to work in it; that of its own process again is the host's. */
export function joinNetwork(path: string, call: Call, { process }: Deriving): void {
  if (/^\/proc\/(self|thread-self|\d+)\//.test(path)) process.networks.delete(call.event.tid);
  else process.networks.set(call.event.tid, path);
}

const programs = /\/(ip6?tables)(-legacy|-nft)?$/;

/** What a command line of iptables asks for; told when the program has ended well. */
export function rulesAsked(path: string, argv: readonly string[]): RuleChange[] {
  if (!programs.test(path)) return [];
  const words = argv.slice(1).filter((word) => !/^(-w|--wait)$/.test(word));
  const at = words.findIndex((word) => /^(-t|--table)$/.test(word));
  const table = at < 0 ? 'filter' : (words[at + 1] ?? 'filter');
  if (at >= 0) words.splice(at, 2);
  const [command = '', chain = '', ...rest] = words;
  const type = commands[command];
  if (type === undefined) return [];
  const position = /^(-I|--insert)$/.test(command) && /^\d+$/.test(rest[0] ?? '') ? 1 : 0;
  const rule = rest.slice(position).join(' ');
  return [{ type, data: type.startsWith('kernel.rule') ? { table, chain, rule } : { table, chain } }];
}

const commands: Readonly<Record<string, RuleChange['type']>> = {
  '-A': 'kernel.rule-added',
  '--append': 'kernel.rule-added',
  '-I': 'kernel.rule-added',
  '--insert': 'kernel.rule-added',
  '-D': 'kernel.rule-removed',
  '--delete': 'kernel.rule-removed',
  '-N': 'kernel.chain-made',
  '--new-chain': 'kernel.chain-made',
  '-X': 'kernel.chain-removed',
  '--delete-chain': 'kernel.chain-removed',
};

export const networkHandlers: Readonly<Record<string, Handler>> = { sendto, sendmsg, socket };
