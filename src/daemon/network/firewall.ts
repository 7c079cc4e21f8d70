// tlab's rules on the host. `rebuild` writes all of them in one transaction: it is how they come into being, how they come back after
// somebody flushed them, and how a failed change is repaired. Jumps keep their place: raw and FORWARD first.
// Rule: a container enters or leaves the list in the same turn that queues its change, so a rebuild neither loses nor doubles it.
import type { Firewall, FirewallChain, FirewallRule } from '../../kernel/kernel.ts';
import type { Cidr } from './ipv4.ts';
import type { PortMapping } from './port.ts';
import {
  baseRules,
  closedJump,
  closedRule,
  containerRules,
  firstJumps,
  isOwnChain,
  isOwnJump,
  lastJumps,
  ownChains,
} from './rules.ts';

export interface Publisher {
  id: string;
  ipAddress: string;
  ports: readonly PortMapping[];
}

export interface Base {
  bridge: Cidr;
  /** True when tlab switched ip_forward on and nobody else relies on FORWARD for bridged frames. */
  staysClosed: boolean;
}

const isChain = (rule: FirewallRule, { table, chain }: FirewallChain): boolean =>
  rule.rule === '' && rule.table === table && rule.chain === chain;

export class HostRules {
  readonly #firewall: Firewall;
  readonly #publishers = new Map<string, Publisher>();
  #base: Base | undefined;

  constructor(firewall: Firewall, publishers: readonly Publisher[]) {
    this.#firewall = firewall;
    for (const publisher of publishers) this.#publishers.set(publisher.id, publisher);
  }

  async rebuild(base: Base): Promise<void> {
    this.#base = base;
    const present = await this.#firewall.list();
    await this.#firewall.apply({
      emptied: ownChains.map((chain) => ({ ...chain, isThere: present.some((rule) => isChain(rule, chain)) })),
      removed: present.filter(isOwnJump),
      inserted: firstJumps(base.bridge),
      appended: [
        ...baseRules(base.bridge),
        ...[...this.#publishers.values()].flatMap(containerRules),
        ...(base.staysClosed ? [closedRule] : []),
        ...lastJumps,
        ...(base.staysClosed ? [closedJump] : []),
      ],
    });
  }

  // A change that does not fit means that somebody changed our chains: write them as they should be.
  async #repair(error: unknown): Promise<void> {
    if (this.#base === undefined) throw error;
    await this.rebuild(this.#base);
  }

  async add(container: Publisher): Promise<void> {
    if (container.ports.length === 0) return;
    this.#publishers.set(container.id, container);
    await this.#firewall.apply({ appended: containerRules(container) }).catch((error) => this.#repair(error));
  }

  /** Leaves a container's rules to the next rebuild: it is not certain that they were ever written. */
  forget(id: string): void {
    this.#publishers.delete(id);
  }

  /** Does nothing when the container publishes nothing. */
  async remove(id: string): Promise<void> {
    const container = this.#publishers.get(id);
    if (container === undefined || container.ports.length === 0) return;
    this.#publishers.delete(id);
    await this.#firewall.apply({ removed: containerRules(container) }).catch((error) => this.#repair(error));
  }

  /** Removes all chains of ours and the jumps into them. */
  async clear(): Promise<void> {
    this.#publishers.clear();
    this.#base = undefined;
    const present = await this.#firewall.list();
    const chains = present.filter((rule) => rule.rule === '' && isOwnChain(rule.chain));
    // The long names lead into the short one, which can only go when nothing does any more.
    const deleted = chains.sort((a, b) => b.chain.length - a.chain.length);
    await this.#firewall.apply({ removed: present.filter(isOwnJump), deleted });
  }

  /** True when somebody else has rules for forwarded traffic. */
  async isForwardingShared(): Promise<boolean> {
    const present = await this.#firewall.list();
    return present.some((rule) => rule.table === 'filter' && rule.chain === 'FORWARD' && !isOwnJump(rule));
  }
}
