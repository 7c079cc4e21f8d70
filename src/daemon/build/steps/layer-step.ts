// What RUN, COPY, ADD and WORKDIR have in common: ask the cache by the parts of the key; else make the layer; write down what came out.
import type { Digest } from '../../../oci/digest.ts';
import { digestOf } from '../../../oci/digest.ts';
import { emit } from '../../../trace/recorder.ts';
import { redactedMark } from '../../../trace/redact.ts';
import { timestampNow } from '../../time.ts';
import type { KeyParts } from '../cache/key.ts';
import { applyLayer, makeLayer, type StepResult, type StepRootfs } from '../layer.ts';
import { type BuildSession, createdNow } from '../session.ts';
import type { BuildState, Layer } from '../state.ts';
import type { FileStep, StepInput } from '../step.ts';

export interface LayerStep {
  parts: KeyParts;
  /** What the history says. */
  text: string;
  /** What `sources` of the parts stands for, path by path: kept so that a later miss can name the files. */
  files?: ReadonlyMap<string, string>;
  /** Changes the mounted root filesystem. */
  work?: (rootfs: StepRootfs) => Promise<void>;
  /** The layer does not depend on the parent: a hit is put on top of the one that is here. */
  isRebased?: boolean;
  /** Instead of `work`: makes the whole result. */
  make?: () => Promise<StepResult>;
}

export async function layerStep(
  input: StepInput,
  { parts, text, files, work, make, isRebased }: LayerStep,
): Promise<FileStep> {
  const { solver, state, step } = input;
  const { session } = solver;
  const place = { text: input.instruction.text, stage: input.stage.name ?? `${input.stage.index}`, index: input.index };
  const { key, record, reason, changes } = await session.cache.find({
    parts,
    place,
    lease: session.lease,
    files,
    isWanted: !session.request.noCache,
  });
  session.reporter.report({ kind: 'cache', step, hit: record !== undefined, key, reason, changes });
  const shown = shownParts(parts);
  emit('daemon.build-cache-looked-up', {
    data: { step, instruction: place.text, hit: record !== undefined, key, reason, parts: shown },
    // Without the values of arguments nobody gets the key by hand.
    ...(shown === parts ? { twin: `printf %s '${JSON.stringify(Object.entries(parts).sort())}' | sha256sum` } : {}),
  });
  if (record !== undefined) {
    const layer = record.layer as Layer | undefined;
    const chainId = isRebased && layer !== undefined ? await applyLayer(session, state.chainId, layer) : record.chainId;
    return advanced(state, text, { result: { layer, chainId }, created: createdNow(session, record.created) });
  }
  const result = await (make?.() ?? makeLayer(session, state.chainId, work ?? (async () => {})));
  const created = createdNow(session, timestampNow());
  await session.cache.add({
    version: 1,
    key,
    parts: parts as Record<string, string>,
    place,
    created,
    ...(result.layer === undefined ? {} : { layer: result.layer }),
    ...(result.chainId === undefined ? {} : { chainId: result.chainId }),
    sizeBytes: await diskBytesOf(session, result),
    lastUsedMs: Date.now(),
    uses: 0,
  });
  if (files !== undefined) session.cache.keepFiles(key, files);
  return advanced(state, text, { result, created });
}

/** As a trace may have them: of arguments only the names. */
function shownParts(parts: KeyParts): KeyParts {
  const pairs = JSON.parse(parts.arguments ?? '[]') as Array<[string, string]>;
  if (pairs.length === 0) return parts;
  return { ...parts, arguments: JSON.stringify(pairs.map(([name]) => [name, redactedMark])) };
}

/** The blob, and the files that were unpacked of it. */
async function diskBytesOf({ engine }: BuildSession, { layer, chainId }: StepResult): Promise<number> {
  if (layer === undefined || chainId === undefined) return 0;
  const { size } = await engine.containerd.snapshots.usage({ snapshotter: engine.snapshotter, key: chainId });
  return layer.descriptor.size + Number(size);
}

/** A step that changes only the configuration: it has a key too, so that the same build has the same times, and with them the same id. */
export function metadataStep(input: StepInput, text: string): Promise<FileStep> {
  const { chainId, key } = input.state;
  return layerStep(input, {
    parts: { parent: key, instruction: text },
    text,
    make: async () => ({ layer: undefined, chainId }),
  });
}

function advanced(
  state: BuildState,
  text: string,
  { result: { layer, chainId }, created }: { result: StepResult; created: string },
): FileStep {
  const entry = {
    created,
    created_by: text,
    ...(state.author === undefined ? {} : { author: state.author }),
    ...(layer === undefined ? { empty_layer: true } : {}),
  };
  return {
    state: {
      ...state,
      created,
      layers: layer === undefined ? state.layers : [...state.layers, layer],
      chainId: layer === undefined ? state.chainId : chainId,
      history: [...state.history, entry],
      key: keyAfter(state, text, layer?.diffId),
    },
    sizeBytes: layer?.descriptor.size ?? 0,
  };
}

const keyAfter = (state: BuildState, text: string, diffId: Digest | undefined): string =>
  digestOf(`${state.key}\n${text}\n${diffId ?? ''}`);
