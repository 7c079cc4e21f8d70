// hosts, hostname and resolv.conf of a container: files in its folder, bound over those of /etc.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { LabError } from '../../base/errors.ts';
import { emit } from '../../trace/recorder.ts';
import type { Configuration } from '../configuration.ts';
import type { ContainerFiles } from '../spec/input.ts';
import { hostnameOf } from '../spec/process.ts';
import type { ContainerRecord } from './record.ts';
import { giveToRoot } from './remap.ts';

/** A container, or the step of a build. */
export interface FilesOwner {
  folder: string;
  record: Pick<ContainerRecord, 'id' | 'config' | 'host' | 'sandbox' | 'remap'>;
}

export const filesOf = (container: Pick<FilesOwner, 'folder'>): ContainerFiles => ({
  hosts: `${container.folder}/hosts`,
  hostname: `${container.folder}/hostname`,
  resolvConf: `${container.folder}/resolv.conf`,
});

/** Written at every start: the address may be another one. */
export function writeFiles(container: FilesOwner, configuration: Configuration): void {
  mkdirSync(container.folder, { recursive: true, mode: 0o710 });
  const files = filesOf(container);
  const { config, host, id } = container.record;
  const hostname = hostnameOf({ id, config, host });
  const { remap } = container.record;
  write(files.hostname, `${hostname}\n`, 'the host name');
  write(files.hosts, hostsText(container, hostname), 'the table of hosts');
  const dns = {
    servers: host.Dns?.length ? host.Dns : (configuration.dns ?? []),
    options: host.DnsOptions?.length ? host.DnsOptions : (configuration['dns-opts'] ?? []),
    search: host.DnsSearch?.length ? host.DnsSearch : (configuration['dns-search'] ?? []),
  };
  const isHostNetwork = host.NetworkMode === 'host';
  write(files.resolvConf, resolvText(hostResolver(isHostNetwork), dns, isHostNetwork), 'the resolver configuration');
  // Docker's files belong to the container's root, so that it may change them.
  for (const path of Object.values(files)) giveToRoot(remap, path);
}

/** In place, not by rename: a running container has the file bound. */
function write(path: string, text: string, what: string): void {
  writeFileSync(path, text, { mode: 0o644 });
  emit('daemon.file-written', { data: { path, what, text } });
}

function readHostFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** With systemd-resolved the real servers stand in another file. @source man systemd-resolved(8) */
function hostResolver(isHostNetwork: boolean): string {
  const text = readHostFile('/etc/resolv.conf');
  const isStub = /^nameserver 127\.0\.0\.53/m.test(text);
  return isStub && !isHostNetwork ? readHostFile('/run/systemd/resolve/resolv.conf') || text : text;
}

/** @source man hosts(5); docker libnetwork etchosts */
function hostsText(container: FilesOwner, hostname: string): string {
  const { config, host, sandbox } = container.record;
  if (host.NetworkMode === 'host') return readHostFile('/etc/hosts') + extraHosts(host.ExtraHosts ?? [], '');
  const full = config.Domainname ? `${hostname}.${config.Domainname} ${hostname}` : hostname;
  const address = sandbox?.ipAddress ?? '';
  return (
    '127.0.0.1\tlocalhost\n' +
    '::1\tlocalhost ip6-localhost ip6-loopback\n' +
    'fe00::\tip6-localnet\nff00::\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n' +
    extraHosts(host.ExtraHosts ?? [], sandbox?.gateway ?? '') +
    (address === '' ? '' : `${address}\t${full}\n`)
  );
}

/** `name:address`, where `host-gateway` is the bridge's address. Errors: invalidArgument. */
function extraHosts(entries: readonly string[], gateway: string): string {
  return entries
    .map((entry) => {
      const match = /^([^:=\s]+)[:=](\S+)$/.exec(entry);
      if (match === null) throw new LabError('invalidArgument', `bad format for add-host: "${entry}"`);
      return `${match[2] === 'host-gateway' ? gateway : match[2]}\t${match[1]}\n`;
    })
    .join('');
}

interface Dns {
  servers: readonly string[];
  options: readonly string[];
  search: readonly string[];
}

/** A resolver on the host's loopback is out of reach from another network namespace. @source docker libnetwork resolvconf */
function resolvText(hostText: string, dns: Dns, isHostNetwork: boolean): string {
  const lines = hostText.split('\n').map((line) => line.trim());
  const values = (keyword: string): string[] =>
    lines.flatMap((line) => (line.startsWith(`${keyword} `) ? [line.slice(keyword.length + 1).trim()] : []));
  const reachable = values('nameserver').filter((server) => isHostNetwork || !/^(127\.|::1)/.test(server));
  const servers = dns.servers.length > 0 ? dns.servers : reachable;
  const search =
    dns.search.length > 0
      ? dns.search.filter((name) => name !== '.')
      : values('search').flatMap((line) => line.split(/\s+/));
  const options = dns.options.length > 0 ? dns.options : values('options').flatMap((line) => line.split(/\s+/));
  return [
    ...servers.map((server) => `nameserver ${server}`),
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
    '',
  ].join('\n');
}
