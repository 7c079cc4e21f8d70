// A shim spoken to directly, as containerd's stage does: its start protocol, ttrpc, FIFOs. Ours, or the real one for comparison.
// Everything is below one folder, which goes with dispose(). Needs root, runc, busybox-static.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connectShim, type ShimClient } from '../../src/shim/client.ts';
import { binaries } from './binaries.ts';
import type { RuntimeConfig } from './bundle.ts';
import { makeBusyboxRoot } from './busybox.ts';
import { hasEnded, removeEmptyCgroups } from './real-containerd.ts';
import { waitUntil } from './wait.ts';

export interface BareShim {
  id: string;
  bundle: string;
  /** Of the process that serves. */
  pid: number;
  client: ShimClient;
  /** Makes the FIFO if it is not there; its path. */
  fifo: (name: string) => string;
}

export interface BareOptions {
  terminal?: boolean;
  edit?: (config: RuntimeConfig) => void;
}

export const ourShim = `${binaries}/containerd-shim-tlab-v2`;

export class ShimPlace {
  readonly root = mkdtempSync('/tmp/tlab-bare-');
  /** Where the shim publishes its events, when somebody listens. */
  readonly door = `${this.root}/door`;
  readonly #binary: string;
  readonly #cgroup = `tlab-bare-${process.pid}`;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #logs: number[] = [];
  readonly #shims: BareShim[] = [];

  constructor(binary = ourShim, environment: NodeJS.ProcessEnv = {}) {
    this.#binary = binary;
    makeBusyboxRoot(`${this.root}/rootfs`);
    this.#environment = {
      ...process.env,
      TLAB_RUN_ROOT: `${this.root}/run`,
      TLAB_TRACES: `${this.root}/traces`,
      TLAB_RUNTIME: '/usr/sbin/runc',
      TTRPC_ADDRESS: this.door,
      ...environment,
    };
  }

  bundle(id: string, args: string[], { terminal = false, edit }: BareOptions = {}): string {
    const bundle = `${this.root}/${id}`;
    mkdirSync(bundle, { recursive: true });
    execFileSync('runc', ['spec'], { cwd: bundle });
    const config = JSON.parse(readFileSync(`${bundle}/config.json`, 'utf8'));
    config.process.args = args;
    config.process.terminal = terminal;
    config.root = { path: 'rootfs' };
    config.linux.cgroupsPath = `/${this.#cgroup}/${id}`;
    edit?.(config);
    writeFileSync(`${bundle}/config.json`, JSON.stringify(config));
    return bundle;
  }

  /** One of the program's own actions, with the bundle as its working directory. */
  action(bundle: string, id: string, ...verb: string[]) {
    return spawnSync(
      this.#binary,
      ['-namespace', 'test', '-address', `${this.root}/c.sock`, '-publish-binary', '/bin/false', '-id', id, ...verb],
      { cwd: bundle, env: this.#environment, timeout: 10_000 },
    );
  }

  async start(id: string, args: string[], options: BareOptions = {}): Promise<BareShim> {
    const bundle = this.bundle(id, args, options);
    // The real shim writes its own log there, and does not start without it.
    execFileSync('mkfifo', [`${bundle}/log`]);
    this.#logs.push(openSync(`${bundle}/log`, constants.O_RDWR | constants.O_NONBLOCK));
    const { stdout, stderr, status } = this.action(bundle, id, 'start');
    assert.equal(status, 0, stderr.toString());
    const fifo = (name: string): string => {
      const path = `${bundle}/${name}`;
      if (!existsSync(path)) execFileSync('mkfifo', ['-m', '600', path]);
      return path;
    };
    const client = await connectShim(stdout.toString().trim(), 'test');
    const shim = { id, bundle, fifo, client, pid: (await client.task.connect({ id })).shimPid };
    this.#shims.push(shim);
    return shim;
  }

  rootfs() {
    return [{ type: 'bind', source: `${this.root}/rootfs`, options: ['rbind', 'ro'] }];
  }

  /** Deletes the stopped (or created) task; its shim must go, which it does unless others of its group are there. */
  async end({ client, bundle, pid, id }: BareShim): Promise<void> {
    await client.task.delete({ id });
    await client.task.shutdown({ id });
    client.close();
    // The real one tries its events again for a while first; in an emulated machine that is long.
    await waitUntil(() => hasEnded(pid), { what: 'the shim to go', deadlineMs: 60_000 });
    rmSync(bundle, { recursive: true });
  }

  mounts(): string[] {
    const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
    return lines.filter((line) => line.includes(this.root));
  }

  cgroupFolder(id: string, controller: string): string {
    const v1 = `/sys/fs/cgroup/${controller}/${this.#cgroup}/${id}`;
    return existsSync(v1) ? v1 : `/sys/fs/cgroup/${this.#cgroup}/${id}`;
  }

  /** Also what a test that failed has left. */
  dispose(): void {
    for (const { client, bundle, id, pid } of this.#shims) {
      client.close();
      if (!hasEnded(pid) && existsSync(bundle)) this.action(bundle, id, 'delete');
    }
    this.#logs.forEach(closeSync);
    rmSync(this.root, { recursive: true, force: true });
    removeEmptyCgroups(this.#cgroup);
  }
}

export const execSpec = (shim: BareShim, args: string[]) => {
  const document = JSON.parse(readFileSync(`${shim.bundle}/config.json`, 'utf8')).process;
  const value = Buffer.from(JSON.stringify({ ...document, args, terminal: false }));
  return { typeUrl: 'types.containerd.io/opencontainers/runtime-spec/1/Process', value };
};
