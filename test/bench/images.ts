// Figures of images: pull and unpack of a large image from a local registry, by tlab, docker, containerd's ctr, and skopeo with umoci, taking
// turns; the unpacker alone beside gunzip of the same layers; garbage collection of ten thousand blobs, beside containerd.
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type ContainerdClient, connectContainerd } from '../../src/containerd/client.ts';
import { WriteAction } from '../../src/containerd/proto/gen/content_pb.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { binaries } from '../helpers/binaries.ts';
import { startDockerRegistry } from '../helpers/docker-registry.ts';
import { startEngine, type TestEngine, tlabProgram } from '../helpers/engine.ts';
import { Containerd } from '../helpers/real-containerd.ts';
import { type RealDocker, startRealDocker } from '../helpers/real-docker.ts';
import { must } from '../helpers/shell.ts';
import { type Candidate, compared, type Figure, median, once, type Timing } from './measure.ts';

/** Folders of Debian's packages, one layer each: about 400 MB. Those that are not there are left out. */
const layerFolders = ['/usr/lib/gcc', '/usr/share/locale', '/usr/lib/python3.11', '/usr/lib/python3'];
/** The same name in every engine's namespace. */
const port = 5000;
const image = `127.0.0.1:${port}/big:latest`;
const types = 'application/vnd.oci.image';

export interface LargeImage {
  /** Files of the layers' blobs. */
  blobs: string[];
  tarBytes: number;
}

async function sha256Of(path: string): Promise<string> {
  return (await must('sha256sum', [path])).slice(0, 64);
}

/** An OCI layout at `<folder>/layout`, compressed as docker does (gzip -6). */
export async function makeLargeImage(folder: string, sources: readonly string[]): Promise<LargeImage> {
  const blobFolder = `${folder}/layout/blobs/sha256`;
  mkdirSync(blobFolder, { recursive: true });
  const made: LargeImage = { blobs: [], tarBytes: 0 };
  const layers: Array<{ mediaType: string; digest: string; size: number }> = [];
  const diffIds: string[] = [];
  for (const source of sources.filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory())) {
    await must('tar', ['-C', '/', '--sort=name', '-cf', `${folder}/layer.tar`, source.slice(1)]);
    made.tarBytes += statSync(`${folder}/layer.tar`).size;
    diffIds.push(`sha256:${await sha256Of(`${folder}/layer.tar`)}`);
    await must('gzip', ['-6', '-n', `${folder}/layer.tar`], { timeoutMs: 300_000 });
    const hex = await sha256Of(`${folder}/layer.tar.gz`);
    await must('mv', [`${folder}/layer.tar.gz`, `${blobFolder}/${hex}`]);
    made.blobs.push(`${blobFolder}/${hex}`);
    const { size } = statSync(`${blobFolder}/${hex}`);
    layers.push({ mediaType: `${types}.layer.v1.tar+gzip`, digest: `sha256:${hex}`, size });
  }
  const put = (mediaType: string, value: unknown) => {
    const bytes = Buffer.from(JSON.stringify(value));
    writeFileSync(`${blobFolder}/${digestOf(bytes).slice(7)}`, bytes);
    return { mediaType, digest: digestOf(bytes), size: bytes.length };
  };
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const config = put(`${types}.config.v1+json`, {
    architecture,
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: diffIds },
  });
  const mediaType = `${types}.manifest.v1+json`;
  const manifest = put(mediaType, { schemaVersion: 2, mediaType, config, layers });
  const named = { ...manifest, annotations: { 'org.opencontainers.image.ref.name': 'big' } };
  writeFileSync(`${folder}/layout/index.json`, JSON.stringify({ schemaVersion: 2, manifests: [named] }));
  writeFileSync(`${folder}/layout/oci-layout`, JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  return made;
}

/** A candidate, and what makes it start anew. */
export interface Puller extends Candidate {
  undo: () => Promise<unknown>;
}

