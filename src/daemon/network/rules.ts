// The texts of tlab's netfilter rules. Rule: everything is in chains named TLAB*; another program's chain only gets a jump.
//
//   raw     PREROUTING  → TLAB              nobody on the bridge speaks as, or to, the host's 127.0.0.0/8
//           PREROUTING  → TLAB-DIRECT       nobody outside the bridge speaks to a container's own address
//   nat     PREROUTING  → TLAB              published ports, for packets from outside and from containers
//           OUTPUT      → TLAB              the same for programs of this host, localhost included
//           POSTROUTING → TLAB-POSTROUTING  outgoing traffic, localhost clients, container → host port → container
//   filter  FORWARD     → TLAB-FORWARD      first, because another engine may have set the policy to DROP
//   filter  TLAB                            published ports
//   filter  FORWARD     → TLAB-CLOSED       last, and only on a host that forwarded nothing before

import type { FirewallChain, FirewallRule } from '../../kernel/kernel.ts';
import type { Cause } from '../../trace/cause.ts';
import { type Cidr, formatAddress, formatNetwork } from './ipv4.ts';
import type { PortMapping } from './port.ts';

export const bridgeName = 'tlab0';

export const ownChains: readonly FirewallChain[] = [
  { table: 'raw', chain: 'TLAB' },
  { table: 'raw', chain: 'TLAB-DIRECT' },
  { table: 'nat', chain: 'TLAB' },
  { table: 'nat', chain: 'TLAB-POSTROUTING' },
  { table: 'filter', chain: 'TLAB' },
  { table: 'filter', chain: 'TLAB-FORWARD' },
  { table: 'filter', chain: 'TLAB-CLOSED' },
];

const baseCause: Cause = 'default:bridge-network';
export const isOwnChain = (name: string): boolean => /^TLAB(-|$)/.test(name);

/** True for a rule of somebody else's chain that leads into one of ours. */
export const isOwnJump = ({ chain, rule }: FirewallRule): boolean =>
  !isOwnChain(chain) && isOwnChain(/(?:^| )-j (\S+)$/.exec(rule)?.[1] ?? '');

const base = (table: FirewallRule['table'], chain: string, rule: string): FirewallRule => ({
  table,
  chain,
  rule,
  cause: baseCause,
});

/** Jumps that go before everything that is there. */
export const firstJumps = (bridge: Cidr): FirewallRule[] => [
  base('raw', 'PREROUTING', `-i ${bridgeName} -j TLAB`),
  base('raw', 'PREROUTING', `-d ${formatNetwork(bridge)} ! -i ${bridgeName} -j TLAB-DIRECT`),
  base('filter', 'FORWARD', '-j TLAB-FORWARD'),
];

/**
 * Jumps that go behind what is there. A packet from outside to 127.0.0.0/8 is never rewritten: the kernel drops it as martian
 * only after this chain, so a rewritten one would reach ports that are published on 127.0.0.1 alone.
 */
export const lastJumps: readonly FirewallRule[] = [
  base('nat', 'PREROUTING', '! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j TLAB'),
  base('nat', 'OUTPUT', '-m addrtype --dst-type LOCAL -j TLAB'),
  base('nat', 'POSTROUTING', '-j TLAB-POSTROUTING'),
];

/**
 * What does not depend on any container. route_localnet makes the kernel accept 127.0.0.0/8 on the bridge, so the two raw rules
 * must be there before it is switched on. @source CVE-2020-8558
 */
export function baseRules(bridge: Cidr): FirewallRule[] {
  const subnet = formatNetwork(bridge);
  const forward = (rule: string): FirewallRule => base('filter', 'TLAB-FORWARD', rule);
  const postrouting = (rule: string): FirewallRule => base('nat', 'TLAB-POSTROUTING', rule);
  return [
    base('raw', 'TLAB', '-d 127.0.0.0/8 -j DROP'),
    base('raw', 'TLAB', '-s 127.0.0.0/8 -j DROP'),
    // What comes by a published port or as an answer is still addressed to the host here. In raw, because in FORWARD another engine's
    // rules may stand before ours and let it through.
    base('raw', 'TLAB-DIRECT', `-d ${formatAddress(bridge.address)}/32 -j RETURN`),
    base('raw', 'TLAB-DIRECT', '-j DROP'),
    postrouting(`-s ${subnet} ! -o ${bridgeName} -j MASQUERADE`),
    // A container cannot answer 127.0.0.1: it must see the bridge's address.
    postrouting(`-s 127.0.0.0/8 -o ${bridgeName} -j MASQUERADE`),
    // Container to container through a host port: the answer must come back through here, not straight over the bridge.
    postrouting(`-s ${subnet} -o ${bridgeName} -m conntrack --ctstate DNAT -j MASQUERADE`),
    forward(`-o ${bridgeName} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`),
    forward(`-i ${bridgeName} -o ${bridgeName} -j ACCEPT`),
    forward(`-o ${bridgeName} -j TLAB`),
    forward(`-o ${bridgeName} -j DROP`),
    // Another engine's networks: by published port only, and then its own rules decide.
    ...['docker+', 'br-+'].flatMap((other) => [
      forward(`-i ${bridgeName} -o ${other} -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP`),
      forward(`-i ${bridgeName} -o ${other} -j RETURN`),
    ]),
    forward(`-i ${bridgeName} -j ACCEPT`),
  ];
}

/**
 * When tlab switched ip_forward on itself, what was not forwarded before stays so. Its jump is the last of FORWARD, so that
 * whoever adds rules of their own is heard first.
 */
export const closedRule = base('filter', 'TLAB-CLOSED', `! -i ${bridgeName} -j DROP`);
export const closedJump = base('filter', 'FORWARD', '-j TLAB-CLOSED');

/** The two rules of one published port; the second opens the way for packets that the first one rewrote, and only for those. */
function mappingRules(ipAddress: string, mapping: PortMapping): FirewallRule[] {
  const { protocol, containerPort, hostIp, hostPort, cause } = mapping;
  const match = `-p ${protocol} -m ${protocol} --dport`;
  const destination = hostIp === '0.0.0.0' ? '' : `-d ${hostIp}/32 `;
  return [
    {
      table: 'nat',
      chain: 'TLAB',
      rule: `${destination}${match} ${hostPort} -j DNAT --to-destination ${ipAddress}:${containerPort}`,
      cause,
    },
    {
      table: 'filter',
      chain: 'TLAB',
      rule:
        `-d ${ipAddress}/32 ! -i ${bridgeName} -o ${bridgeName} ${match} ${containerPort} ` +
        '-m conntrack --ctstate DNAT -j ACCEPT',
      cause,
    },
  ];
}

/** All rules of one container. */
export const containerRules = (container: { ipAddress: string; ports: readonly PortMapping[] }): FirewallRule[] =>
  container.ports.flatMap((mapping) => mappingRules(container.ipAddress, mapping));
