// Bundles: the folder that a shim and a runtime work in, `<state>/io.containerd.runtime.v2.task/<namespace>/<id>`: config.json with the
// client's very bytes, provenance.json, plans/, rootfs/, and what shim and runtime write there.
// Rule: rootfs is removed only when it is an empty directory; removing what is mounted there would empty somebody's filesystem.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { LabError } from '../../base/errors.ts';
import { emit, isTraced } from '../../trace/recorder.ts';
import { redact } from '../../trace/redact.ts';
import { hostId } from '../snapshot/id-mapping.ts';

export interface Bundle {
  namespace: string;
  id: string;
  path: string;
}

const bundleRoot = (state: string): string => `${state}/io.containerd.runtime.v2.task`;

export const bundleOf = (state: string, namespace: string, id: string): Bundle => ({
  namespace,
  id,
  path: `${bundleRoot(state)}/${namespace}/${id}`,
});

/** Makes the folder and writes config.json. Errors: alreadyExists. Undo: removeBundle. */
export function makeBundle(bundle: Bundle, config: Uint8Array, provenance: Uint8Array | undefined): void {
  const { namespace, id, path } = bundle;
  mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true, mode: 0o711 });
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new LabError('alreadyExists', `task "${id}": its bundle ${path} already exists`);
    throw error;
  }
  mkdirSync(`${path}/rootfs`, { mode: 0o711 });
  emit('containerd.bundle-made', { data: { namespace, id, path }, twin: `mkdir -p ${path}/rootfs` });
  writeFileSync(`${path}/config.json`, config, { mode: 0o600 });
  if (provenance !== undefined) writeFileSync(`${path}/provenance.json`, provenance, { mode: 0o600 });
  // Shims of containerd open `log` for writing and wait for a reader if it is a FIFO; a plain file outlives this process.
  writeFileSync(`${path}/log`, '', { mode: 0o600 });
  if (isTraced()) traceConfig(`${path}/config.json`, config);
}

/**
 * The container's root is nobody on the host when its ids are mapped, and has to come to rootfs: through its group alone, for others
 * must not reach the setuid programs of its image (CVE-2021-41103). @source containerd runtime/v2/bundle_linux.go
 */
export function openBundle({ path }: Bundle, rootfs: ReadonlyArray<{ options: readonly string[] }>): void {
  const map = rootfs.flatMap(({ options }) => options).find((option) => option.startsWith('gidmap='));
  if (map === undefined) return;
  chownSync(path, 0, hostId(map.slice('gidmap='.length), 0));
  chmodSync(path, 0o710);
}

function traceConfig(path: string, config: Uint8Array): void {
  const text = Buffer.from(config).toString();
  let parsed: unknown = text;
  try {
    parsed = JSON.parse(text);
  } catch {
    // Shown as the text that it is; the runtime will say what is wrong with it.
  }
  const sha256 = createHash('sha256').update(config).digest('hex');
  emit('containerd.config-written', {
    data: { path, sha256, sizeBytes: config.length, config: redact(parsed) },
    twin: `runc spec  # then edit ${path}`,
  });
}

/** Removes the folder, in an order that a crash in the middle leaves to the next start. */
export async function removeBundle(bundle: Bundle): Promise<void> {
  const { path, namespace, id } = bundle;
  if (!existsSync(path)) return;
  await removeRootfs(`${path}/rootfs`);
  const doomed = `${path.slice(0, path.lastIndexOf('/'))}/.${id}`;
  rmSync(doomed, { recursive: true, force: true });
  renameSync(path, doomed);
  rmSync(doomed, { recursive: true, force: true });
  emit('containerd.bundle-removed', { data: { namespace, id, path }, twin: `rm -r ${path}` });
}

async function removeRootfs(rootfs: string): Promise<void> {
  if (tryRemove(rootfs)) return;
  // The shim unmounts; only when it died before it could is there something left to do.
  const { realMounts } = await import('../../kernel/real/mounts.ts');
  for (let count = mountsAt(rootfs); count > 0; count -= 1) realMounts.detach(rootfs, ['MNT_DETACH']);
  if (!tryRemove(rootfs)) throw new LabError('conflict', `removing ${rootfs}: it is not empty`);
}

function tryRemove(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return true;
    if (code === 'EBUSY' || code === 'ENOTEMPTY') return false;
    throw error;
  }
}

/** How many mounts are stacked on a path. @source man proc(5) mountinfo */
function mountsAt(path: string): number {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return lines.filter((line) => line.split(' ')[4] === path).length;
}

/** Every bundle on disk; half-removed ones are finished off. */
export function listBundles(state: string): Bundle[] {
  const root = bundleRoot(state);
  const bundles: Bundle[] = [];
  for (const namespace of namesIn(root)) {
    for (const id of namesIn(`${root}/${namespace}`)) {
      if (id.startsWith('.')) rmSync(`${root}/${namespace}/${id}`, { recursive: true, force: true });
      else bundles.push(bundleOf(state, namespace, id));
    }
  }
  return bundles;
}

const namesIn = (directory: string): string[] => (existsSync(directory) ? readdirSync(directory) : []);
