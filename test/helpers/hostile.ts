// Programs that attack from inside a container: C sources in test/fixtures/security, compiled static when a test needs them.

import type { RuntimeConfig } from './bundle.ts';
import { must } from './shell.ts';

/** Compiles `test/fixtures/security/<name>.c` to `<folder>/<name>`, without libraries; returns its path. */
export async function hostile(name: string, folder: string, ...flags: string[]): Promise<string> {
  const source = new URL(`../fixtures/security/${name}.c`, import.meta.url).pathname;
  // The kernel's headers are not musl's: searched last.
  const headers = [
    '-idirafter',
    '/usr/include',
    '-idirafter',
    `/usr/include/${process.arch === 'x64' ? 'x86_64' : 'aarch64'}-linux-gnu`,
  ];
  await must('musl-gcc', [
    '-static',
    '-no-pie',
    '-O1',
    '-D_GNU_SOURCE',
    '-o',
    `${folder}/${name}`,
    ...flags,
    source,
    ...headers,
  ]);
  return `${folder}/${name}`;
}

/** Docker's fourteen, and more: what an attacker may have. */
const fourteen =
  'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE';

/** Gives the container's root the capabilities that Docker gives, and those named. */
export function withCapabilities(config: RuntimeConfig, ...more: string[]): void {
  const names = [...fourteen.split(' '), ...more].map((name) => `CAP_${name}`);
  Object.assign(config.process, { capabilities: { bounding: names, effective: names, permitted: names } });
}
