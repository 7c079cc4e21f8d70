// Our client against a real containerd 1.6. Needs root and Debian's containerd.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import { connectContainerd } from '../../src/containerd/client.ts';
import { root } from '../helpers/root.ts';
import { start } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const spec = create(AnySchema, {
  typeUrl: 'types.containerd.io/opencontainers/runtime-spec/1/Spec',
  value: Buffer.from('{}'),
});

test('the client that the daemon uses speaks to a real containerd', root(), async () => {
  const folder = mkdtempSync('/var/tmp/tlab-real-');
  const address = `${folder}/s`;
  const server = start('containerd', ['--root', `${folder}/root`, '--state', `${folder}/state`, '--address', address]);
  const client = connectContainerd({ address, namespace: 'tlab-test' });
  try {
    await waitUntil(async () => existsSync(address) && (await client.version.version({}).catch(() => undefined)), {
      what: 'containerd to answer',
    });
    await client.containers.create({ container: { id: 'web', spec, runtime: { name: 'io.containerd.runc.v2' } } });
    const { containers } = await client.containers.list({ filters: ['id==web'] });
    assert.deepEqual(
      containers.map(({ id }) => id),
      ['web'],
    );
    await assert.rejects(client.containers.get({ id: 'nope' }), { kind: 'notFound' });
    await assert.rejects(client.tasks.get({ containerId: 'web' }), { kind: 'notFound' });
    await assert.rejects(client.pull({ reference: 'busybox' }), { kind: 'notImplemented' });
    await client.containers.delete({ id: 'web' });
  } finally {
    client.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
