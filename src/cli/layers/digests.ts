// How each identity of an image, or of a file, is computed by hand: a shell command whose first word is the hex digits, and the value
// that it gives. Rule: a command stands alone; what it prints is compared, never believed.
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { LabError } from '../../base/errors.ts';
import type { ImageLayers } from '../../daemon/image-protocol.ts';
import { digestAlgorithm, digestOf, parseDigest } from '../../oci/digest.ts';
import { layerCompression } from '../../oci/media-types.ts';

export interface Identity {
  what: string;
  /** Undefined where only the command can tell. */
  value: string | undefined;
  says: string;
  /** Undefined when it is another identity of the list. */
  command: string | undefined;
}

export interface ByteDoor {
  /** A command that writes the blob of an image to its standard output. */
  get(digest: string): string;
}

/** Our daemon's door, which curl opens. */
export const curlDoor = (socket: string, image: ImageLayers): ByteDoor => ({
  get: (digest) => `curl -sf --unix-socket ${quoted(socket)} http://localhost/tlab/images/${image.Id}/blobs/${digest}`,
});

/** containerd's door, which ctr opens. */
export const ctrDoor = (socket: string): ByteDoor => ({
  get: (digest) => `ctr -a ${quoted(socket)} -n moby content get ${digest}`,
});

export function identitiesOf(image: ImageLayers, door: ByteDoor): Identity[] {
  const blob = (what: string, digest: string, says: string): Identity => ({
    what,
    value: digest,
    says,
    command: `${door.get(digest)} | ${sum(digest)}`,
  });
  return [
    ...(image.Index === null ? [] : [blob('index digest', image.Index.digest, 'the list of platforms, as it came')]),
    blob('manifest digest', image.Manifest.digest, 'config and layers by digest, as it came'),
    blob('image ID', image.Id, 'the digest of the config, which lists the diff IDs'),
    ...image.Layers.flatMap((layer, at): Identity[] => {
      const below = image.Layers[at - 1]?.ChainId;
      const unpack = decompressors[layerCompression({ mediaType: layer.MediaType }) ?? 'none'];
      return [
        blob(`layer ${at + 1} digest`, layer.Digest, 'the blob, compressed as it came'),
        {
          what: `layer ${at + 1} diff ID`,
          value: layer.DiffId,
          says: 'the tar inside: the same however it is compressed',
          command: `${door.get(layer.Digest)} | ${unpack}${sum(layer.DiffId)}`,
        },
        {
          what: `layer ${at + 1} chain ID`,
          value: layer.ChainId,
          says:
            below === undefined
              ? 'the diff ID, since nothing lies below'
              : `chain ID ${at}, a space, diff ID ${at + 1}`,
          command: below === undefined ? undefined : `printf '%s %s' ${below} ${layer.DiffId} | ${sum(layer.ChainId)}`,
        },
      ];
    }),
  ];
}

const decompressors = { none: '', gzip: 'gunzip | ', zstd: 'zstd -dc | ' } as const;

const sum = (digest: string): string => `${digestAlgorithm(parseDigest(digest))}sum`;

export const quoted = (text: string): string =>
  /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** Larger files are no documents. */
const largestDocumentBytes = 8 << 20;

/** A file as a blob, and what it is inside. Errors: notFound, invalidArgument for what is no file. */
export function identitiesOfFile(path: string): Identity[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new LabError('notFound', `${path}: no such file`);
  if (!stat.isFile()) throw new LabError('invalidArgument', `${path}: it is no file`);
  // `--` keeps a name that begins with a dash from being an option.
  const file = quoted(path);
  const start = firstBytes(path);
  const isGzip = start[0] === 0x1f && start[1] === 0x8b;
  const isZstd = start.readUInt32BE(0) === 0x28b52ffd;
  const unpack = isGzip ? 'gunzip -c' : isZstd ? 'zstd -dc' : undefined;
  const document = stat.size <= largestDocumentBytes && start[0] === 0x7b ? readFileSync(path) : undefined;
  const own: Identity = {
    what: document === undefined ? 'digest' : documentName(document),
    value: document === undefined ? undefined : digestOf(document),
    says: 'what names the file as a blob',
    command: `sha256sum < ${file}`,
  };
  if (document !== undefined) return [own];
  const inner = 'the tar inside; as the lowest layer of an image also its chain ID';
  const command = unpack === undefined ? `sha256sum < ${file}` : `${unpack} < ${file} | sha256sum`;
  return [own, { what: 'diff ID', value: undefined, says: inner, command }];
}

function documentName(bytes: Buffer): string {
  try {
    const json = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
    if (Array.isArray(json.manifests)) return 'index digest';
    if (Array.isArray(json.layers)) return 'manifest digest';
    if (typeof json.rootfs === 'object') return 'image ID';
  } catch {
    // No JSON: a file like any other.
  }
  return 'digest';
}

function firstBytes(path: string): Buffer {
  const bytes = Buffer.alloc(4);
  const file = openSync(path, 'r');
  try {
    readSync(file, bytes, 0, 4, 0);
  } finally {
    closeSync(file);
  }
  return bytes;
}
