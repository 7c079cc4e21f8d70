// RUN's mounts made: bind mounts of the context or a stage, caches that outlive the build, secrets in memory, tmpfs. Each is first mounted below
// <run root>/build/mounts/<id>/, by descriptor, so that no symlink in a tree leads elsewhere; the container's spec binds it from there.
// Rule: everything has its undo in the returned stack, in reverse order; a secret is on a file system in memory or nowhere. What a killed daemon leaves is
// below the two build folders, which the next one clears (leftovers.ts).
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, rmdir, unlink, writeFile } from 'node:fs/promises';
import { LabError } from '../../../base/errors.ts';
import { paths } from '../../../base/paths.ts';
import { UndoStack } from '../../../base/undo.ts';
import type { Mounts } from '../../../kernel/kernel.ts';
import type { MountSpec } from '../../../oci/runtime.ts';
import { emit } from '../../../trace/recorder.ts';
import { type Cache, CacheMounts } from './caches.ts';
import { madeFolder } from './inline.ts';
import { fields, listTree, refuse, runNative } from './native.ts';
import type { RunMount } from './run-mounts.ts';

/** What a build gives to the mounts of its RUN instructions. */
export interface RunMountSources {
  binaryFolder: string;
  /** The stage's mounted root filesystem, for the trace: nothing is made in it here. */
  rootfs: string;
  /** Host path of the tree that a `from` names: undefined is the context. Called only when it is needed; release what it mounted yourself. */
  treeOf(from: string | undefined): Promise<string>;
  /** Values of --secret by id; undefined when there is none. Never written anywhere but to a tmpfs. */
  secretOf(id: string): Buffer | undefined;
  /** Waiting for a locked cache ends with it. */
  signal?: AbortSignal;
}

export interface PreparedRunMounts {
  /** For config.json, behind the default mounts, in this order. */
  mounts: MountSpec[];
  /** Secrets that are wanted as variables: for the process's environment only, never for the image's. */
  env: string[];
  /** After the container's end: releases caches, unmounts, forgets secrets. Safe to call twice. */
  undo(): Promise<void>;
}

interface Making {
  sources: RunMountSources;
  /** Where this mount is made. */
  place: string;
  undo: UndoStack;
}

/** @source buildkit: the most that it takes */
const secretMaxBytes = 500 * 1024;

export class RunMounts {
  readonly caches = new CacheMounts();
  readonly #mounts: Mounts;

  constructor(mounts: Mounts) {
    this.#mounts = mounts;
  }

  /** Errors: notFound for a source or a required secret that is not there, what copying and mounting say. Nothing is left after one. */
  async prepare(wanted: readonly RunMount[], sources: RunMountSources): Promise<PreparedRunMounts> {
    const prepared: PreparedRunMounts = { mounts: [], env: [], undo: async () => undefined };
    if (wanted.length === 0) return prepared;
    const undo = new UndoStack();
    prepared.undo = async () => {
      const [error] = await undo.undo();
      if (error !== undefined) throw error;
    };
    try {
      const folder = `${paths.buildMounts}/${randomBytes(8).toString('hex')}`;
      await mkdir(folder, { recursive: true, mode: 0o700 });
      undo.push('the folder of mounts', () => rmdir(folder));
      for (const [index, mount] of wanted.entries()) {
        const spec = await this.#make(mount, { sources, place: `${folder}/${index}`, undo });
        if (spec !== undefined) prepared.mounts.push(spec);
        if (mount.type === 'secret') prepared.env.push(...variableOf(mount, sources));
      }
      return prepared;
    } catch (error) {
      await undo.undo();
      throw error;
    }
  }

  async #make(mount: RunMount, making: Making): Promise<MountSpec | undefined> {
    const tell = (source?: string): void => {
      const { type, target } = mount;
      if (target === undefined) return;
      emit('daemon.run-mount-prepared', {
        data: { type, target, ...(source === undefined ? {} : { source }), ...('id' in mount ? { id: mount.id } : {}) },
        ...(source === undefined ? {} : { twin: `mount --bind ${source} ${making.sources.rootfs}${target}` }),
      });
    };
    if (mount.type === 'tmpfs') {
      tell();
      const size = mount.sizeBytes === undefined ? [] : [`size=${mount.sizeBytes}`];
      return { destination: mount.target, type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', ...size] };
    }
    if (mount.type === 'secret') {
      const file = mount.target === undefined ? undefined : await this.#secret(mount, making);
      if (file !== undefined) tell();
      return file === undefined ? undefined : bound(mount.target ?? '', file, true);
    }
    const source = mount.type === 'cache' ? await this.#cache(mount, making) : await this.#bind(mount, making);
    tell(source);
    return bound(mount.target, source, mount.type === 'cache' ? mount.isReadOnly : !mount.isWritable);
  }

