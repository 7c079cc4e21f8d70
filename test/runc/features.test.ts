// The features document: complete for its specification, and never more than the compiler takes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { supportedFlags } from '../../src/runc/seccomp/kernel-flags.ts';
import { features } from '../../src/runc/verbs/features.ts';

test('it has every member that the specification names for Linux', () => {
  const { linux, ...top } = features;
  assert.deepEqual(Object.keys(top), [
    'ociVersionMin',
    'ociVersionMax',
    'hooks',
    'mountOptions',
    'potentiallyUnsafeConfigAnnotations',
  ]);
  for (const member of [
    ...['namespaces', 'capabilities', 'cgroup', 'seccomp', 'apparmor', 'selinux', 'intelRdt', 'mountExtensions'],
    ...['netDevices', 'memoryPolicy'],
  ])
    assert.ok(member in linux, member);
  assert.ok(linux.seccomp.actions.includes('SCMP_ACT_NOTIFY'));
  assert.ok(linux.seccomp.knownFlags.includes('SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV'));
});

test('the kernel is asked which flags of a filter it takes, and installs none', {
  skip: process.platform !== 'linux',
}, () => {
  const installed = (): string | undefined =>
    /^Seccomp_filters:.*$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[0];
  const before = installed();
  const flags = supportedFlags();
  // Linux 5.15, the oldest that tlab runs on, has these three; it does not have the fourth.
  for (const name of ['TSYNC', 'LOG', 'SPEC_ALLOW']) assert.ok(flags.includes(`SECCOMP_FILTER_FLAG_${name}`), name);
  for (const name of flags) assert.ok(features.linux.seccomp.knownFlags.includes(name), name);
  assert.equal(installed(), before);
});

test('--version says the same version of the specification', () => {
  const source = readFileSync(new URL('../../native/runc/main.c', import.meta.url), 'utf8');
  assert.match(source, new RegExp(`spec: ${features.ociVersionMax.replaceAll('.', '\\.')}\\\\n`));
});