/** Medians of `rounds`, taking turns; the undoing is not timed. */
export async function pullInTurn(pullers: readonly Puller[], rounds: number): Promise<Timing[]> {
  const times = new Map(pullers.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round += 1) {
    for (const puller of pullers) {
      times.get(puller.name)?.push(await once(puller));
      await puller.undo();
    }
  }
  return [...times].map(([name, taken]) => ({ name, medianMs: median(taken), minimumMs: Math.min(...taken) }));
}

function pullersOf(
  engine: TestEngine,
  docker: RealDocker,
  { containerd, folder }: { containerd: Containerd; folder: string },
): Puller[] {
  const inside = (name: string, args: string[], undo: Puller['undo']): Puller => ({
    name,
    program: 'nsenter',
    args: [...engine.enter, ...args],
    env: engine.env,
    undo,
  });
  const ctr = ['-a', `${containerd.root}/c.sock`];
  const copy = `skopeo copy -q --insecure-policy --src-tls-verify=false docker://${image} oci:${folder}/copy:big`;
  const bundle = `umoci --log=error unpack --image ${folder}/copy:big ${folder}/bundle`;
  return [
    inside('tlab', [tlabProgram, 'pull', '-q', image], () => engine.must('rmi', image)),
    {
      name: 'docker',
      program: '/usr/bin/docker',
      args: [...docker.host, 'pull', '-q', image],
      undo: () => docker.docker('rmi', image),
    },
    inside('ctr', ['ctr', ...ctr, 'images', 'pull', '--plain-http', image], () =>
      must('ctr', [...ctr, 'images', 'rm', '--sync', image]),
    ),
    inside('skopeo + umoci', ['sh', '-c', `${copy} && ${bundle}`], () =>
      must('rm', ['-rf', `${folder}/copy`, `${folder}/bundle`]),
    ),
  ];
}

export const megabytesPerSecond = (bytes: number, ms: number): string => `${(bytes / 1e3 / ms).toFixed(0)} MB/s`;

/** Each layer by the unpacker alone, and by gunzip into nothing. */
async function unpackFigures({ blobs, tarBytes }: LargeImage, folder: string): Promise<Figure[]> {
  const times = { unpack: [] as number[], gunzip: [] as number[] };
  for (let round = 0; round < 3; round += 1) {
    const into = `${folder}/unpacked`;
    const unpack = blobs.map(
      (blob, at) =>
        `mkdir -p ${into}/${at} && ${binaries}/tlab-unpack --directory ${into}/${at} --whiteouts overlay < ${blob}`,
    );
    const shell = (name: string, commands: string[]): Candidate => ({
      name,
      program: 'sh',
      args: ['-ec', `exec >/dev/null; ${commands.join(' && ')}`],
    });
    times.unpack.push(await once(shell('tlab-unpack', unpack)));
    times.gunzip.push(
      await once(
        shell(
          'gunzip',
          blobs.map((blob) => `gunzip -c < ${blob}`),
        ),
      ),
    );
    rmSync(into, { recursive: true });
  }
  const [ours, limit] = [median(times.unpack), median(times.gunzip)];
  return [
    {
      what: `unpack ${(tarBytes / 1e6).toFixed(0)} MB of layers, both digests checked`,
      value: `${megabytesPerSecond(tarBytes, ours)}, ${((100 * limit) / ours).toFixed(0)} % of the gunzip limit`,
      beside: `gunzip alone ${megabytesPerSecond(tarBytes, limit)}`,
      ratio: ours / limit,
      budget: undefined,
    },
  ];
}

interface Collection {
  tookMs: number;
  /** Of another client's calls meanwhile. */
  longestAnswerMs: number;
}

/** The longest time that a small call takes until `work` is done. */
async function longestAnswer(client: ContainerdClient, work: Promise<unknown>): Promise<number> {
  let isDone = false;
  let longestMs = 0;
  const ended = work.finally(() => {
    isDone = true;
  });
  while (!isDone) {
    const begin = performance.now();
    await client.version.version({});
    longestMs = Math.max(longestMs, performance.now() - begin);
    await delay(5);
  }
  await ended;
  return longestMs;
}

