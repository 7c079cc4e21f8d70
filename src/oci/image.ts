// The documents of an image, as schemas: descriptor, index, manifest, config. Untrusted until parsed here.
// Go writes null where a list is empty, so every optional field takes null as absent. Unknown fields are dropped:
// who needs the document again keeps its bytes, because the digest is over those.
import * as v from 'valibot';
import { LabError } from '../base/errors.ts';
import { type Digest, isDigest } from './digest.ts';
import { isIndexType, isManifestType } from './media-types.ts';
import { object, record } from './object.ts';

const absent = <T extends v.GenericSchema>(schema: T) =>
  v.optional(
    v.pipe(
      v.nullable(schema),
      v.transform((value) => value ?? undefined),
    ),
  );

const digestSchema = v.custom<Digest>(
  (value) => typeof value === 'string' && isDigest(value),
  'expected a sha256 or sha512 digest',
);

const mediaTypeSchema = v.pipe(v.string(), v.maxLength(255));
const sizeSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const textMap = record(v.string(), v.string());
const emptyObjectMap = record(v.string(), v.unknown());

/** @source oci-image image-index#platform */
const platformSchema = object({
  architecture: v.string(),
  os: v.string(),
  variant: absent(v.string()),
  'os.version': absent(v.string()),
  'os.features': absent(v.array(v.string())),
});
export type Platform = v.InferOutput<typeof platformSchema>;

/** @source oci-image descriptor */
export const descriptorSchema = object({
  mediaType: mediaTypeSchema,
  digest: digestSchema,
  size: sizeSchema,
  annotations: absent(textMap),
  platform: absent(platformSchema),
});
export type Descriptor = v.InferOutput<typeof descriptorSchema>;

/** @source oci-image image-index; distribution spec/manifest-v2-2#manifest-list */
export const indexSchema = object({
  schemaVersion: v.literal(2),
  mediaType: absent(mediaTypeSchema),
  manifests: v.pipe(v.array(descriptorSchema), v.maxLength(4096)),
  annotations: absent(textMap),
});
export type ImageIndex = v.InferOutput<typeof indexSchema>;

/** Docker allows 127 layers; overlayfs takes 500 lower directories. @source oci-image manifest */
const mostLayers = 500;

export const manifestSchema = object({
  schemaVersion: v.literal(2),
  mediaType: absent(mediaTypeSchema),
  config: descriptorSchema,
  layers: v.pipe(v.array(descriptorSchema), v.maxLength(mostLayers)),
  annotations: absent(textMap),
});
export type ImageManifest = v.InferOutput<typeof manifestSchema>;

/** Durations in nanoseconds. @source docker-api ContainerConfig#Healthcheck */
const healthcheckSchema = object({
  Test: absent(v.array(v.string())),
  Interval: absent(v.number()),
  Timeout: absent(v.number()),
  StartPeriod: absent(v.number()),
  StartInterval: absent(v.number()),
  Retries: absent(v.number()),
});

/** What to run and how, when the person says nothing. @source oci-image config#properties; docker-api ContainerConfig */
export const runConfigSchema = object({
  User: absent(v.string()),
  ExposedPorts: absent(emptyObjectMap),
  Env: absent(v.array(v.string())),
  Entrypoint: absent(v.array(v.string())),
  Cmd: absent(v.array(v.string())),
  Volumes: absent(emptyObjectMap),
  WorkingDir: absent(v.string()),
  Labels: absent(textMap),
  StopSignal: absent(v.string()),
  ArgsEscaped: absent(v.boolean()),
  Healthcheck: absent(healthcheckSchema),
  OnBuild: absent(v.array(v.string())),
  Shell: absent(v.array(v.string())),
});
export type RunConfig = v.InferOutput<typeof runConfigSchema>;

const historySchema = object({
  created: absent(v.string()),
  created_by: absent(v.string()),
  author: absent(v.string()),
  comment: absent(v.string()),
  empty_layer: absent(v.boolean()),
});

/** @source oci-image config */
export const imageConfigSchema = object({
  created: absent(v.string()),
  author: absent(v.string()),
  architecture: v.string(),
  os: v.string(),
  variant: absent(v.string()),
  config: absent(runConfigSchema),
  rootfs: object({ type: v.literal('layers'), diff_ids: v.array(digestSchema) }),
  history: absent(v.array(historySchema)),
});
export type ImageConfig = v.InferOutput<typeof imageConfigSchema>;

/** A manifest or an index is a few kilobytes; containerd refuses more than 8 MB. */
export const largestDocumentBytes = 8 * 1024 * 1024;

/** JSON bytes through a schema. Errors: dataLoss, naming the document and the first field that is wrong. */
export function parseDocument<T extends v.GenericSchema>(schema: T, bytes: Uint8Array, what: string): v.InferOutput<T> {
  if (bytes.byteLength > largestDocumentBytes) {
    throw new LabError('dataLoss', `${what}: ${bytes.byteLength} bytes, at most ${largestDocumentBytes} are read`);
  }
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new LabError('dataLoss', `${what}: it is not JSON`, { cause });
  }
  const result = v.safeParse(schema, json);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new LabError('dataLoss', `${what}: ${v.getDotPath(issue) ?? 'document'}: ${issue.message}`);
}

export type ManifestDocument =
  | { kind: 'index'; mediaType: string; index: ImageIndex }
  | { kind: 'manifest'; mediaType: string; manifest: ImageManifest };

const shapeSchema = object({
  schemaVersion: v.optional(v.number()),
  mediaType: absent(mediaTypeSchema),
  manifests: v.optional(v.unknown()),
});

/**
 * An index or a manifest, told apart by its own mediaType, then by the type it was served with, then by its shape.
 * A document that calls itself one thing and was served as the other is refused.
 * Errors: dataLoss; notImplemented for Docker's schema 1.
 */
export function parseManifestDocument(bytes: Uint8Array, servedAs: string | undefined, what: string): ManifestDocument {
  const shape = parseDocument(shapeSchema, bytes, what);
  if (shape.schemaVersion === 1) {
    throw new LabError('notImplemented', `${what}: it is an image of Docker's schema 1, expected schema 2 or OCI`);
  }
  const known = (type: string | undefined) =>
    type !== undefined && (isIndexType(type) || isManifestType(type)) ? type : undefined;
  const own = known(shape.mediaType);
  const served = known(servedAs);
  if (own !== undefined && served !== undefined && isIndexType(own) !== isIndexType(served)) {
    throw new LabError('dataLoss', `${what}: it was served as ${served} but calls itself ${own}`);
  }
  const mediaType = own ?? served;
  const isIndex = mediaType === undefined ? shape.manifests !== undefined : isIndexType(mediaType);
  if (isIndex) {
    const index = parseDocument(indexSchema, bytes, what);
    return { kind: 'index', mediaType: mediaType ?? 'application/vnd.oci.image.index.v1+json', index };
  }
  const manifest = parseDocument(manifestSchema, bytes, what);
  return { kind: 'manifest', mediaType: mediaType ?? 'application/vnd.oci.image.manifest.v1+json', manifest };
}
