// features: what this runtime can do, as JSON. @source oci-runtime features

import { memoryPolicyModes } from '../../base/kernel-names.ts';
import { hookPhases } from '../../oci/runtime.ts';
import { capabilityNames, MPOL_F } from '../compile/flags.ts';
import { knownMountOptions } from '../compile/mount-options.ts';
import { supportedFlags } from '../seccomp/kernel-flags.ts';
import { actions, architectures, filterFlags, operators } from '../seccomp/names.ts';
import type { Verb } from './verb.ts';

export const verb: Verb = () => {
  const { linux, ...rest } = features;
  const seccomp = { ...linux.seccomp, supportedFlags: supportedFlags() };
  process.stdout.write(`${JSON.stringify({ ...rest, linux: { ...linux, seccomp } }, undefined, '    ')}\n`);
};

/** What this runtime was made to do; whether AppArmor and the like work depends on the host too. The verb adds the kernel's own flags. */
export const features = {
  ociVersionMin: '1.0.0',
  ociVersionMax: '1.2.1',
  hooks: hookPhases,
  mountOptions: knownMountOptions,
  linux: {
    namespaces: ['cgroup', 'ipc', 'mount', 'network', 'pid', 'time', 'user', 'uts'],
    capabilities: capabilityNames,
    cgroup: { v1: true, v2: true, systemd: true, systemdUser: false, rdma: true },
    seccomp: {
      enabled: true,
      actions: Object.keys(actions).sort(),
      operators: Object.keys(operators).sort(),
      archs: Object.keys(architectures).sort(),
      knownFlags: Object.keys(filterFlags).sort(),
    },
    apparmor: { enabled: true },
    selinux: { enabled: false },
    intelRdt: { enabled: false },
    memoryPolicy: { modes: Object.keys(memoryPolicyModes), flags: Object.keys(MPOL_F) },
    mountExtensions: { idmap: { enabled: true } },
    netDevices: { enabled: true },
  },
  /** No annotation changes what is made, except those that a systemd unit gets its properties from. */
  potentiallyUnsafeConfigAnnotations: ['org.systemd.property.'],
} as const;
