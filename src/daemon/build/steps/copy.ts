// COPY and ADD: what the words name and its checksum (copy/resolve.ts), the cache, the copy (copy/copy.ts). With --link the layer is made over
// nothing, so that it does not depend on what lies below, and is then put on top of it.
import { mkdirSync } from 'node:fs';
import { UndoStack } from '../../../base/undo.ts';
import { formatPlatform } from '../../../oci/platform.ts';
import { copySources } from '../copy/copy.ts';
import { copyOf } from '../copy/request.ts';
import { resolveSources } from '../copy/resolve.ts';
import type { CopyRequest, ResolvedSources } from '../copy/types.ts';
import { applyLayer, makeLayer, type StepResult } from '../layer.ts';
import type { FileStep, StepInput } from '../step.ts';
import { mountTree } from '../tree.ts';
import { layerStep } from './layer-step.ts';

export async function copyStep(input: StepInput): Promise<FileStep> {
  const { solver, instruction, lookup, state } = input;
  const { session } = solver;
  await using undo = new UndoStack();
  const request = copyOf(instruction, { lookup, escapeToken: solver.escapeToken });
  const from = instruction.flags.from?.[0];
  const resolved = await resolveSources(await rootOf(input, from, undo), request, {
    binaryFolder: session.binaryFolder,
    isContext: from === undefined,
    ...(from === undefined ? { ignored: solver.ignored } : {}),
    signal: session.signal,
  });
  undo.push('sources', () => resolved.release());
  const parts = {
    // Names of --chown are looked up in what lies below.
    parent: request.link && !namesAccounts(request) ? 'none (--link)' : (state.chainId ?? 'scratch'),
    instruction: JSON.stringify(keyed(request, state.config.WorkingDir)),
    sources: resolved.checksum,
    platform: formatPlatform(state.platform),
    ...(session.epoch === undefined ? {} : { epoch: `${session.epoch}` }),
  };
  const text = historyText(request, from);
  const { files } = resolved;
  if (request.link)
    return await layerStep(input, { parts, text, files, isRebased: true, make: () => linked(input, resolved) });
  return await layerStep(input, {
    parts,
    text,
    files,
    work: ({ path }) => copyInto(input, resolved, { rootfs: path }),
  });
}

async function rootOf({ solver, stage, step }: StepInput, from: string | undefined, undo: UndoStack): Promise<string> {
  if (from === undefined) return solver.session.context.root;
  const { chainId } = await solver.treeOf(stage, from, step);
  return await mountTree(solver.session, chainId, undo);
}

async function copyInto(
  { solver, state }: StepInput,
  resolved: ResolvedSources,
  places: { rootfs: string; accounts?: string },
): Promise<void> {
  const { session } = solver;
  await copySources(resolved, {
    ...places,
    binaryFolder: session.binaryFolder,
    workdir: state.config.WorkingDir ?? '',
    ...(session.epoch === undefined ? {} : { newestTime: session.epoch }),
    signal: session.signal,
  });
}

async function linked(input: StepInput, resolved: ResolvedSources): Promise<StepResult> {
  const { session } = input.solver;
  const { chainId } = input.state;
  await using undo = new UndoStack();
  const accounts = namesAccounts(resolved.request) ? { accounts: await mountTree(session, chainId, undo) } : {};
  const { layer } = await makeLayer(session, undefined, async ({ path }) => {
    mkdirSync(path, { recursive: true });
    await copyInto(input, resolved, { rootfs: path, ...accounts });
  });
  return { layer, chainId: layer === undefined ? chainId : await applyLayer(session, chainId, layer) };
}

const namesAccounts = ({ chown }: CopyRequest): boolean => chown !== undefined && /[^\d:]/.test(chown);

/** What is copied is in the checksum; this is how and where to. */
const keyed = (request: CopyRequest, workdir: string | undefined) => [
  request.keyword,
  request.destination,
  request.destination.startsWith('/') ? '' : (workdir ?? '/'),
  request.chown ?? '',
  request.chmod ?? '',
  request.link,
  request.parents,
  request.excludes,
  request.unpack ?? '',
];

function historyText(request: CopyRequest, from: string | undefined): string {
  const flags = [
    ...(from === undefined ? [] : [`--from=${from}`]),
    ...(request.chown === undefined ? [] : [`--chown=${request.chown}`]),
    ...(request.chmod === undefined ? [] : [`--chmod=${request.chmod}`]),
    ...(request.link ? ['--link'] : []),
    ...(request.parents ? ['--parents'] : []),
    ...request.excludes.map((pattern) => `--exclude=${pattern}`),
  ];
  const inline = request.inline.map(({ name }) => `<<${name}`);
  return [request.keyword, ...flags, ...request.sources, ...inline, request.destination].join(' ');
}
