// Puts networking together over a kernel. Opening reads the records and changes nothing on the host.
import { rmSync } from 'node:fs';
import { paths } from '../../base/paths.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { BridgeNetwork } from './bridge-network.ts';
import { HostRules } from './firewall.ts';
import { HostPorts } from './host-ports.ts';
import type { Networking, NetworkingOptions } from './networking.ts';
import { allNetworks, findNetwork, type NetworksView } from './networks.ts';
import { removeOrphanNamespaces, restoreSandboxes } from './reconcile.ts';
import { createSandbox, deleteSandbox, type SandboxParts, settleRemovals } from './sandbox.ts';
import { NetworkState } from './state.ts';

/** Every address of the host. @source docker-api HostConfig.PortBindings */
const anyAddress = '0.0.0.0';

async function teardown(parts: SandboxParts, { keepsBridge }: { keepsBridge: boolean }): Promise<void> {
  for (const record of parts.state.sandboxes()) await deleteSandbox(parts, record.id);
  await settleRemovals(parts);
  removeOrphanNamespaces(parts);
  if (!keepsBridge) await parts.bridge.remove();
  rmSync(parts.namespaces, { recursive: true, force: true });
  parts.state.clear();
}

export function openNetworking(kernel: Kernel, options: NetworkingOptions): Networking {
  const state = new NetworkState(options);
  const host = kernel.network();
  const rules = new HostRules(kernel.firewall, state.sandboxes());
  const bridge = new BridgeNetwork({ kernel, host, state, rules, options });
  const defaultHostIp = options.defaultHostIp ?? anyAddress;
  const namespaces = options.namespaces ?? paths.networkNamespaces;
  const hostPorts = new HostPorts();
  const parts: SandboxParts = {
    kernel,
    host,
    state,
    hostPorts,
    bridge,
    rules,
    removals: new Map(),
    defaultHostIp,
    namespaces,
  };
  const view: NetworksView = { state, mtuBytes: options.mtuBytes, defaultHostIp };
  return {
    initialise: async () => {
      await bridge.initialise();
    },
    createSandbox: (request) => createSandbox(parts, request),
    deleteSandbox: (id) => deleteSandbox(parts, id),
    restoreSandboxes: (containerIds) => restoreSandboxes(parts, containerIds),
    settle: () => settleRemovals(parts),
    networks: () => allNetworks(view),
    inspectNetwork: (nameOrId) => findNetwork(view, nameOrId),
    teardown: (options) => teardown(parts, options),
  };
}
