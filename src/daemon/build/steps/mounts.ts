// RUN --mount as a step sees it: what of the mounts the result depends on, and the trees that they take things from.
import type { UndoStack } from '../../../base/undo.ts';
import { hasWildcards } from '../../../dockerfile/match.ts';
import { resolveSources } from '../copy/resolve.ts';
import type { RunMount } from '../copy/run-mounts.ts';
import type { CopyRequest } from '../copy/types.ts';
import type { StepInput } from '../step.ts';
import { mountTree } from '../tree.ts';

/** Host path of what a `from` names, mounted until the step ends; undefined is the context. */
export function treesOf(input: StepInput, undo: UndoStack): (from: string | undefined) => Promise<string> {
  const { solver, stage, step } = input;
  const mounted = new Map<string, Promise<string>>();
  return (from) => {
    if (from === undefined) return Promise.resolve(solver.session.context.root);
    const known = mounted.get(from);
    if (known !== undefined) return known;
    const mounting = solver.treeOf(stage, from, step).then(({ chainId }) => mountTree(solver.session, chainId, undo));
    mounted.set(from, mounting);
    return mounting;
  };
}

/** A cache that begins with files of a stage or image is another one when those are others, and so is what comes of it. */
export function withTrees({ solver, stage, step }: StepInput, mounts: readonly RunMount[]): Promise<RunMount[]> {
  return Promise.all(
    mounts.map(async (mount) => {
      if (mount.type !== 'cache' || mount.from === undefined) return mount;
      const { chainId } = await solver.treeOf(stage, mount.from, step);
      return { ...mount, tree: chainId ?? 'scratch' };
    }),
  );
}

/** Contents count for bind mounts; what was written to caches, and secrets, are there to not count. @source dockerfile reference: RUN --mount */
export async function mountsKey(
  { solver }: StepInput,
  mounts: readonly RunMount[],
  treeOf: (from: string | undefined) => Promise<string>,
): Promise<string> {
  const { session } = solver;
  const keyed = mounts.map(async (mount) => {
    if (mount.type !== 'bind') return mount;
    const resolved = await resolveSources(await treeOf(mount.from), wholeOf(mount.source), {
      binaryFolder: session.binaryFolder,
      isContext: mount.from === undefined,
      ...(mount.from === undefined ? { ignored: solver.ignored } : {}),
      signal: session.signal,
    });
    try {
      return { ...mount, checksum: resolved.checksum };
    } finally {
      await resolved.release();
    }
  });
  return JSON.stringify(await Promise.all(keyed));
}

/** A mount's source is a name, also where COPY would see a pattern. */
const asPattern = (source: string): string =>
  hasWildcards(source) ? source.replace(/[*?[\\]/g, (c) => (c === '\\' ? '[\\\\]' : `[${c}]`)) : source;

const wholeOf = (source: string): CopyRequest => ({
  keyword: 'COPY',
  sources: [source === '' ? '.' : asPattern(source)],
  inline: [],
  destination: '/',
  chown: undefined,
  chmod: undefined,
  link: false,
  parents: false,
  excludes: [],
  checksum: undefined,
  unpack: undefined,
});
