// What hosts do to user namespaces, and what `tlab doctor` says to do about it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mappedLayers, type UserNamespaceSettings, userNamespaceFacts } from '../../src/kernel/user-namespace-facts.ts';

const open: UserNamespaceSettings = {
  limit: '15000\n',
  unprivilegedClone: '',
  apparmorRestricts: '',
  hasHelpers: true,
};
const factOf = (id: string, changes: Partial<UserNamespaceSettings> = {}) =>
  userNamespaceFacts({ ...open, ...changes }).find((fact) => fact.id === id);

test('an open host has them for everybody', () => {
  assert.equal(factOf('user-namespaces')?.seen, 'at most 15000');
  assert.deepEqual([factOf('rootless')?.state, factOf('rootless', { unprivilegedClone: '1\n' })?.state], ['ok', 'ok']);
});

test('each way to forbid them comes with its own advice', () => {
  assert.match(factOf('user-namespaces', { limit: '0\n' })?.advice ?? '', /user\.max_user_namespaces/);
  assert.match(factOf('rootless', { unprivilegedClone: '0\n' })?.advice ?? '', /kernel\.unprivileged_userns_clone=1/);
  assert.match(
    factOf('rootless', { apparmorRestricts: '1\n' })?.advice ?? '',
    /apparmor_restrict_unprivileged_userns=0/,
  );
  assert.match(factOf('rootless', { hasHelpers: false })?.advice ?? '', /uidmap/);
});

test('layers can be mapped from Linux 5.19 on', () => {
  assert.deepEqual(
    ['5.15.0-91-generic', '5.19.0', '6.1.0-18-amd64'].map((version) => mappedLayers(version).state),
    ['degraded', 'ok', 'ok'],
  );
});
