// What userns-remap means for one container: when it holds, and what a foreign containerd or shim could not do.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { remapFor, requireMapped, snapshotLabels } from '../../src/daemon/container/remap.ts';
import type { Engine } from '../../src/daemon/engine.ts';
import type { Runtime } from '../../src/daemon/runtimes.ts';
import type { HostConfig } from '../../src/daemon/schema/host-config.ts';

const ids = [{ containerId: 0, hostId: 100000, count: 65536 }];
const remap = { uids: ids, gids: ids };
const own: Runtime = { name: 'tlab', type: 'io.containerd.tlab.v2', binary: '' };
const chosen = (host: HostConfig, runtime = own) => remapFor({ remap } as Engine, host, runtime);

test('every container is mapped but those that say host, and none without the key', () => {
  assert.equal(chosen({}), remap);
  assert.equal(chosen({ UsernsMode: 'host', Privileged: true, NetworkMode: 'host' }), undefined);
  assert.equal(remapFor({} as Engine, { Privileged: true }, own), undefined);
});

test('a shim that is not ours cannot map layers: its runtimes are refused, ours under our shim are not', () => {
  assert.equal(chosen({}, { name: 'runc', type: own.type, binary: '/usr/sbin/runc' }), remap);
  assert.throws(
    () => chosen({}, { name: 'real', type: 'io.containerd.runc.v2', binary: '' }),
    /runtime real: its shim io\.containerd\.runc\.v2 mounts no layers with mapped ids/,
  );
});

test('a containerd that ignores the labels is found by the mounts that it answers', () => {
  const overlay = (options: string[]) => [{ type: 'overlay', options: ['lowerdir=/a:/b', ...options] }];
  assert.throws(() => requireMapped(remap, overlay([])), /this containerd does not map the ids of layers/);
  requireMapped(remap, overlay(['uidmap=0:100000:65536', 'gidmap=0:100000:65536']));
  requireMapped(undefined, overlay([]));
  assert.deepEqual(snapshotLabels(undefined), {});
  assert.equal(snapshotLabels(remap)['containerd.io/snapshot/uidmapping'], '0:100000:65536');
});
