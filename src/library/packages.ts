// Debian's packages by apt: what is on offer, what it depends on, and the .deb files, verified as apt verifies them.
// The host's package database is neither read nor written: nothing is installed, nothing is asked of dpkg's status.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { LabError } from '../base/errors.ts';

const run = promisify(execFile);

/** One row of apt's package index. @source man deb-control(5) */
export interface Package {
  name: string;
  version: string;
  architecture: string;
  /** Alternatives of each dependency, in the packager's order. */
  depends: string[][];
  sha256: string;
  sizeBytes: number;
}

export interface ResolveOptions {
  withDependencies: boolean;
  /** Left out, with what only they need. */
  skipped: ReadonlySet<string>;
}

const largestOutput = 64 * 1024 * 1024;
const nameForm = /^[a-z0-9][a-z0-9+.-]+$/;

/** apt's index, asked once for each package. */
export class PackageIndex {
  /** Name → row, or undefined when there is none. */
  readonly #asked = new Map<string, Package | undefined>();
  readonly #caches: string[];

  /** `scratch` takes apt's parsed index, which saves half a second a call; a folder of its own. */
  constructor(scratch: string) {
    const caches = ['pkgcache', 'srcpkgcache'].map((name) => `Dir::Cache::${name}=${scratch}/${name}.bin`);
    this.#caches = caches.flatMap((option) => ['-o', option]);
  }

  /**
   * The packages and what they need, each once, by name. One index of one release is consistent, so versions are not
   * compared; of alternatives the first that is on offer is taken.
   * Errors: notFound when one of `names` is not on offer; unavailable.
   */
  async resolve(names: readonly string[], { withDependencies, skipped }: ResolveOptions): Promise<Package[]> {
    const chosen = new Map<string, Package>();
    let groups = names.map((name) => [name]);
    while (groups.length > 0) {
      await this.#ask(groups.flat());
      const next: string[][] = [];
      for (const group of groups) {
        if (group.some((name) => skipped.has(name) || chosen.has(name))) continue;
        const one = group.map((name) => this.#asked.get(name)).find((each) => each !== undefined);
        if (one === undefined || chosen.has(one.name)) continue;
        chosen.set(one.name, one);
        if (withDependencies) next.push(...one.depends);
      }
      groups = next;
    }
    const missing = names.find((name) => !chosen.has(name));
    if (missing !== undefined) {
      throw new LabError('notFound', `package "${missing}" is not on offer by apt`, { hint: 'apt-get update' });
    }
    return [...chosen.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Downloads into `directory`, which must be empty: name → path of the .deb. Errors: unavailable, dataLoss. */
  async download(packages: readonly Package[], directory: string): Promise<Map<string, string>> {
    const wanted = packages.map((one) => `${one.name}=${one.version}`);
    await this.#apt('apt-get', ['download', '-q', ...wanted], directory);
    const files = await readdir(directory);
    const paths = new Map<string, string>();
    for (const one of packages) {
      const file = files.find((each) => each.startsWith(`${one.name}_`) && each.endsWith('.deb'));
      if (file === undefined) throw new LabError('dataLoss', `package ${one.name} ${one.version}: apt left no file`);
      await verify(one, `${directory}/${file}`);
      paths.set(one.name, `${directory}/${file}`);
    }
    return paths;
  }

  async #ask(names: readonly string[]): Promise<void> {
    const unknown = [...new Set(names)].filter((name) => !this.#asked.has(name) && nameForm.test(name));
    if (unknown.length === 0) return;
    for (const name of unknown) this.#asked.set(name, undefined);
    // apt-cache fails when none is known and only warns when some are not.
    const out = await this.#apt('apt-cache', ['show', '--no-all-versions', ...unknown]).catch((error) => {
      if (/No packages found/.test(error.message)) return '';
      throw error;
    });
    for (const stanza of out.split(/\n\n+/)) {
      const one = packageOf(stanza);
      if (one !== undefined && this.#asked.get(one.name) === undefined) this.#asked.set(one.name, one);
    }
  }

  async #apt(program: 'apt-cache' | 'apt-get', argv: string[], cwd?: string): Promise<string> {
    try {
      const { stdout } = await run(program, [...this.#caches, ...argv], {
        encoding: 'utf8',
        maxBuffer: largestOutput,
        env: { ...process.env, LC_ALL: 'C' },
        ...(cwd === undefined ? {} : { cwd }),
      });
      return stdout;
    } catch (cause) {
      throw aptError(program, argv, cause);
    }
  }
}

async function verify(one: Package, path: string): Promise<void> {
  const actual = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  if (actual === one.sha256) return;
  throw new LabError('dataLoss', `package ${one.name}: its sha256 is ${actual}, expected ${one.sha256}`);
}

function aptError(program: string, argv: string[], cause: unknown): LabError {
  const { code, stderr } = cause as { code?: unknown; stderr?: string };
  if (code === 'ENOENT') {
    return new LabError('unavailable', `${program}: not found; offline images are made from Debian's packages`, {
      cause,
    });
  }
  const lines = (stderr ?? '').split('\n').filter((line) => line.startsWith('E:'));
  const said = (lines[0] ?? String((cause as Error).message)).replace(/^E: */, '');
  return new LabError('unavailable', `${program} ${argv[0]}: ${said}`, { cause, hint: 'apt-get update' });
}

function packageOf(stanza: string): Package | undefined {
  const fields = new Map<string, string>();
  for (const line of stanza.split('\n')) {
    const [, key, value] = /^([A-Za-z0-9-]+): *(.*)$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) fields.set(key, value);
  }
  const [name, version, sha256] = [fields.get('Package'), fields.get('Version'), fields.get('SHA256')];
  if (name === undefined || version === undefined || sha256 === undefined) return undefined;
  return {
    name,
    version,
    architecture: fields.get('Architecture') ?? 'all',
    depends: [...dependencies(fields.get('Pre-Depends')), ...dependencies(fields.get('Depends'))],
    sha256,
    sizeBytes: Number(fields.get('Size') ?? 0),
  };
}

/** `a (>= 1) | b, c:any` → [[a, b], [c]] */
const dependencies = (field: string | undefined): string[][] =>
  (field ?? '')
    .split(',')
    .map((group) => group.split('|').map((one) => one.trim().replace(/[\s(:].*$/, '')))
    .filter((group) => group[0] !== '');

/** The files of a .deb as a tar archive. */
export async function packageArchive(path: string): Promise<Uint8Array> {
  const { stdout } = await run('dpkg-deb', ['--fsys-tarfile', path], {
    encoding: 'buffer',
    maxBuffer: 512 * 1024 * 1024,
  });
  return stdout;
}