  /** What a writable one is given are copies: what is written to them goes away. */
  async #bind(mount: RunMount & { type: 'bind' }, making: Making): Promise<string> {
    const root = await making.sources.treeOf(mount.from);
    const [listed] = await listTree(making.sources, root, [{ kind: 'one', path: mount.source }]);
    const there = listed?.entries[0];
    if (listed === undefined || there === undefined)
      throw new LabError('notFound', `--mount=type=bind,source=${mount.source || '/'}: no such file or directory`, {
        hint:
          mount.from === undefined
            ? 'paths are relative to the context; .dockerignore may leave it out'
            : `it is looked up in ${mount.from}`,
      });
    if (!mount.isWritable) return this.#pin(root, listed.real, making);
    const upper = await madeFolder();
    making.undo.push('what was written to a mount', upper.remove);
    if (there.type !== 'directory') {
      await copyOne(making.sources, { root, path: listed.real }, { root: upper.root, step: ['E', 'file'] });
      return `${upper.root}/file`;
    }
    const lower = await this.#pin(root, listed.real, making);
    for (const part of ['upper', 'work', 'merged']) await mkdir(`${upper.root}/${part}`);
    await chmod(`${upper.root}/upper`, there.mode);
    await chown(`${upper.root}/upper`, there.uid, there.gid);
    const data = `lowerdir=${lower},upperdir=${upper.root}/upper,workdir=${upper.root}/work`;
    const merged = `${making.place}-merged`;
    await mkdir(merged);
    making.undo.push('a mount point', () => rmdir(merged));
    this.#mounts.attach({
      source: 'overlay',
      target: merged,
      fstype: 'overlay',
      flags: ['MS_NODEV', 'MS_NOSUID'],
      data,
    });
    making.undo.push('an overlay', () => this.#mounts.detach(merged, ['MNT_DETACH']));
    return merged;
  }

  /** A path of a tree, mounted by descriptor. */
  async #pin(root: string, path: string, { sources, place, undo }: Making): Promise<string> {
    const ended = await runNative(
      sources,
      ['tlab-copy', 'bind', '--root', root, '--to', place, '--read-only'],
      fields([path]),
    );
    if (ended.status !== 0) refuse(ended, `mounting ${path}`);
    const isDirectory = ended.stdout.toString().startsWith('d');
    undo.push('a mount point', () => (isDirectory ? rmdir(place) : unlink(place)));
    undo.push('a bind mount', () => this.#mounts.detach(place, ['MNT_DETACH']));
    return place;
  }

  async #cache(mount: RunMount & { type: 'cache' }, { sources, undo }: Making): Promise<string> {
    const cache: Cache = await this.caches.acquire(mount, sources.signal);
    undo.push('a cache', cache.release);
    if (!cache.isNew) return cache.folder;
    if (mount.from !== undefined) {
      const root = await sources.treeOf(mount.from);
      await copyAll(sources, { root, path: mount.source }, cache.folder);
    } else {
      await chown(cache.folder, mount.uid, mount.gid);
      await chmod(cache.folder, mount.mode);
    }
    await cache.filled();
    return cache.folder;
  }

  /** A file system of its own in memory, with the one file. Undefined when there is no such secret and none is needed. */
  async #secret(mount: RunMount & { type: 'secret' }, { sources, place, undo }: Making): Promise<string | undefined> {
    const value = secretValue(mount, sources);
    if (value === undefined) return undefined;
    await mkdir(place, { mode: 0o700 });
    undo.push('a mount point', () => rmdir(place));
    const data = `mode=0700,size=${secretMaxBytes + 64 * 1024}`;
    this.#mounts.attach({
      source: 'tmpfs',
      target: place,
      fstype: 'tmpfs',
      flags: ['MS_NOSUID', 'MS_NODEV', 'MS_NOEXEC'],
      data,
    });
    undo.push('a secret', () => this.#mounts.detach(place, ['MNT_DETACH']));
    const file = `${place}/secret`;
    await writeFile(file, value, { mode: 0o600, flag: 'wx' });
    await chown(file, mount.uid, mount.gid);
    await chmod(file, mount.mode);
    return file;
  }
}

const bound = (destination: string, source: string, isReadOnly: boolean): MountSpec => ({
  destination,
  type: 'bind',
  source,
  options: ['rbind', 'rprivate', 'nosuid', 'nodev', ...(isReadOnly ? ['ro'] : [])],
});

function secretValue(
  { id, isRequired }: { id: string; isRequired: boolean },
  sources: RunMountSources,
): Buffer | undefined {
  const value = sources.secretOf(id);
  if (value === undefined && isRequired)
    throw new LabError('notFound', `secret ${id}: not found`, { hint: `give it with --secret id=${id},src=FILE` });
  if (value !== undefined && value.length > secretMaxBytes)
    throw new LabError('invalidArgument', `secret ${id}: ${value.length} bytes, expected at most ${secretMaxBytes}`);
  return value;
}

function variableOf(mount: RunMount & { type: 'secret' }, sources: RunMountSources): string[] {
  const value = mount.env === undefined ? undefined : secretValue(mount, sources);
  return value === undefined ? [] : [`${mount.env}=${value.toString('utf8')}`];
}

interface Where {
  root: string;
  path: string;
}

async function copyOne(
  native: RunMountSources,
  from: Where,
  to: { root: string; step: [string, string] },
): Promise<void> {
  const [kind, path] = to.step;
  const ended = await runNative(
    native,
    ['tlab-copy', 'copy', '--from', from.root, '--to', to.root],
    fields([kind, from.path, path]),
  );
  if (ended.status !== 0) refuse(ended, `copying ${from.path}`);
}

/** A directory's content with its own mode and owner. */
async function copyAll(native: RunMountSources, from: Where, folder: string): Promise<void> {
  const [listed] = await listTree(native, from.root, [{ kind: 'tree', path: from.path }]);
  if (listed?.entries[0]?.type !== 'directory')
    throw new LabError('notFound', `--mount=type=cache,source=${from.path || '/'}: expected a directory`);
  const join = (a: string, b: string): string => [a, b].filter(Boolean).join('/');
  const steps = listed.entries.flatMap(({ path, type }) => [
    type === 'directory' ? 'D' : 'E',
    join(listed.real, path),
    path,
  ]);
  const ended = await runNative(native, ['tlab-copy', 'copy', '--from', from.root, '--to', folder], fields(steps));
  if (ended.status !== 0) refuse(ended, 'filling a cache');
}
