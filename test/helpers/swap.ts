// The parts of the swap matrix: two containerds, two shims, four runtimes, and one driver that speaks to any combination of them
// through containerd's gRPC door, as the daemon does. Needs root; everything it makes is gone after dispose().
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { create, toBinary } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import { type ContainerdClient, connectContainerd } from '../../src/containerd/client.ts';
import { OptionsSchema } from '../../src/shim/proto/gen/runc_options_pb.ts';
import { binaries } from './binaries.ts';
import { makeBundle, type RuntimeConfig } from './bundle.ts';
import { removeEmptyCgroups } from './real-containerd.ts';
import { start } from './shell.ts';
import { waitUntil } from './wait.ts';

export const containerds = ['tlab-containerd', 'containerd'] as const;
export const shims = ['containerd-shim-tlab-v2', 'containerd-shim-runc-v2'] as const;
export const runtimes = ['tlab-runc', 'runc', 'crun', 'runsc'] as const;
export type Combination = [(typeof containerds)[number], (typeof shims)[number], (typeof runtimes)[number]];

/**
 * A runtime that cannot run bare on every host, as the script that makes it run; the rest are called as they are.
 * crun 1.8 refuses to run where it sees the version 2 hierarchy of a hybrid host. gVisor: no network of its own, system
 * calls caught by ptrace, which needs no KVM; it gives its standard streams to nobody, so that the host's null device among them
 * is replaced by one of its own.
 */
const scripts: Record<string, string> = {
  crun: `exec unshare -m sh -c 'umount /sys/fs/cgroup/unified 2>/dev/null; exec crun "$@"' crun "$@"`,
  runsc: [
    'null=$0.null',
    'mknod -m 666 "$null" c 1 3 2>/dev/null',
    'is_null() { [ "$(stat -L -c %t:%T /proc/$$/fd/$1)" = 1:3 ]; }',
    'is_null 0 && exec 0<>"$null"',
    'is_null 1 && exec 1<>"$null"',
    'is_null 2 && exec 2<>"$null"',
    'exec runsc --platform=ptrace --network=none "$@"',
  ].join('\n'),
};

const runtimeNames = {
  'containerd-shim-tlab-v2': 'io.containerd.tlab.v2',
  'containerd-shim-runc-v2': 'io.containerd.runc.v2',
} as const;

export interface TaskOptions {
  args: string[];
  terminal?: boolean;
  edit?: (config: RuntimeConfig) => void;
}

/** One containerd, real or ours, with the place that its containers live in. */
export class SwapPlace {
  readonly folder = mkdtempSync('/var/tmp/tlab-swap-');
  readonly cgroup = `tlab-swap-${process.pid}`;
  client!: ContainerdClient;
  #server: ReturnType<typeof start> | undefined;
  readonly #which: Combination[0];

  constructor(which: Combination[0]) {
    this.#which = which;
  }

  async start(): Promise<void> {
    await makeBundle(this.folder);
    for (const [name, line] of Object.entries(scripts)) {
      writeFileSync(`${this.folder}/${name}`, `#!/bin/sh\n${line}\n`);
      chmodSync(`${this.folder}/${name}`, 0o755);
    }
    const env = {
      PATH: `${binaries}:${process.env.PATH}`,
      TLAB_RUN_ROOT: `${this.folder}/run`,
      TLAB_DATA_ROOT: `${this.folder}/data`,
      // tlab-runc gives its memory back by ending.
      ASAN_OPTIONS: 'detect_leaks=0',
    };
    const ours = this.#which === 'tlab-containerd';
    const address = ours ? `${this.folder}/run/containerd/containerd.sock` : `${this.folder}/c.sock`;
    if (ours) {
      const program = new URL('../../src/containerd/main.ts', import.meta.url).pathname;
      this.#server = start(process.execPath, [program], { env });
    } else {
      writeFileSync(
        `${this.folder}/config.toml`,
        `version = 2\nroot = "${this.folder}/root"\nstate = "${this.folder}/state"\n` +
          'disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]\n' +
          `[grpc]\naddress = "${address}"\n[ttrpc]\naddress = "${address}.ttrpc"\n`,
      );
      this.#server = start('containerd', ['-c', `${this.folder}/config.toml`], { env });
    }
    this.client = connectContainerd({ address, namespace: 'swap' });
    await waitUntil(async () => existsSync(address) && (await this.client.version.version({}).catch(() => undefined)), {
      what: `${this.#which} to answer`,
    });
    // Real containerd keeps no namespace that nobody made.
    await this.client.namespaces.create({ namespace: { name: 'swap' } }).catch(() => undefined);
  }

  runtimePath(runtime: Combination[2]): string {
    if (runtime in scripts) return `${this.folder}/${runtime}`;
    return runtime === 'tlab-runc' ? `${binaries}/tlab-runc` : execFileSync('which', [runtime]).toString().trim();
  }

  bundle(id: string): string {
    const state = this.#which === 'tlab-containerd' ? `${this.folder}/run/containerd` : `${this.folder}/state`;
    return `${state}/io.containerd.runtime.v2.task/swap/${id}`;
  }

  mounts(): string[] {
    return readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter((line) => line.includes(this.folder));
  }

  async dispose(): Promise<void> {
    this.client.close();
    await this.#server?.stop();
    rmSync(this.folder, { recursive: true, force: true });
    removeEmptyCgroups(this.cgroup);
  }
}

/** A FIFO that a shim writes to and the test reads. */
class Output {
  readonly path: string;
  readonly #fd: number;
  text = '';

