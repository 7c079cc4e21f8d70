// Which capabilities a container gets: Docker's fourteen, plus CapAdd, minus CapDrop, within what the host has.
import { LabError } from '../../base/errors.ts';
import type { Cause } from '../../trace/cause.ts';
import type { HostConfig } from '../schema/host-config.ts';

/** @source docker oci/caps/defaults.go; man capabilities(7) */
const defaultCapabilities: readonly string[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FSETID',
  'CAP_FOWNER',
  'CAP_MKNOD',
  'CAP_NET_RAW',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETFCAP',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_SYS_CHROOT',
  'CAP_KILL',
  'CAP_AUDIT_WRITE',
];

/** In the kernel's order: the index is the bit. @source uapi linux/capability.h */
export const allCapabilities: readonly string[] = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE ' +
  'NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN ' +
  'SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE ' +
  'MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
)
  .split(' ')
  .map((name) => `CAP_${name}`);

export interface CapabilityChoice {
  capabilities: string[];
  /** Of the list as a whole: what it started from. */
  cause: Cause;
  /** Of single ones, kept or not, that another cause decided than that of the whole. */
  causes: ReadonlyMap<string, Cause>;
  /** Asked for, or implied by --privileged, but not there on this host. */
  missing: string[];
}

/** `net_admin`, `NET_ADMIN` and `CAP_NET_ADMIN` are the same. Errors: invalidArgument. */
function normaliseCapability(name: string, option: string): string {
  const upper = name.toUpperCase();
  if (upper === 'ALL') return 'ALL';
  const full = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  if (!allCapabilities.includes(full))
    throw new LabError('invalidArgument', `invalid ${option}: unknown capability: "${full}"`);
  return full;
}

/** Errors: invalidArgument. @source docker-api HostConfig#CapAdd */
export function chooseCapabilities(host: HostConfig, available: readonly string[]): CapabilityChoice {
  if (host.Privileged) {
    const missing = allCapabilities.filter((name) => !available.includes(name));
    return { capabilities: [...available], cause: 'api:/HostConfig/Privileged', causes: new Map(), missing };
  }
  const add = (host.CapAdd ?? []).map((name) => normaliseCapability(name, 'CapAdd'));
  const drop = (host.CapDrop ?? []).map((name) => normaliseCapability(name, 'CapDrop'));
  const base = drop.includes('ALL') ? [] : add.includes('ALL') ? available : defaultCapabilities;
  const wanted = new Set([...base, ...add.filter((name) => name !== 'ALL')]);
  for (const name of drop) if (!add.includes('ALL') || name !== 'ALL') wanted.delete(name);
  if (add.includes('ALL') && drop.includes('ALL')) for (const name of available) wanted.add(name);
  const capabilities = [...wanted].filter((name) => available.includes(name));
  const missing = [...wanted].filter((name) => !available.includes(name));
  return { capabilities, ...causesOf(add, drop), missing };
}

/** ALL decides about the whole list; a name about itself, where the list would be another without it. */
function causesOf(add: readonly string[], drop: readonly string[]): Pick<CapabilityChoice, 'cause' | 'causes'> {
  const added = (name: string): Cause => `api:/HostConfig/CapAdd/${add.indexOf(name)}`;
  const dropped = (name: string): Cause => `api:/HostConfig/CapDrop/${drop.indexOf(name)}`;
  const [addsAll, dropsAll] = [add.includes('ALL'), drop.includes('ALL')];
  const cause = addsAll ? added('ALL') : dropsAll ? dropped('ALL') : 'default:default-capabilities';
  const causes = new Map<string, Cause>();
  for (const name of allCapabilities) {
    const isDefault = defaultCapabilities.includes(name);
    if (addsAll && !drop.includes(name)) {
      if (isDefault) causes.set(name, 'default:default-capabilities');
    } else if (drop.includes(name) && (isDefault || addsAll)) causes.set(name, dropped(name));
    else if (add.includes(name) && !drop.includes(name) && (!isDefault || dropsAll)) causes.set(name, added(name));
    else if (dropsAll && !isDefault) causes.set(name, 'default:default-capabilities');
  }
  return { cause, causes };
}
