// Debian's stock kernel and its modules, taken out of the package into a cache folder; nothing is installed.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';

export interface DebianKernel {
  image: string;
  /** The folder that holds a folder named like the release. */
  modules: string;
  release: string;
  /** Paths of the modules in the order in which they can be loaded, those they need first. */
  inLoadOrder(names: readonly string[]): string[];
}

const metaPackage = 'linux-image-amd64';

/** From the cache, or downloaded with apt-get. */
export function debianKernel(cache: string): DebianKernel {
  const folder = `${cache}/linux`;
  if (!existsSync(folder)) extract(cache, folder);
  const modules = `${folder}/lib/modules`;
  const [release] = readdirSync(modules);
  if (release === undefined) throw new Error(`${modules}: empty; remove ${cache} and try again`);
  return {
    image: `${folder}/boot/vmlinuz-${release}`,
    modules,
    release,
    inLoadOrder: (names) => loadOrder(`${modules}/${release}`, names),
  };
}

function extract(cache: string, folder: string): void {
  const name = currentPackage() ?? updated();
  if (name === undefined) throw new Error(`${metaPackage}: not known to apt-cache, even after apt-get update`);
  const staging = `${cache}/staging`;
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(`${staging}/linux`, { recursive: true });
  // As root: apt's own user may not write here.
  execFileSync('apt-get', ['download', '-qq', '-o', 'APT::Sandbox::User=root', name], { cwd: staging });
  const archive = readdirSync(staging).find((file) => file.endsWith('.deb'));
  execFileSync('dpkg-deb', ['-x', `${staging}/${archive}`, `${staging}/linux`]);
  const [release = ''] = readdirSync(`${staging}/linux/lib/modules`);
  execFileSync('busybox', ['depmod', '-b', `${staging}/linux`, release]);
  renameSync(`${staging}/linux`, folder);
  rmSync(staging, { recursive: true });
}

/** The meta package depends on the kernel of the day; undefined where the lists of packages are missing. */
function currentPackage(): string | undefined {
  const { stdout } = spawnSync('apt-cache', ['depends', metaPackage], { encoding: 'utf8' });
  return /Depends: (linux-image-\S+)/.exec(stdout)?.[1];
}

function updated(): string | undefined {
  execFileSync('apt-get', ['update', '-qq'], { stdio: 'inherit' });
  return currentPackage();
}

/** @source man modules.dep(5): `path: paths that it needs`, the nearest first. */
function loadOrder(folder: string, names: readonly string[]): string[] {
  const lines = readFileSync(`${folder}/modules.dep`, 'utf8').split('\n');
  const table = new Map(
    lines.map((line) => line.split(': ')).map(([path = '', needs = '']) => [path.replace(/:$/, ''), needs]),
  );
  const ordered = names.flatMap((name) => {
    const path = [...table.keys()].find((candidate) => candidate.endsWith(`/${name}.ko`));
    if (path === undefined) return []; // built in
    return [...(table.get(path) ?? '').split(' ').filter(Boolean).reverse(), path];
  });
  return [...new Set(ordered)].map((path) => `${folder}/${path}`);
}