  constructor(path: string) {
    this.path = path;
    execFileSync('mkfifo', ['-m', '600', path]);
    this.#fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  }

  /** Takes what is there; true once the writers are gone. */
  read(): boolean {
    const chunk = Buffer.alloc(65536);
    try {
      const n = readSync(this.#fd, chunk);
      this.text += chunk.toString('utf8', 0, n);
      return n === 0;
    } catch {
      return false; // EAGAIN: nothing new
    }
  }

  close(): void {
    this.read();
    closeSync(this.#fd);
  }
}

let count = 0;

/** One task of a combination, and the processes in it. */
export class SwapTask {
  readonly id: string;
  readonly place: SwapPlace;
  readonly cgroup: string;
  readonly #outputs: Output[] = [];
  pid = 0;
  #process: Record<string, unknown> = {};

  constructor(place: SwapPlace) {
    this.id = `t${++count}`;
    this.place = place;
    this.cgroup = `/${place.cgroup}/${this.id}`;
  }

  #output(name: string): Output {
    const output = new Output(`${this.place.folder}/${this.id}-${name}`);
    this.#outputs.push(output);
    return output;
  }

  /** Creates container and task; returns standard output and standard error. */
  async create([, shim, runtime]: Combination, { args, terminal = false, edit }: TaskOptions) {
    const { tasks, containers } = this.place.client;
    const config = JSON.parse(readFileSync(`${this.place.folder}/config.json`, 'utf8')) as RuntimeConfig;
    Object.assign(config.process, { args, terminal, rlimits: undefined });
    config.linux.cgroupsPath = this.cgroup;
    edit?.(config);
    this.#process = config.process as unknown as Record<string, unknown>;
    const options = create(AnySchema, {
      typeUrl: 'containerd.runc.v1.Options',
      value: toBinary(OptionsSchema, create(OptionsSchema, { binaryName: this.place.runtimePath(runtime) })),
    });
    const spec = this.#any('Spec', config);
    await containers.create({ container: { id: this.id, spec, runtime: { name: runtimeNames[shim], options } } });
    const [out, err] = [this.#output('out'), terminal ? undefined : this.#output('err')];
    const created = await tasks.create({
      containerId: this.id,
      rootfs: [{ type: 'bind', source: `${this.place.folder}/rootfs`, options: ['rbind', 'ro'] }],
      stdout: out.path,
      stderr: err?.path ?? '',
      terminal,
      options,
    });
    this.pid = created.pid;
    return { out, err };
  }

  #any(name: string, value: unknown) {
    const typeUrl = `types.containerd.io/opencontainers/runtime-spec/1/${name}`;
    return create(AnySchema, { typeUrl, value: Buffer.from(JSON.stringify(value)) });
  }

  start(): Promise<unknown> {
    return this.place.client.tasks.start({ containerId: this.id });
  }

  /** Exit status of init as Wait tells it. */
  async wait(): Promise<number> {
    return (await this.place.client.tasks.wait({ containerId: this.id })).exitStatus;
  }

  /** Runs one more process to its end; its output and its exit status, as Delete tells it. */
  async exec(execId: string, args: string[]): Promise<{ status: number; output: string }> {
    const { tasks } = this.place.client;
    const [out, err] = [this.#output(execId), this.#output(`${execId}-err`)];
    const named = { containerId: this.id, execId };
    const spec = this.#any('Process', { ...this.#process, args, terminal: false });
    await tasks.exec({ ...named, stdout: out.path, stderr: err.path, spec });
    await tasks.start(named);
    await tasks.wait(named);
    const { exitStatus } = await tasks.deleteProcess(named);
    await waitUntil(() => out.read(), { what: `the end of ${execId}'s output` });
    return { status: exitStatus, output: out.text };
  }

  /** 1 created, 2 running, 3 stopped, 4 paused. */
  async status(): Promise<number> {
    return (await this.place.client.tasks.get({ containerId: this.id })).process?.status ?? 0;
  }

  /** Exit status as Delete tells it. */
  async delete(): Promise<number> {
    const { exitStatus } = await this.place.client.tasks.delete({ containerId: this.id });
    await this.place.client.containers.delete({ id: this.id });
    return exitStatus;
  }

  /** Whatever state it is in, and whether or not it was created at all. */
  async discard(): Promise<void> {
    const { tasks, containers } = this.place.client;
    const stopped = async (): Promise<boolean> => [0, 1, 3].includes(await this.status().catch(() => 0));
    await tasks.kill({ containerId: this.id, signal: 9, all: true }).catch(() => undefined);
    await tasks.kill({ containerId: this.id, signal: 9 }).catch(() => undefined);
    await waitUntil(stopped, { what: `${this.id} to stop` });
    await tasks.delete({ containerId: this.id }).catch(() => undefined);
    await containers.delete({ id: this.id }).catch(() => undefined);
    for (const output of this.#outputs) output.close();
  }

  /** The folder of its cgroup: of a version 1 controller, or the one of version 2. */
  cgroupFolder(controller: string): string | undefined {
    return [`/sys/fs/cgroup/${controller}${this.cgroup}`, `/sys/fs/cgroup${this.cgroup}`].find(existsSync);
  }

  /** What is still on the host although the task is deleted. */
  left(): string[] {
    const cgroups = ['memory', 'pids', 'freezer', 'unified'].map((name) => this.cgroupFolder(name));
    const bundle = this.place.bundle(this.id);
    const mounts = this.place.mounts().filter((line) => line.includes(`/${this.id}/`));
    return [...cgroups.filter((folder) => folder !== undefined), ...mounts, ...(existsSync(bundle) ? [bundle] : [])];
  }
}
