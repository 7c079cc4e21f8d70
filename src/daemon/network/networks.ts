// The three networks that always exist, and their Engine API shape. Their ids are made once and kept.
import { LabError } from '../../base/errors.ts';
import { newContainerId } from '../../base/ids.ts';
import { type Cidr, formatAddress, formatNetwork, parseCidr } from './ipv4.ts';
import type { NetworkResource } from './networking.ts';
import { bridgeName } from './rules.ts';
import type { NetworkState, NetworksRecord, SandboxRecord } from './state.ts';

export type NetworkName = 'bridge' | 'none' | 'host';
const names = ['bridge', 'host', 'none'] as const;
const drivers = { bridge: 'bridge', host: 'host', none: 'null' } as const;

/** The networks' identities; made at the first call. */
export function networksOf(state: NetworkState): NetworksRecord {
  const known = state.networks();
  if (known !== undefined) return known;
  const created = new Date().toISOString();
  const identity = () => ({ id: newContainerId(), created });
  const record = { bridge: identity(), none: identity(), host: identity() };
  state.saveNetworks(record);
  return record;
}

function containersOf(records: readonly SandboxRecord[], prefixLength: number): NetworkResource['Containers'] {
  return Object.fromEntries(
    records.map((record) => [
      record.id,
      {
        Name: record.name,
        EndpointID: record.endpointId,
        MacAddress: record.macAddress,
        IPv4Address: record.ipAddress === '' ? '' : `${record.ipAddress}/${prefixLength}`,
        IPv6Address: '',
      },
    ]),
  );
}

const bridgeOptions = (mtuBytes: number | undefined, hostIp: string): Record<string, string> => ({
  'com.docker.network.bridge.default_bridge': 'true',
  'com.docker.network.bridge.enable_icc': 'true',
  'com.docker.network.bridge.enable_ip_masquerade': 'true',
  'com.docker.network.bridge.host_binding_ipv4': hostIp,
  'com.docker.network.bridge.name': bridgeName,
  ...(mtuBytes === undefined ? {} : { 'com.docker.network.driver.mtu': String(mtuBytes) }),
});

export interface NetworksView {
  state: NetworkState;
  mtuBytes: number | undefined;
  defaultHostIp: string;
}

function resource(view: NetworksView, name: NetworkName): NetworkResource {
  const networks = networksOf(view.state);
  const bridge: Cidr | undefined = name === 'bridge' ? parseCidr(networks.bridgeAddress ?? '') : undefined;
  const records = view.state.sandboxes().filter((record) => record.network === name);
  return {
    Name: name,
    Id: networks[name].id,
    Created: networks[name].created,
    Scope: 'local',
    Driver: drivers[name],
    EnableIPv6: false,
    IPAM: {
      Driver: 'default',
      Options: null,
      Config: bridge === undefined ? [] : [{ Subnet: formatNetwork(bridge), Gateway: formatAddress(bridge.address) }],
    },
    Internal: false,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: containersOf(records, bridge?.prefixLength ?? 0),
    Options: name === 'bridge' ? bridgeOptions(view.mtuBytes, view.defaultHostIp) : {},
    Labels: {},
  };
}

export const allNetworks = (view: NetworksView): NetworkResource[] => names.map((name) => resource(view, name));

/** By name, id, or a beginning of an id that only one network has. Errors: notFound, invalidArgument (ambiguous). */
export function findNetwork(view: NetworksView, nameOrId: string): NetworkResource {
  const all = allNetworks(view);
  const exact = all.find((network) => network.Name === nameOrId || network.Id === nameOrId);
  if (exact !== undefined) return exact;
  const [found, ...others] = nameOrId === '' ? [] : all.filter((network) => network.Id.startsWith(nameOrId));
  if (found === undefined) throw new LabError('notFound', `network ${nameOrId} not found`);
  if (others.length > 0) throw new LabError('invalidArgument', `network ${nameOrId} is ambiguous`);
  return found;
}
