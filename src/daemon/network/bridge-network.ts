// The network "bridge" as a whole: link, forwarding, rules. It comes into being with the first container on it and is idempotent:
// every step adopts what is there and puts back what is missing.
import { LabError } from '../../base/errors.ts';
import type { Kernel, Network } from '../../kernel/kernel.ts';
import { withCause } from '../../trace/context.ts';
import { ensureBridge } from './bridge.ts';
import { isEndpointLink } from './endpoint.ts';
import type { HostRules } from './firewall.ts';
import { type Cidr, formatAddress } from './ipv4.ts';
import type { NetworkingOptions } from './networking.ts';
import { networksOf } from './networks.ts';
import { bridgeName } from './rules.ts';
import type { NetworkState } from './state.ts';

const forwardingSysctl = 'net/ipv4/ip_forward';
const localnetSysctl = `net/ipv4/conf/${bridgeName}/route_localnet`;

interface Parts {
  kernel: Kernel;
  host: Network;
  state: NetworkState;
  rules: HostRules;
  options: NetworkingOptions;
}

export class BridgeNetwork {
  readonly #parts: Parts;
  #ready: Promise<Cidr> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The bridge's address; makes the network at the first call, and again when somebody has removed the bridge. */
  async ensure(): Promise<Cidr> {
    const before = this.#ready;
    if (before !== undefined) {
      await before.catch(() => undefined);
      const isGone = (await this.#parts.host.links.find(bridgeName)) === undefined;
      // Of several that find it gone, the first makes it again and the others wait for that.
      if (isGone && this.#ready === before) this.#ready = undefined;
    }
    this.#ready ??= this.initialise();
    return this.#ready;
  }

  initialise(): Promise<Cidr> {
    const work = withCause('default:bridge-network', () => this.#initialise());
    // A failure is not remembered: the next container tries again.
    this.#ready = work.catch((error: unknown) => {
      this.#ready = undefined;
      throw error;
    });
    return this.#ready;
  }

  async #initialise(): Promise<Cidr> {
    const { host, kernel, state, options } = this.#parts;
    const networks = networksOf(state);
    const address = await ensureBridge(host, {
      bip: options.bip,
      mtuBytes: options.mtuBytes,
      remembered: networks.bridgeAddress,
      isInUse: this.#connected().length > 0,
    });
    const bridgeAddress = `${formatAddress(address.address)}/${address.prefixLength}`;
    if (bridgeAddress !== networks.bridgeAddress) state.saveNetworks({ ...networks, bridgeAddress });
    this.#switchOn(forwardingSysctl);
    await this.#removeOrphans();
    await this.#rebuild(address);
    if (kernel.sysctls.read(localnetSysctl) !== '1') kernel.sysctls.write(localnetSysctl, '1');
    return address;
  }

  // The value from before is written down first, so that teardown can put it back after a crash too.
  #switchOn(name: string): void {
    const { kernel, state } = this.#parts;
    const before = kernel.sysctls.read(name);
    if (before === '1') return;
    if (before === undefined) throw new LabError('notImplemented', `${name}: this kernel cannot forward packets`);
    state.saveHost({ sysctls: { ...state.host().sysctls, [name]: before } });
    kernel.sysctls.write(name, '1');
  }

  #connected() {
    return this.#parts.state.sandboxes().filter((record) => record.network === 'bridge');
  }

  #rebuild(bridge: Cidr): Promise<void> {
    const { kernel, state, rules } = this.#parts;
    const didSwitch = state.host().sysctls[forwardingSysctl] === '0';
    // With br_netfilter, frames of other bridges pass FORWARD too, and they were let through before.
    const seesFrames = kernel.sysctls.read('net/bridge/bridge-nf-call-iptables') === '1';
    return rules.rebuild({ bridge, staysClosed: didSwitch && !seesFrames });
  }

  // Links that no record names: their records were deleted by hand.
  async #removeOrphans(): Promise<void> {
    const { host } = this.#parts;
    const known = new Set(this.#connected().map((record) => record.linkName));
    const links = await host.links.list();
    for (const { name } of links.filter((link) => isEndpointLink(link.name) && !known.has(link.name))) {
      await host.links.remove(name);
    }
  }

  /** Removes the bridge and every rule, and puts sysctls back that nobody else needs by now. */
  async remove(): Promise<void> {
    const { kernel, host, state, rules } = this.#parts;
    this.#ready = undefined;
    await rules.clear();
    await this.#removeOrphans();
    if ((await host.links.find(bridgeName)) !== undefined) await host.links.remove(bridgeName);
    const before = state.host().sysctls[forwardingSysctl];
    if (before !== undefined && !(await rules.isForwardingShared())) {
      kernel.sysctls.write(forwardingSysctl, before);
    }
  }
}
