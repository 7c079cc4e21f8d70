// A place for containers of the native runtime alone: bundles with busybox, plans compiled here, a state root and a cgroup of its own.
import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { compileBundle, compileProcessDocument } from '../../src/runc/compile.ts';
import { readCgroupLayout } from '../../src/runc/host/cgroups.ts';
import { encodePlan } from '../../src/runc/plan/encode.ts';
import type { Operation } from '../../src/runc/plan/operations.ts';
import { binaries } from './binaries.ts';
import { makeBundle, type RuntimeConfig } from './bundle.ts';
import type { Ran } from './shell.ts';
import { waitUntil } from './wait.ts';

const program = `${binaries}/tlab-runc`;

export interface TestContainer {
  id: string;
  bundle: string;
  /** What the container wrote so far. */
  output(): string;
}

export interface ContainerOptions {
  /** That of another bundle, used as it is. */
  rootfs?: string;
  edit?: (config: RuntimeConfig) => void;
  /** After compiling, before encoding: for plans that no compiler makes. */
  change?: (operations: readonly Operation[]) => readonly Operation[];
  /** Changes to the root filesystem. */
  prepare?: (rootfs: string) => void;
}

export class RuntimePlace {
  readonly folder = mkdtempSync('/var/tmp/tlab-runc-test-');
  readonly root = `${this.folder}/state`;
  readonly #cgroup = `/tlab-runc-test-${process.pid}`;
  readonly #prefix: string;
  #count = 0;

  /** Container ids are the prefix and a number: one of its own where the host's tables name them. */
  constructor(prefix = 'c') {
    this.#prefix = prefix;
  }

  /** A bundle with its plan, not yet created. */
  async bundle(args: string[], { rootfs, edit, change, prepare }: ContainerOptions = {}): Promise<TestContainer> {
    const id = `${this.#prefix}${++this.#count}`;
    const bundle = `${this.folder}/${id}`;
    mkdirSync(bundle);
    const editAll = (config: RuntimeConfig): void => {
      config.linux.cgroupsPath = `${this.#cgroup}/${id}`;
      delete config.process['rlimits' as keyof RuntimeConfig['process']];
      config.root.readonly = false;
      edit?.(config);
    };
    await makeBundle(bundle, { args, edit: editAll, ...(rootfs === undefined ? {} : { rootfs }) });
    prepare?.(rootfs ?? `${bundle}/rootfs`);
    const { plan, sha256 } = compileBundle({ id, bundle, config: readFileSync(`${bundle}/config.json`, 'utf8') });
    mkdirSync(`${bundle}/plans`);
    writeFileSync(
      `${bundle}/plans/${sha256}.plan`,
      encodePlan({ ...plan, operations: change?.(plan.operations) ?? plan.operations }),
    );
    return { id, bundle, output: () => readFileSync(`${bundle}/output`, 'utf8') };
  }

  /** Runs tlab-runc; the container's output goes to the bundle's file, and comes back as stdout. */
  async runc(
    args: readonly string[],
    { bundle = this.folder, env = {} }: { bundle?: string; env?: Record<string, string> } = {},
  ): Promise<Ran> {
    const { child, files } = this.spawn(args, { bundle, env });
    const status = await new Promise<number>((resolve) =>
      child.once('exit', (code, signal) => resolve(code ?? (signal ? 255 : 0))),
    );
    files.forEach(closeSync);
    return {
      status,
      stdout: readFileSync(`${bundle}/output`, 'utf8'),
      stderr: readFileSync(`${bundle}/errors`, 'utf8'),
    };
  }

  spawn(
    args: readonly string[],
    { bundle = this.folder, env = {} }: { bundle?: string; env?: Record<string, string> } = {},
  ) {
    const files = [openSync(`${bundle}/output`, 'w'), openSync(`${bundle}/errors`, 'w')];
    const child = spawn(program, ['--root', this.root, ...args], {
      env: { PATH: '/usr/bin:/bin', ASAN_OPTIONS: 'detect_leaks=0', ...env },
      cwd: '/',
      stdio: ['ignore', files[0], files[1]],
    });
    return { child, files };
  }

  create(container: TestContainer, ...more: string[]): Promise<Ran> {
    return this.runc(['create', '--bundle', container.bundle, ...more, container.id], container);
  }

  /** Created and started; must succeed. Returns the first process's pid. */
  async start(container: TestContainer): Promise<number> {
    const created = await this.create(container, '--pid-file', `${container.bundle}/pid`);
    const started = created.status === 0 ? await this.runc(['start', container.id]) : created;
    if (started.status !== 0) throw new Error(`${container.id}: ${started.stderr}`);
    return Number(readFileSync(`${container.bundle}/pid`, 'utf8'));
  }

  /** Runs to its end, as `runc run`; output and status are the program's. */
  run(container: TestContainer): Promise<Ran> {
    return this.runc(['run', '--bundle', container.bundle, container.id], container);
  }

  /** Compiles a process document and runs it in the container; what it writes stays apart from the container's own output. */
  exec(container: TestContainer, change: Record<string, unknown>, ...more: string[]): Promise<Ran> {
    const config = readFileSync(`${container.bundle}/config.json`, 'utf8');
    const text = JSON.stringify({ ...JSON.parse(config).process, ...change });
    const file = `${container.bundle}/process.json`;
    writeFileSync(file, text);
    const { bytes, sha256 } = compileProcessDocument({ ...container, config, process: text });
    writeFileSync(`${container.bundle}/plans/${sha256}.plan`, bytes);
    mkdirSync(`${container.bundle}/exec`, { recursive: true });
    return this.runc(['exec', '--process', file, ...more, container.id], { bundle: `${container.bundle}/exec` });
  }

  async state(container: TestContainer): Promise<Record<string, unknown>> {
    const { status, stdout, stderr } = await this.runc(['state', container.id]);
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  reaches(container: TestContainer, status: string): Promise<unknown> {
    return waitUntil(async () => (await this.state(container)).status === status, {
      what: `${container.id} to be ${status}`,
    });
  }

  /** A container's cgroup, the same path in every hierarchy. */
  cgroupOf(container: TestContainer): string {
    return `${this.#cgroup}/${container.id}`;
  }

  /** Directories of a container in every hierarchy that are there now. */
  cgroups(container: TestContainer): string[] {
    return this.#everywhere(this.cgroupOf(container));
  }

  #everywhere(path: string): string[] {
    const { v1, v2 } = readCgroupLayout();
    return [...v1.map(({ mountpoint }) => mountpoint), ...(v2 === undefined ? [] : [v2])]
      .map((mountpoint) => mountpoint + path)
      .filter((directory) => existsSync(directory));
  }

  /** Ends what still runs and removes everything. */
  async remove(): Promise<void> {
    for (let n = 1; n <= this.#count; n++) await this.runc(['delete', '--force', `${this.#prefix}${n}`]);
    for (const directory of this.#everywhere(this.#cgroup)) rmdirSync(directory);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
