// Namespaces that a container needs: which are missing, which are not allowed, and what to do.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type NamespaceLimits, namespaceFact } from '../../src/kernel/namespace-facts.ts';

const open: NamespaceLimits = { mnt: '15000\n', uts: '15000\n', ipc: '15000\n', pid: '15000\n', net: '15000\n' };

test('a host with all of them', () => {
  assert.deepEqual([namespaceFact(open).state, namespaceFact(open).seen], ['ok', 'mnt, uts, ipc, pid, net']);
});

test('a limit of 0 is told by its kind, with the file that lifts it', () => {
  const { state, seen, advice } = namespaceFact({ ...open, uts: '0\n', net: '0\n' });
  assert.deepEqual([state, seen], ['missing', 'none allowed of uts, net']);
  assert.match(String(advice), /max_uts_namespaces; echo 15000 > \/proc\/sys\/user\/max_net_namespaces$/);
});

test('a kind that the kernel does not have is not a matter of limits', () => {
  const { state, seen, advice } = namespaceFact({ ...open, net: '', uts: '0' });
  assert.deepEqual([state, seen], ['missing', 'this kernel has no net']);
  assert.match(String(advice), /CONFIG_NAMESPACES/);
});
