// Where the containers of one runtime live during a suite: a folder, a state root and a parent cgroup of its own.
// Rule: a behaviour removes its containers (`await using`); what is left afterwards is a failure of the runtime.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { compileBundle } from '../../src/runc/compile.ts';
import { makeBusyboxRoot } from '../helpers/busybox.ts';
import { must, type Ran } from '../helpers/shell.ts';
import { Container } from './container.ts';
import { everyHierarchy, type Traces, tracesOf } from './left-over.ts';
import { openRuntime, type Runtime, type RuntimeName } from './runtimes.ts';

/** The document as JSON: behaviours put into it what no type of ours allows. */
// biome-ignore lint/suspicious/noExplicitAny: wrong documents are a part of the contract
export type Document = any;

export interface ContainerOptions {
  /** Changes to the default config.json of `runc spec`, without terminal and with a writable root. */
  edit?: (config: Document) => void;
  /** Changes to the root filesystem. */
  prepare?: (rootfs: string) => void;
  /** Ours only: leaves the compilation to the runtime itself. */
  withoutPlan?: boolean;
}

export interface CallOptions {
  /** Where output goes; files, since a container keeps them open longer than its runtime runs. */
  into?: { output: string; errors: string };
  env?: Record<string, string>;
  /** Descriptors from 3 on. */
  descriptors?: readonly number[];
  /** A descriptor for standard input. */
  input?: number;
  cwd?: string;
}

export class Place {
  readonly name: RuntimeName;
  readonly cgroup: string;
  folder = '';
  #runtime: Runtime | undefined;
  #defaults = '';
  #count = 0;
  #calls = 0;
  readonly #kept: Container[] = [];

  constructor(name: RuntimeName, topic = '') {
    this.name = name;
    this.cgroup = `/tlab-contract-${process.pid}-${name}${topic === '' ? '' : `-${topic}`}`;
  }

  async open(): Promise<void> {
    this.folder = mkdtempSync(`/var/tmp/tlab-contract-${this.name}-`);
    // A mapped root must be able to walk to its root filesystem.
    await must('chmod', ['711', this.folder]);
    // crun gives standard input to the container's user, also where that is /dev/null: the host's is not for giving.
    await must('mknod', ['-m', '666', `${this.folder}/null`, 'c', '1', '3']);
    await must('runc', ['spec', '--bundle', this.folder]);
    this.#defaults = readFileSync(`${this.folder}/config.json`, 'utf8');
    this.#runtime = await openRuntime(this.name);
  }

  async close(): Promise<void> {
    await this.release();
    await this.#runtime?.close();
    for (const directory of everyHierarchy(this.cgroup)) rmdirSync(directory);
    rmSync(this.folder, { recursive: true, force: true });
  }

  get runtime(): Runtime {
    if (this.#runtime === undefined) throw new Error('the place is not open');
    return this.#runtime;
  }

  get root(): string {
    return `${this.folder}/state`;
  }

  /** A container that several behaviours look at; it is removed when the suite has ended. */
  keep(container: Container): Container {
    this.#kept.push(container);
    return container;
  }

  async release(): Promise<void> {
    for (const container of this.#kept.splice(0)) await container[Symbol.asyncDispose]();
  }

  /** The number of the last container. */
  get last(): number {
    return this.#count;
  }

  traces(): Traces {
    return tracesOf(this);
  }

  /** A bundle, not yet created. */
  container(args: readonly string[], options: ContainerOptions = {}): Container {
    const id = `c${++this.#count}`;
    const bundle = `${this.folder}/${id}`;
    makeBusyboxRoot(`${bundle}/rootfs`);
    options.prepare?.(`${bundle}/rootfs`);
    const config: Document = JSON.parse(this.#defaults);
    Object.assign(config.process, { args, terminal: false });
    config.root.readonly = false;
    config.linux.cgroupsPath = `${this.cgroup}/${id}`;
    options.edit?.(config);
    this.write(bundle, { id, text: JSON.stringify(config), withoutPlan: options.withoutPlan ?? false });
    return new Container(this, id, bundle);
  }

  /** config.json, and for ours its plan beside it; a document that cannot be compiled has none, so the runtime says why. */
  write(bundle: string, { id, text, withoutPlan }: { id: string; text: string; withoutPlan: boolean }): void {
    writeFileSync(`${bundle}/config.json`, text);
    if (!this.runtime.takesPlans || withoutPlan) return;
    try {
      const { bytes, sha256 } = compileBundle({ id, bundle, config: text });
      mkdirSync(`${bundle}/plans`, { recursive: true });
      writeFileSync(`${bundle}/plans/${sha256}.plan`, bytes);
    } catch {}
  }

  /** A call of the runtime, with this place's state root. */
  async call(args: readonly string[], options: CallOptions = {}): Promise<Ran> {
    const call = `${this.folder}/call-${++this.#calls}`;
    const into = options.into ?? { output: `${call}-output`, errors: `${call}-errors` };
    const ended = await this.spawn(args, { ...options, into }).ended;
    return { status: ended, stdout: readFileSync(into.output, 'utf8'), stderr: readFileSync(into.errors, 'utf8') };
  }

  /** The same, still running. */
  spawn(args: readonly string[], options: CallOptions & { into: { output: string; errors: string } }) {
    const cwd = options.cwd ?? '/';
    const [program = '', ...before] = this.runtime.commandIn(cwd);
    const input = openSync(`${this.folder}/null`, 'r');
    const files = [openSync(options.into.output, 'w'), openSync(options.into.errors, 'w')];
    const child = spawn(program, [...before, '--root', this.root, ...args], {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ASAN_OPTIONS: 'detect_leaks=0', ...options.env },
      cwd,
      stdio: [options.input ?? input, ...files, ...(options.descriptors ?? [])],
    });
    const ended = new Promise<number>((resolve) =>
      child.once('exit', (code, signal) => {
        [input, ...files].forEach(closeSync);
        resolve(code ?? (signal === null ? 0 : 255));
      }),
    );
    return { child, ended };
  }
}
