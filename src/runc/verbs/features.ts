// features: what this runtime can do, as JSON. @source oci-runtime features

import { hookPhases } from '../../oci/runtime.ts';
import { capabilityNames } from '../compile/flags.ts';
import { knownMountOptions } from '../compile/mount-options.ts';
import { actions, architectures, filterFlags, operators } from '../seccomp/names.ts';
import type { Verb } from './verb.ts';

export const verb: Verb = () => {
  process.stdout.write(`${JSON.stringify(features, undefined, '    ')}\n`);
};

const features = {
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
      supportedFlags: Object.keys(filterFlags).sort(),
    },
    apparmor: { enabled: false },
    selinux: { enabled: false },
    intelRdt: { enabled: false },
    mountExtensions: { idmap: { enabled: true } },
    netDevices: { enabled: true },
  },
} as const;
