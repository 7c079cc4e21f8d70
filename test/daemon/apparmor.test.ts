// Which AppArmor profile a container gets, by request and host. That the kernel then confines it: test/vm/apparmor.guest.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostConfig } from '../../src/daemon/schema/host-config.ts';
import { appArmorProfile } from '../../src/daemon/spec/apparmor.ts';
import type { HostFacts } from '../../src/daemon/spec/input.ts';

const choose = (host: Partial<HostConfig>, loaded: readonly string[] | undefined) =>
  appArmorProfile(host as HostConfig, { appArmorProfiles: () => loaded } as HostFacts);
const asking = (profile: string) => ({ SecurityOpt: [`apparmor=${profile}`] });

test('without a word a container has Docker’s profile where it is loaded, and none where it is not', () => {
  assert.deepEqual(choose({}, ['docker-default', 'man_filter']), {
    profile: 'docker-default',
    cause: 'default:apparmor-profile',
  });
  assert.equal(choose({}, ['man_filter']), undefined);
  assert.equal(choose({}, undefined), undefined);
});

test('a privileged container is unconfined unless it names a profile', () => {
  const host = { Privileged: true };
  assert.equal(choose(host, ['docker-default'])?.profile, 'unconfined');
  assert.equal(choose(host, undefined), undefined);
  assert.equal(choose({ ...host, ...asking('mine') }, ['mine'])?.profile, 'mine');
});

test('a named profile is passed on; unconfined too, also on a host without AppArmor', () => {
  assert.deepEqual(choose(asking('mine'), ['mine']), { profile: 'mine', cause: 'api:/HostConfig/SecurityOpt' });
  assert.equal(choose(asking('unconfined'), ['docker-default'])?.profile, 'unconfined');
  assert.equal(choose(asking('unconfined'), undefined), undefined);
});

test('a profile that cannot hold is refused and says what is missing', () => {
  assert.throws(() => choose(asking('mine'), undefined), /"apparmor=mine": this host's kernel has no AppArmor/);
  assert.throws(() => choose(asking('mine'), ['docker-default']), /"apparmor=mine": that profile is not loaded/);
  assert.throws(() => choose(asking(''), []), /invalid --security-opt/);
});
