// A sandbox: a container's network namespace and everything that leads to it. Made before the runtime is called, kept by a mount and by
// the kernel alone, so that it outlives the daemon. Rule: each step that makes something has its undo pushed first.
import { mkdirSync } from 'node:fs';
import { inContext, LabError } from '../../base/errors.ts';
import { newContainerId, shortId } from '../../base/ids.ts';
import { UndoStack } from '../../base/undo.ts';
import { errnoOf } from '../../kernel/errors.ts';
import type { Kernel, Network } from '../../kernel/kernel.ts';
import { withCause } from '../../trace/context.ts';
import type { BridgeNetwork } from './bridge-network.ts';
import { bringLoopbackUp, connectEndpoint, linkNameOf } from './endpoint.ts';
import type { HostRules } from './firewall.ts';
import type { HostPorts } from './host-ports.ts';
import { lowestFreeAddress } from './ipam.ts';
import { type Cidr, formatAddress, macOf, parseAddress, parseCidr } from './ipv4.ts';
import type { Sandbox, SandboxRequest } from './networking.ts';
import { type NetworkName, networksOf } from './networks.ts';
import { portSpecs, publishedPorts } from './port.ts';
import type { NetworkState, SandboxRecord } from './state.ts';

export interface SandboxParts {
  kernel: Kernel;
  host: Network;
  state: NetworkState;
  hostPorts: HostPorts;
  bridge: BridgeNetwork;
  rules: HostRules;
  /** Removals that the kernel is still working on, by container. */
  removals: Map<string, Promise<void>>;
  defaultHostIp: string;
  /** Where namespaces are kept. */
  namespaces: string;
}

/** What the daemon sees of a record. */
export function viewOf(state: NetworkState, record: SandboxRecord): Sandbox {
  const networks = networksOf(state);
  const bridge = record.network === 'bridge' ? parseCidr(networks.bridgeAddress ?? '') : undefined;
  return {
    path: record.path,
    ...(record.userPath === undefined ? {} : { userPath: record.userPath }),
    network: record.network,
    sandboxId: record.sandboxId,
    networkId: networks[record.network].id,
    endpointId: record.endpointId,
    ipAddress: record.ipAddress,
    gateway: bridge === undefined ? '' : formatAddress(bridge.address),
    prefixLength: bridge?.prefixLength ?? 0,
    macAddress: record.macAddress,
    ports: record.network === 'bridge' ? publishedPorts(record.exposedPorts, record.ports) : {},
  };
}

/** The namespace of another container; it stays that container's. */
function joinSandbox(parts: SandboxParts, targetId: string): Sandbox {
  const target = parts.state.sandbox(targetId);
  if (target?.isReady !== true) {
    throw new LabError('conflict', `cannot join network of a non running container: ${targetId}`);
  }
  return {
    ...viewOf(parts.state, target),
    network: 'container',
    networkId: '',
    endpointId: '',
    ipAddress: '',
    gateway: '',
    prefixLength: 0,
    macAddress: '',
    ports: {},
  };
}

function newRecord(parts: SandboxParts, request: SandboxRequest, network: NetworkName): SandboxRecord {
  const endpointId = newContainerId();
  const sandboxId = newContainerId();
  return {
    id: request.id,
    name: request.name ?? shortId(request.id),
    network,
    sandboxId,
    endpointId,
    ...(network === 'host' ? {} : { path: `${parts.namespaces}/${shortId(sandboxId)}` }),
    ...(request.owner === undefined ? {} : { userPath: `${parts.namespaces}/${shortId(sandboxId)}.user` }),
    ...(network === 'bridge' ? { linkName: linkNameOf(endpointId) } : {}),
    isReady: network === 'host',
    ipAddress: '',
    macAddress: '',
    ports: [],
    exposedPorts: [...(request.exposedPorts ?? [])],
  };
}

const takenAddresses = (state: NetworkState): Set<number> =>
  new Set(state.sandboxes().flatMap((record) => parseAddress(record.ipAddress) ?? []));

function requireMac(text: string): string {
  // An odd first byte is a group address, which no interface can have. @source ieee 802
  if (/^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/i.test(text)) return text.toLowerCase();
  throw new LabError('invalidArgument', `MAC address "${text}": expected six bytes such as 02:42:ac:11:00:02`);
}

async function makeNamespace(parts: SandboxParts, request: SandboxRequest, record: SandboxRecord): Promise<string> {
  if (record.path === undefined) throw new LabError('internal', `network ${record.network}: it has no namespace`);
  mkdirSync(parts.namespaces, { recursive: true, mode: 0o700 });
  const { owner } = request;
  await parts.kernel.networkNamespaces.create(
    record.path,
    owner === undefined || record.userPath === undefined ? undefined : { path: record.userPath, ...owner },
  );
  return record.path;
}

async function holdPorts(parts: SandboxParts, request: SandboxRequest, record: SandboxRecord): Promise<void> {
  try {
    for (const spec of portSpecs(request, parts.defaultHostIp)) record.ports.push(await parts.hostPorts.hold(spec));
  } catch (error) {
    const endpoint = `${record.name} (${record.endpointId})`;
    throw error instanceof LabError && error.kind === 'conflict'
      ? inContext(`driver failed programming external connectivity on endpoint ${endpoint}`, error)
      : error;
  }
}

