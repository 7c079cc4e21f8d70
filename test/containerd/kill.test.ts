// containerd is killed before each thing that it does to the disk, from its start through a pull to the removal of what it pulled: after
// the next start nothing is half there, what an image names is whole, and what nobody uses goes. Strace kills it: at the Nth system call
// of those that change files. TLAB_EVERY_POINT=1 tries all of them; otherwise some, spread evenly. Needs root and strace.
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { connectContainerd } from '../../src/containerd/client.ts';
import { Ingests } from '../../src/containerd/content/ingest.ts';
import { snapshotterOf } from '../../src/containerd/snapshot/snapshotters.ts';
import { openStage, type Settings, type Stage } from '../../src/containerd/stage.ts';
import { answers } from '../../src/daemon/supervisor.ts';
import { writeTar } from '../../src/library/tar.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { binaries } from '../helpers/binaries.ts';
import { startOwnRegistry } from '../helpers/own-registry.ts';
import { root } from '../helpers/root.ts';
import { start } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const program = fileURLToPath(new URL('../../dist/tlab-containerd.cjs', import.meta.url));
/** What changes files; each thread counts its own. */
const changes = 'rename,unlink,unlinkat,rmdir,mkdir,pwrite64,fsync,fdatasync,ftruncate';
const namespace = 'n';
const points = 10;
const needs = root();

const folder = mkdtempSync('/dev/shm/tlab-kill-');
let registry: Awaited<ReturnType<typeof startOwnRegistry>>;

const settingsOf = (place: string): Settings => ({
  address: `${place}/s`,
  root: `${place}/root`,
  state: `${place}/state`,
  publishBinary: '/bin/false',
  binaryFolder: binaries,
});

const types = 'application/vnd.oci.image';

/** An image of two layers in the registry; `seed` makes its files differ. */
async function push(name: string, seed: string): Promise<void> {
  const put = async (mediaType: string, bytes: Buffer) => {
    const digest = digestOf(bytes);
    const answer = await fetch(`${registry.url}/v2/${name}/blobs/uploads/?digest=${digest}`, {
      method: 'POST',
      body: bytes,
    });
    assert.equal(answer.status, 201);
    return { mediaType, digest, size: bytes.length };
  };
  const tars = ['a', 'b'].map((layer) =>
    writeTar([
      { path: layer, type: 'directory', mode: 0o755, uid: 0, gid: 0, mtime: 1, link: '', data: Buffer.alloc(0) },
      ...Array.from({ length: 20 }, (_, at) => ({
        ...{ path: `${layer}/${at}`, type: 'file' as const, mode: 0o644, uid: 0, gid: 0, mtime: 1, link: '' },
        data: Buffer.from(`${seed} ${layer} ${at}`.repeat(100)),
      })),
    ]),
  );
  const config = await put(
    `${types}.config.v1+json`,
    Buffer.from(
      JSON.stringify({
        architecture: 'amd64',
        os: 'linux',
        rootfs: { type: 'layers', diff_ids: tars.map(digestOf) },
        seed,
      }),
    ),
  );
  const layers = [];
  for (const tar of tars) layers.push(await put(`${types}.layer.v1.tar+gzip`, gzipSync(tar)));
  const mediaType = `${types}.manifest.v1+json`;
  const answer = await fetch(`${registry.url}/v2/${name}/manifests/latest`, {
    method: 'PUT',
    headers: { 'content-type': mediaType },
    body: JSON.stringify({ schemaVersion: 2, mediaType, config, layers }),
  });
  assert.equal(answer.status, 201);
}

const reference = (name: string): string => `${registry.host}/${name}:latest`;
const platform = { os: 'linux', architecture: 'amd64' };

/** Starts containerd under strace, which may kill it, and does what `work` says; true when it went through. */
async function lives(
  place: string,
  kill: number | undefined,
  work: (client: ReturnType<typeof connectContainerd>) => Promise<void>,
): Promise<boolean> {
  const { address, root: rootFolder, state } = settingsOf(place);
  const own = [process.execPath, program, '--address', address, '--root', rootFolder, '--state', state];
  const injected = kill === undefined ? [] : ['-e', `inject=${changes}:signal=KILL:when=${kill}`];
  const strace = ['strace', '-f', '-qqq', '-o', `${place}.calls`, '-e', `trace=${changes}`, ...injected];
  const [command = '', ...args] = [...strace, ...own];
  // One thread for files, so that a number means much the same point in every run.
  const child = start(command, args, { env: { UV_THREADPOOL_SIZE: '1' } });
  const client = connectContainerd({ address, namespace });
  let hasEnded = false;
  void child.ended.then(() => {
    hasEnded = true;
  });
  try {
    await waitUntil(async () => hasEnded || (await answers(address)), {
      what: 'containerd to listen',
      deadlineMs: 60_000,
    });
    if (hasEnded) return false;
    await Promise.race([work(client), child.ended.then(() => Promise.reject(new Error('killed')))]);
    return true;
  } catch (error) {
    await waitUntil(() => hasEnded, { what: `containerd to be gone: ${(error as Error).message}` });
    return false;
  } finally {
    client.close();
    await child.stop('SIGKILL');
    await reap(state);
  }
}

/** Strace may be gone before the one that it watches is. */
async function reap(state: string): Promise<void> {
  const pid = existsSync(`${state}/containerd.pid`)
    ? Number.parseInt(readFileSync(`${state}/containerd.pid`, 'utf8'), 10)
    : 0;
  const isOurs = () =>
    existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(state);
  if (pid > 0 && isOurs()) process.kill(pid, 'SIGKILL');
  await waitUntil(() => pid === 0 || !isOurs(), { what: 'containerd to be gone' });
}

