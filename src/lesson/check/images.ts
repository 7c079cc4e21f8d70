// Probes of what images are made of: layers, steps, what two images share, what a container has changed; and of a registry.
import { get } from 'node:http';
import type { DaemonClient } from '../../daemon/client.ts';
import type { ImageLayers } from '../../daemon/image-protocol.ts';
import { mountFacts } from './proc.ts';
import { CannotTell, type Facts } from './verdict.ts';

export type Ask = <Shape>(path: string) => Promise<Shape | undefined>;

/** Layers bottom to top, steps oldest first. `shared`: layers at the bottom that both images have. */
export async function layerFacts(ask: Ask, name: string, other: string | undefined): Promise<Facts> {
  const image = await ask<ImageLayers>(`/tlab/images/${name}/layers`);
  if (image === undefined) return {};
  const { Layers: layers, History: history } = image;
  const beside = other === undefined ? undefined : await ask<ImageLayers>(`/tlab/images/${other}/layers`);
  const shared = layers.findIndex(({ ChainId }, i) => beside?.Layers[i]?.ChainId !== ChainId);
  return {
    count: layers.length,
    diffIds: layers.map(({ DiffId }) => DiffId),
    digests: layers.map(({ Digest }) => Digest),
    chainIds: layers.map(({ ChainId }) => ChainId),
    sizes: layers.map(({ Size }) => Size),
    compressedBytes: layers.reduce((sum, { Size }) => sum + Size, 0),
    unpackedBytes: layers.reduce((sum, { UnpackedSize }) => sum + (UnpackedSize ?? 0), 0),
    config: image.Id,
    manifest: image.Manifest.digest,
    history: history.length,
    emptySteps: history.filter(({ Layer }) => Layer === null).length,
    steps: history.map(({ CreatedBy }) => CreatedBy),
    ...(beside !== undefined && { shared: shared < 0 ? layers.length : shared }),
  };
}

interface Change {
  Path: string;
  /** 0 changed, 1 added, 2 removed. @source docker-api ContainerChanges */
  Kind: 0 | 1 | 2;
}
const kinds = ['changed', 'added', 'deleted'] as const;

/** What a container has changed, running or not; the directories of its overlay while it runs. @source kernel-doc overlayfs */
export async function upperFacts(ask: Ask, container: string, pid: number | undefined, path?: string): Promise<Facts> {
  const changes = (await ask<Change[] | null>(`/containers/${encodeURIComponent(container)}/changes`)) ?? [];
  const of = (kind: number): string[] => changes.filter(({ Kind }) => Kind === kind).map((one) => one.Path);
  const options = pid === undefined ? [] : ((mountFacts(pid, '/').superOptions ?? []) as string[]);
  const option = (name: string): string | undefined =>
    options.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1);
  const lower = option('lowerdir')?.split(':');
  const kind = path === undefined ? undefined : changes.find((one) => one.Path === path)?.Kind;
  return {
    ...(path !== undefined && { exists: kind !== undefined, kind: kind === undefined ? undefined : kinds[kind] }),
    changed: of(0),
    added: of(1),
    deleted: of(2),
    count: changes.length,
    ...(lower !== undefined && { upperdir: option('upperdir'), workdir: option('workdir'), lowerdirs: lower.length }),
  };
}

const timeoutMs = 4_000;

/** A registry over plain HTTP, as those that lessons start: whether it answers, its tags, what a name there is. @source distribution-spec */
export async function registryFacts(address: string, repository?: string, reference = 'latest'): Promise<Facts> {
  const root = await fetched(`http://${address}/v2/`);
  if (root === undefined) return { open: false };
  const facts = { open: true, status: root.status };
  if (repository === undefined) {
    const list = await fetched(`http://${address}/v2/_catalog`);
    return { ...facts, repositories: listOf(list?.body, 'repositories') };
  }
  const [tags, manifest] = await Promise.all([
    fetched(`http://${address}/v2/${repository}/tags/list`),
    fetched(`http://${address}/v2/${repository}/manifests/${reference}`),
  ]);
  const isThere = manifest?.status === 200;
  const { mediaType, layers } = isThere ? (parsed(manifest.body) as { mediaType?: string; layers?: unknown[] }) : {};
  return {
    ...facts,
    exists: isThere,
    manifestStatus: manifest?.status,
    tags: listOf(tags?.body, 'tags'),
    ...(isThere && { digest: manifest.digest, mediaType, layers: layers?.length }),
  };
}

interface Fetched {
  status: number;
  body: string;
  digest: string | undefined;
}

const accepted = ['manifest.v1', 'index.v1'].map((kind) => `application/vnd.oci.image.${kind}+json`);
const dockers = ['manifest.v2', 'manifest.list.v2'].map((kind) => `application/vnd.docker.distribution.${kind}+json`);

function fetched(url: string): Promise<Fetched | undefined> {
  const { promise, resolve } = Promise.withResolvers<Fetched | undefined>();
  const headers = { accept: [...accepted, ...dockers].join(', ') };
  const ask = get(url, { headers, timeout: timeoutMs, agent: false }, (answer) => {
    let body = '';
    answer.setEncoding('utf8').on('data', (text: string) => {
      body += text.slice(0, (1 << 20) - body.length);
    });
    const digest = answer.headers['docker-content-digest'];
    answer.on('close', () => resolve({ status: answer.statusCode ?? 0, body, digest: digest?.toString() }));
  });
  ask.on('timeout', () => ask.destroy()).on('error', () => resolve(undefined));
  return promise;
}

function parsed(body: string | undefined): Record<string, unknown> {
  try {
    return JSON.parse(body ?? '') ?? {};
  } catch {
    return {};
  }
}

const listOf = (body: string | undefined, key: string): unknown => parsed(body)[key] ?? [];

/** What a container has written, from the start, both streams; at most so much of its end. */
export async function outputFacts(daemon: DaemonClient, container: string): Promise<Facts> {
  const request = {
    method: 'GET',
    path: `/containers/${encodeURIComponent(container)}/logs`,
    query: { stdout: true, stderr: true, tail: mostLines },
    signal: AbortSignal.timeout(timeoutMs),
  } as const;
  const parts: Buffer[] = [];
  try {
    for await (const part of await daemon.stream(request)) parts.push(part as Buffer);
  } catch (error) {
    // A log driver that keeps nothing, for one.
    throw new CannotTell((error as Error).message);
  }
  const text = unframed(Buffer.concat(parts)).trimEnd();
  const lines = text === '' ? [] : text.split(/\r?\n/);
  return { exists: lines.length > 0, text, lines, count: lines.length, last: lines.at(-1) };
}

const mostLines = 1_000;

/** Frames of eight bytes and their content; a terminal's output has none. @source docker-api ContainerAttach, stream format */
function unframed(bytes: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    if ((bytes[at] ?? 9) > 2 || bytes.readUIntBE(at + 1, 3) !== 0) return bytes.toString('utf8');
    const size = bytes.readUInt32BE(at + 4);
    parts.push(bytes.subarray(at + 8, at + 8 + size));
    at += 8 + size;
  }
  return Buffer.concat(parts).toString('utf8');
}