/** Waits for all, so that an undo never runs beside the work that it undoes; then throws the first failure. */
async function settleAll(work: ReadonlyArray<Promise<unknown>>): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function connect(
  parts: SandboxParts,
  request: SandboxRequest,
  { record, bridge }: { record: SandboxRecord; bridge: Cidr },
): Promise<void> {
  await connectEndpoint(parts.kernel, parts.host, {
    namespace: await makeNamespace(parts, request, record),
    linkName: linkNameOf(record.endpointId),
    ipAddress: record.ipAddress,
    prefixLength: bridge.prefixLength,
    gateway: formatAddress(bridge.address),
    macAddress: record.macAddress,
  });
}

async function createOnBridge(parts: SandboxParts, request: SandboxRequest): Promise<SandboxRecord> {
  const { state, rules, hostPorts } = parts;
  const bridge = await parts.bridge.ensure();
  await using undo = new UndoStack();
  const record = newRecord(parts, request, 'bridge');
  const address = lowestFreeAddress(bridge, takenAddresses(state));
  record.ipAddress = formatAddress(address);
  record.macAddress = request.macAddress ? requireMac(request.macAddress) : macOf(address);
  // The address is taken from here on: nothing waits between choosing and writing it down.
  undo.push('the record', () => state.removeSandbox(record.id));
  state.saveSandbox(record);
  undo.push('the host ports', () => hostPorts.release(record.ports));
  await holdPorts(parts, request, record);
  if (record.ports.length > 0) state.saveSandbox(record);
  undo.push('everything in the kernel', () => removeObjects(parts, record));
  await settleAll([connect(parts, request, { record, bridge }), rules.add(record)]);
  undo.keep();
  return record;
}

async function createAlone(parts: SandboxParts, request: SandboxRequest): Promise<SandboxRecord> {
  await using undo = new UndoStack();
  const record = newRecord(parts, request, 'none');
  undo.push('the record', () => parts.state.removeSandbox(record.id));
  parts.state.saveSandbox(record);
  undo.push('the network namespace', () => removeObjects(parts, record));
  using inside = parts.kernel.network(await makeNamespace(parts, request, record));
  await bringLoopbackUp(inside);
  undo.keep();
  return record;
}

async function createRecord(parts: SandboxParts, request: SandboxRequest): Promise<SandboxRecord> {
  const mode = request.networkMode;
  if (mode === 'host') return newRecord(parts, request, 'host');
  if (mode === 'none') return createAlone(parts, request);
  if (mode === 'bridge' || mode === 'default' || mode === '') return createOnBridge(parts, request);
  throw new LabError('notFound', `network ${mode} not found`);
}

export async function createSandbox(parts: SandboxParts, request: SandboxRequest): Promise<Sandbox> {
  const target = /^container:(.+)$/.exec(request.networkMode)?.[1];
  if (target !== undefined) return joinSandbox(parts, target);
  // One that is left from an earlier run, because its removal failed, must not keep the container from starting.
  await deleteSandbox(parts, request.id);
  await parts.removals.get(request.id);
  return withCause('api:/HostConfig/NetworkMode', async () => {
    const record = await createRecord(parts, request);
    record.isReady = true;
    parts.state.saveSandbox(record);
    return viewOf(parts.state, record);
  });
}

async function removeLink(parts: SandboxParts, record: SandboxRecord): Promise<void> {
  if (record.linkName === undefined) return;
  try {
    await parts.host.links.remove(record.linkName);
  } catch (error) {
    if (errnoOf(error) !== 'ENODEV') throw error;
  }
}

async function removeNamespace(parts: SandboxParts, record: SandboxRecord): Promise<void> {
  await removeLink(parts, record);
  for (const path of [record.path, record.userPath])
    if (path !== undefined) parts.kernel.networkNamespaces.remove(path);
}

/** Link, namespace and rules of a record; what is gone already is no failure. */
const removeObjects = (parts: SandboxParts, record: SandboxRecord): Promise<void> =>
  settleAll([removeNamespace(parts, record), parts.rules.remove(record.id)]);

/**
 * Returns when the ports are free and the rules are gone. The link follows a moment later: the kernel waits 20 to 30 ms until no CPU
 * can see it any more, and nobody needs to wait with it. Until then the record, and so the address, stays taken.
 */
export async function deleteSandbox(parts: SandboxParts, id: string): Promise<void> {
  const record = parts.state.sandbox(id);
  if (record === undefined || parts.removals.has(id)) return;
  await withCause('default:network-removal', async () => {
    parts.state.saveSandbox({ ...record, isReady: false });
    // Before the link: while the kernel removes one it holds a lock that a change of rules waits for.
    const rulesGone = parts.rules.remove(id);
    const removal = rulesGone
      .catch(() => undefined)
      .then(() => removeNamespace(parts, record))
      .then(() => parts.state.removeSandbox(id))
      // The record stays, so that the next start of the daemon tries again.
      .catch(() => undefined)
      .finally(() => parts.removals.delete(id));
    parts.removals.set(id, removal);
    await rulesGone;
  });
  parts.hostPorts.release(record.ports);
}

/** Waits for every removal that is under way. */
export async function settleRemovals(parts: SandboxParts): Promise<void> {
  await Promise.all(parts.removals.values());
}