before(async () => {
  if (needs.skip !== false) return;
  registry = await startOwnRegistry();
  for (const name of ['used', 'other']) await push(name, name);
  mkdirSync(`${folder}/template`);
  const insecure = { insecureRegistries: [registry.host] };
  assert.ok(
    await lives(`${folder}/template`, undefined, (client) =>
      client.pull({ reference: reference('used'), platform, ...insecure }),
    ),
  );
});
after(async () => {
  await registry?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function requireWhole(stage: Stage, name: string): Promise<void> {
  const digests: Digest[] = [stage.images.get(namespace, reference(name)).target.digest as Digest];
  const manifest = JSON.parse((await stage.content.readAll(namespace, digests[0] ?? '')).toString());
  for (const { digest } of [manifest.config, ...manifest.layers]) digests.push(digest);
  for (const digest of digests) assert.equal(digestOf(await stage.content.readAll(namespace, digest)), digest);
  const [label] = Object.entries(stage.content.info(namespace, manifest.config.digest).labels).filter(([key]) =>
    key.startsWith('containerd.io/gc.ref.snapshot'),
  );
  const snapshots = snapshotterOf(stage, '');
  const mounts = await snapshots.prepare(namespace, {
    key: `look ${name}`,
    parent: label?.[1] ?? 'no snapshot is named',
    labels: {},
    kind: 'view',
  });
  const lowers =
    mounts[0]?.options
      .find((option) => option.startsWith('lowerdir='))
      ?.slice(9)
      .split(':') ?? [];
  assert.deepEqual(
    lowers.map((lower) => readdirSync(lower).flatMap((layer) => readdirSync(`${lower}/${layer}`).length)),
    [[20], [20]],
  );
  await snapshots.remove(namespace, `look ${name}`);
}

/** Files and records say the same, and nothing waits to be removed. */
function requireConsistent(stage: Stage, place: string): void {
  const files = readdirSync(`${place}/root/blobs/sha256`).map((name) => `sha256:${name}`);
  assert.deepEqual(
    files.sort(),
    stage.content
      .list(namespace)
      .map(({ digest }) => digest)
      .sort(),
  );
  assert.deepEqual(
    readdirSync(`${place}/root/snapshots`).sort(),
    snapshotterOf(stage, '')
      .list(namespace)
      .map(({ id }) => `${id}`)
      .sort(),
  );
  assert.equal(readdirSync(`${place}/root/ingest`).length, new Ingests(stage.content).list(namespace).length);
  const { integrity_check: integrity } =
    stage.database.get<{ integrity_check: string }>('PRAGMA integrity_check') ?? {};
  assert.equal(integrity, 'ok');
}

async function afterKill(place: string): Promise<void> {
  const stage = await openStage(settingsOf(place));
  try {
    requireConsistent(stage, place);
    await requireWhole(stage, 'used');
    const isNamed = stage.images.list(namespace).some(({ name }) => name === reference('other'));
    if (isNamed) await requireWhole(stage, 'other');
    // A day later, when nobody goes on with it.
    stage.leases.expire(Date.now() + 86_400_000);
    await stage.collectGarbage();
    requireConsistent(stage, place);
    await requireWhole(stage, 'used');
    const images = isNamed ? 2 : 1;
    assert.deepEqual(
      [stage.content.list(namespace).length, snapshotterOf(stage, '').list(namespace).length],
      [images * 4, images * 2],
    );
  } finally {
    stage.close();
  }
}

/** The most calls that one thread made. */
function callsOf(place: string): number {
  const counts = new Map<string, number>();
  for (const line of readFileSync(`${place}.calls`, 'utf8').split('\n')) {
    const [thread, call] = line.split(' ').filter((word) => word !== '');
    if (thread !== undefined && call?.includes('(')) counts.set(thread, (counts.get(thread) ?? 0) + 1);
  }
  return Math.max(...counts.values());
}

/** How many calls it made, and whether it went through; without a point it is not killed. */
async function killAt(point: number | undefined): Promise<{ calls: number; isThrough: boolean }> {
  const place = `${folder}/at-${point}`;
  cpSync(`${folder}/template`, place, { recursive: true, preserveTimestamps: true });
  const isThrough = await lives(place, point, async (client) => {
    await client.pull({ reference: reference('other'), platform, insecureRegistries: [registry.host] });
    await client.images.delete({ name: reference('other'), sync: true });
    await client.pull({ reference: reference('other'), platform, insecureRegistries: [registry.host] });
  });
  await afterKill(place).catch((error: Error) => {
    throw new Error(`killed at ${point}: ${error.message}`, { cause: error });
  });
  rmSync(place, { recursive: true });
  return { calls: callsOf(place), isThrough };
}

test(
  'wherever containerd is killed, the next start finds the used whole, nothing half there, and lets the unused go',
  needs,
  async (context) => {
    const { calls: most, isThrough } = await killAt(undefined);
    assert.ok(isThrough && most > 60, `${most} calls: not all of them were seen`);
    context.diagnostic(`${most} points`);
    const step = process.env.TLAB_EVERY_POINT === '1' ? 1 : Math.ceil(most / points);
    let killed = 0;
    let tried = 0;
    // Timers and threads differ from run to run: not every one comes to the last calls.
    for (let point = 1; point < most; point += step) {
      tried += 1;
      killed += (await killAt(point)).isThrough ? 0 : 1;
    }
    assert.ok(killed > tried / 2, `${killed} of ${tried} runs were killed`);
  },
);