/** Until so many blobs that a lease held are gone, after the lease went. */
async function collect(address: string, blobCount: number): Promise<Collection> {
  const namespace = 'bench';
  const client = connectContainerd({ address, namespace });
  try {
    const { lease } = await client.leases.create({ id: `bench-${process.pid}` });
    const id = lease?.id ?? '';
    const write = async (at: number): Promise<void> => {
      const data = Buffer.from(`blob ${at} of a benchmark`);
      const expected = `sha256:${createHash('sha256').update(data).digest('hex')}`;
      const call = client.content.write({ lease: id });
      await call.send({
        action: WriteAction.COMMIT,
        ref: `bench-${at}`,
        total: BigInt(data.length),
        expected,
        offset: 0n,
        data,
      });
      call.end();
      for await (const _answer of call);
    };
    for (let at = 0; at < blobCount; at += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, more) => write(at + more)));
    }
    const begin = performance.now();
    let tookMs = 0;
    const removal = client.leases.delete({ id, sync: true }).then(() => {
      tookMs = performance.now() - begin;
    });
    const longestAnswerMs = await longestAnswer(client, removal);
    let left = 0;
    for await (const { info } of client.content.list({ filters: [] }))
      left += info.filter(({ size }) => size < 40n).length;
    if (left > 0) throw new Error(`${left} blobs are left after the collection at ${address}`);
    return { tookMs, longestAnswerMs };
  } finally {
    client.close();
  }
}

async function collectionFigure(engine: TestEngine, containerd: Containerd, blobCount: number): Promise<Figure> {
  const ours = await collect(`${engine.root}/run/containerd/containerd.sock`, blobCount);
  const theirs = await collect(`${containerd.root}/c.sock`, blobCount);
  return {
    what: `garbage collection of ${blobCount} blobs`,
    value: `${ours.tookMs.toFixed(0)} ms; other calls wait ${ours.longestAnswerMs.toFixed(0)} ms at most`,
    beside: `containerd ${theirs.tookMs.toFixed(0)} ms; ${theirs.longestAnswerMs.toFixed(0)} ms`,
    ratio: ours.tookMs / theirs.tookMs,
    budget: 1.2,
  };
}

/** Smaller for a look at the benchmark itself. */
export async function* imageFigures({
  folders = layerFolders,
  rounds = 3,
  blobs = 10_000,
} = {}): AsyncGenerator<Figure> {
  const folder = mkdtempSync('/var/tmp/tlab-bench-images-');
  const containerd = new Containerd({});
  const docker = await startRealDocker();
  const engine = await startEngine();
  const stops: Array<() => Promise<unknown>> = [];
  try {
    await containerd.start();
    for (const enter of [engine.enter, docker.enter]) {
      const registry = await startDockerRegistry({ enter, port, storage: `${folder}/registry` });
      stops.push(registry.stop);
    }
    const large = await makeLargeImage(folder, folders);
    const push = [
      'copy',
      '-q',
      '--insecure-policy',
      '--dest-tls-verify=false',
      `oci:${folder}/layout:big`,
      `docker://${image}`,
    ];
    await must('nsenter', [...engine.enter, 'skopeo', ...push], { timeoutMs: 120_000 });
    const timings = await pullInTurn(pullersOf(engine, docker, { containerd, folder }), rounds);
    const megabytes = large.blobs.reduce((sum, blob) => sum + statSync(blob).size, 0) / 1e6;
    const what = `pull + unpack of ${megabytes.toFixed(0)} MB, ${(large.tarBytes / 1e6).toFixed(0)} MB unpacked`;
    yield compared(timings, ['tlab', 'ctr'], { what, budget: 1.2 });
    yield compared(timings, ['tlab', 'skopeo + umoci'], { what, budget: 1.2 });
    yield compared(timings, ['tlab', 'docker'], { what });
    yield* await unpackFigures(large, folder);
    yield await collectionFigure(engine, containerd, blobs);
  } finally {
    for (const stop of stops) await stop();
    await engine.stop();
    await docker.stop();
    await containerd.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}
