// Chains and rules of iptables in words: what a packet meets, and what would happen without the rule.
import type { WordsRow } from '../words-row.ts';

export interface RuleSubject {
  table: string;
  chain: string;
  /** As iptables-save prints it, without the chain. */
  rule: string;
}

const rule =
  (table: string, pattern: RegExp) =>
  (subject: RuleSubject): boolean =>
    subject.table === table && pattern.test(subject.rule);
const port = ({ rule: words }: RuleSubject): string => /--dport (\S+)/.exec(words)?.[1] ?? 'a port';
const target = ({ rule: words }: RuleSubject): string => /--to-destination (\S+)/.exec(words)?.[1] ?? 'the container';
const jump = ({ rule: words }: RuleSubject): string => /-j (\S+)/.exec(words)?.[1] ?? '';

export const ruleRows: readonly WordsRow<RuleSubject>[] = [
  {
    id: 'rule-dnat',
    when: rule('nat', /-j DNAT/),
    does: (subject) =>
      `Publishes: a packet to port ${port(subject)} of this host is sent on to ${target(subject)} (its destination is rewritten, DNAT).`,
    now: 'Before the program runs: the port is open from its first moment. EXPOSE alone makes no such rule; -p and -P do.',
    without: "The port would be reachable on the container's own address only, that is, from this host.",
    shows: ['NET-2', 'STK-15'],
    source: 'man iptables-extensions(8)',
  },
  {
    id: 'rule-masquerade-out',
    when: rule('nat', /^-s \S+ ! -o \S+ -j MASQUERADE/),
    does: "Rewrites the source of what leaves the containers' subnet to this host's address (masquerade), and the answers back.",
    now: 'Once for a network, before its first container runs.',
    without:
      'Answers would be sent to a private address that no router knows: the container could send and would never hear back.',
    shows: ['NET-3'],
    source: 'man iptables-extensions(8)',
  },
  {
    id: 'rule-masquerade-loopback',
    when: rule('nat', /^-s 127\..*MASQUERADE/),
    does: "Rewrites the source 127.0.0.1 of what this host sends into the bridge, through a port published there, to the bridge's address.",
    now: 'Once for a network, together with route_localnet, which lets such packets out of loopback at all.',
    without:
      'The container would answer to 127.0.0.1, which is itself: `curl 127.0.0.1:8080` on the host would time out.',
    shows: ['NET-2'],
    source: 'man iptables-extensions(8)',
  },
  {
    id: 'rule-masquerade-hairpin',
    when: rule('nat', /MASQUERADE/),
    does: 'Rewrites the source of what a container sends back into its own bridge through a published port (hairpin).',
    now: 'Once for a network, or with the port that it belongs to.',
    without:
      'The answer would go to the neighbour directly, past the translation, and the asker would not know it: published ports would fail from the inside.',
    shows: ['NET-2'],
    source: 'man iptables-extensions(8)',
  },
  {
    id: 'rule-nat-jump',
    when: rule('nat', /--dst-type LOCAL/),
    does: (subject) =>
      `Sends packets to addresses of this host through the chain ${jump(subject)}, where the published ports stand.`,
    now: 'PREROUTING sees what comes from outside, OUTPUT what this host itself sends: the jump stands in both.',
    without: 'The rules of published ports would exist, but no packet would meet them.',
    shows: ['NET-2'],
    source: 'man iptables(8)',
  },
  {
    id: 'rule-established',
    when: rule('filter', /RELATED,ESTABLISHED.*-j ACCEPT/),
    does: 'Lets answers back in to the containers: packets of connections that are already known.',
    now: 'Before the rule that drops the rest.',
    without: 'Containers could send out, but every answer would be dropped on its way in.',
    shows: ['NET-3'],
    source: 'man iptables-extensions(8)',
  },
  {
    id: 'rule-published-accept',
    when: rule('filter', /-d \S+.*--dport \S+.*-j ACCEPT/),
    does: (subject) => `Lets packets in to port ${port(subject)} of the container, after DNAT has sent them there.`,
    now: 'With the DNAT rule: translating an address does not yet permit the packet.',
    without: 'The packet would be translated and then dropped at the end of the chain: connections would time out.',
    shows: ['NET-2'],
    source: 'man iptables(8)',
  },
  {
    id: 'rule-between-containers',
    when: (subject) => {
      const [, from, to] = /^-i (\S+) -o (\S+) -j (?:ACCEPT|DROP)/.exec(subject.rule) ?? [];
      return subject.table === 'filter' && from !== undefined && from === to;
    },
    does: (subject) =>
      `${jump(subject) === 'DROP' ? 'Drops' : 'Accepts'} packets from one container of this bridge to another (inter-container communication).`,
    now: 'Once for a network. Frames between ports of one bridge meet it only when the host passes bridged frames to iptables (br_netfilter).',
    without: 'What the rest of the chain says would hold for neighbours too.',
    shows: ['NET-8'],
    source: 'man iptables(8)',
  },
  {
    id: 'rule-raw-jump',
    when: ({ table, rule: words }) => table === 'raw' && /^-i \S+ -j (?!DROP|ACCEPT)\S+$/.test(words),
    does: (subject) =>
      `Sends what comes in from the bridge through the chain ${jump(subject)}, which drops packets that claim to be of 127.0.0.0/8.`,
    now: 'In the raw table, the first one a packet meets: before any address is translated.',
    without: 'The guard of 127.0.0.1 would exist, but no packet would meet it.',
    shows: ['NET-2', 'SEC-6'],
    source: 'man iptables(8)',
  },
  {
    id: 'rule-raw-gateway',
    when: ({ table, rule: words }) => table === 'raw' && /-d \S+ -j (RETURN|ACCEPT)/.test(words),
    does: "Lets packets to that one address through: the bridge's own, which belongs to this host.",
    now: 'Before the DROP that ends the chain: rules are read from the top.',
    without: "The host's own address on the bridge could not be reached from other interfaces.",
    shows: ['NET-8'],
    source: 'man iptables(8)',
  },
  {
    id: 'rule-raw-direct',
    when: ({ table, rule: words }) => table === 'raw' && !words.includes('127.0.0.0/8'),
    does: "Guards the containers' addresses against packets that come to them directly, from another interface than their bridge.",
    now: 'In the raw table, the first one a packet meets: before any address is translated.',
    without: 'A machine on the same network could set a route through this host and reach ports that nobody published.',
    shows: ['NET-2', 'NET-8'],
    source: 'man iptables(8)',
  },
  {
    id: 'rule-raw-loopback',
    when: ({ table }) => table === 'raw',
    does: 'Drops packets from the bridge that claim to come from, or go to, 127.0.0.0/8.',
    now: 'With route_localnet, which lets published ports work on 127.0.0.1 and would otherwise open this hole.',
    without: 'A container could reach services of the host that listen on 127.0.0.1 only.',
    shows: ['NET-2', 'SEC-6'],
    source: 'kernel networking/ip-sysctl.rst route_localnet',
  },
  {
    id: 'rule-forward-out',
    when: rule('filter', /^-i \S+ -j ACCEPT/),
    does: 'Lets packets leave the bridge for other networks.',
    now: 'After the rules that keep networks apart.',
    without: 'On a host whose FORWARD chain drops by default, as Docker sets it, no container could get out.',
    shows: ['NET-3'],
    source: 'man iptables(8)',
  },
  {
    id: 'rule-other-engine',
    when: rule('filter', /^-i \S+ -o \S+ .*-j (DROP|RETURN)|^-i \S+ -o \S+ -j RETURN/),
    does: (subject) =>
      jump(subject) === 'DROP'
        ? 'Drops what goes from this bridge to a bridge of another network or engine, unless it is an answer or came by a published port.'
        : 'Leaves the rest of what goes to such a bridge to the chains that come after: the other network or engine has rules of its own.',
    now: 'Before the rule that lets everything else out of the bridge.',
    without: 'Containers of one network could reach unpublished ports of another one.',
    shows: ['NET-8'],
    source: 'man iptables-extensions(8)',
  },
  {
    id: 'rule-drop',
    when: rule('filter', /-j DROP/),
    does: 'Drops what no rule before it has let through.',
    now: 'After the exceptions: rules are read from the top, and the first that decides ends the way.',
    without: 'Ports that nobody published would be reachable, and networks would not be isolated from each other.',
    shows: ['NET-8'],
    source: 'man iptables(8)',
  },
  {
    id: 'rule-jump',
    when: ({ rule: words }) => /^(?!.*-j (ACCEPT|DROP|RETURN)).*-j \S+/.test(words),
    does: (subject) => `Sends packets through the chain ${jump(subject)}.`,
    now: "After that chain was made. Rules in chains of its own let the engine take them away again without touching anybody else's.",
    without: 'The rules of that chain would exist, but no packet would meet them.',
    shows: ['NET-2'],
    source: 'man iptables(8)',
  },
  {
    id: 'rule-other',
    does: ({ table, chain }) => `Adds a rule to the chain ${chain} of the table ${table}.`,
    now: 'Rules are read from the top; the place in the chain counts.',
    without: 'The packets that it speaks of would meet the next rule instead.',
    shows: ['NET-2'],
    source: 'man iptables(8)',
  },
];
