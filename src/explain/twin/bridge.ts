// What a bridge network needs, for a run that found its bridge there: such a trace does not show how it was made.
// Rule: the same commands as those of a trace that shows it; test/integration/trace-twin.test.ts compares the two.
import type { TraceEvent } from '../../trace/file.ts';
import type { Step } from './blocks.ts';
import { hostStep } from './host.ts';
import { type Names, networkOf } from './names.ts';
import type { NetworkFacts } from './run.ts';

interface Wanted {
  bridge: NonNullable<NetworkFacts['bridge']>;
  address: NonNullable<NetworkFacts['address']>;
}

type Fields = Pick<TraceEvent, 'type' | 'data'> & { twin?: string };

const chains = [
  ['raw', 'TLAB'],
  ['raw', 'TLAB-DIRECT'],
  ['nat', 'TLAB'],
  ['nat', 'TLAB-POSTROUTING'],
  ['filter', 'TLAB'],
  ['filter', 'TLAB-FORWARD'],
] as const;

/** Table, chain, rule; those of the kernel's own chains after the chains that they lead to. */
const rules = ({ bridge: { name, gateway } }: Wanted, subnet: string): Array<[string, string, string]> => [
  ['raw', 'PREROUTING', `-i ${name} -j TLAB`],
  ['raw', 'PREROUTING', `-d ${subnet} ! -i ${name} -j TLAB-DIRECT`],
  ['filter', 'FORWARD', '-j TLAB-FORWARD'],
  ['raw', 'TLAB', '-d 127.0.0.0/8 -j DROP'],
  ['raw', 'TLAB', '-s 127.0.0.0/8 -j DROP'],
  ['raw', 'TLAB-DIRECT', `-d ${gateway}/32 -j RETURN`],
  ['raw', 'TLAB-DIRECT', '-j DROP'],
  ['nat', 'TLAB-POSTROUTING', `-s ${subnet} ! -o ${name} -j MASQUERADE`],
  ['nat', 'TLAB-POSTROUTING', `-s 127.0.0.0/8 -o ${name} -j MASQUERADE`],
  ['nat', 'TLAB-POSTROUTING', `-s ${subnet} -o ${name} -m conntrack --ctstate DNAT -j MASQUERADE`],
  ['filter', 'TLAB-FORWARD', `-o ${name} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`],
  ['filter', 'TLAB-FORWARD', `-i ${name} -o ${name} -j ACCEPT`],
  ['filter', 'TLAB-FORWARD', `-o ${name} -j TLAB`],
  ['filter', 'TLAB-FORWARD', `-o ${name} -j DROP`],
  ['filter', 'TLAB-FORWARD', `-i ${name} -j ACCEPT`],
  ['nat', 'PREROUTING', '! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j TLAB'],
  ['nat', 'OUTPUT', '-m addrtype --dst-type LOCAL -j TLAB'],
  ['nat', 'POSTROUTING', '-j TLAB-POSTROUTING'],
];

/** The kernel's own chains: rules of ours come first where others would drop, last where the order does not matter. */
const verbOf = (table: string, chain: string): string => (chain.startsWith('TLAB') || table === 'nat' ? '-A' : '-I');

/** The steps of the events that the daemon emits when it makes its bridge. */
export function bridgeSteps(wanted: Wanted, names: Names): Step[] {
  return bridgeEvents(wanted)
    .map((fields) => hostStep({ ...wanted.address.event, ...fields }, names, 0))
    .filter((step): step is Step => step !== undefined);
}

/** Rules between networks of one host are left out. */
function bridgeEvents(wanted: Wanted): Fields[] {
  const { bridge, address } = wanted;
  const network = networkOf(address.address, address.prefixLength);
  const netlink = (twin: string): Fields => ({ type: 'kernel.netlink-sent', data: { namespace: 'host' }, twin });
  const sysctl = (name: string): Fields => ({
    type: 'kernel.file-written',
    data: { path: `/proc/sys/${name.replaceAll('.', '/')}`, value: '1' },
    twin: `sysctl -w ${name}=1`,
  });
  return [
    netlink(`ip link add ${bridge.name} mtu ${bridge.mtuBytes} type bridge`),
    netlink(`ip addr add ${bridge.gateway}/${address.prefixLength} broadcast ${network.broadcast} dev ${bridge.name}`),
    netlink(`ip link set dev ${bridge.name} up`),
    sysctl('net.ipv4.ip_forward'),
    ...chains.map(([table, chain]) => ({ type: 'kernel.chain-made', data: { table, chain } })),
    ...rules(wanted, network.subnet).map(([table, chain, rule]) => ({
      type: 'kernel.rule-added',
      data: { table, chain, rule },
      twin: `iptables -t ${table} ${verbOf(table, chain)} ${chain} ${rule}`,
    })),
    sysctl(`net.ipv4.conf.${bridge.name}.route_localnet`),
  ];
}
