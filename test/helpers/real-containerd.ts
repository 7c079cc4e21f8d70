// A real containerd with roots and sockets of its own and our shim on its PATH, for the tests of native/shim.
// Needs root, containerd, ctr, busybox-static; everything that it makes is gone after dispose().
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { binaries } from './binaries.ts';
import { makeBusyboxRoot } from './busybox.ts';
import { waitUntil } from './wait.ts';

/** Why these tests cannot run here; false when they can. */
export function missing(...programs: string[]): string | false {
  if (process.getuid?.() !== 0) return 'needs root';
  const absent = ['containerd', 'ctr', '/bin/busybox', `${binaries}/containerd-shim-tlab-v2`, ...programs].filter(
    (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0,
  );
  return absent.length > 0 && `needs ${absent.join(', ')}`;
}

/** Ended, though whoever inherited it may not have reaped it yet. */
export function hasEnded(pid: number): boolean {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

/** Runtimes leave the parent of the cgroups that they made: takes it away where it is empty. */
export function removeEmptyCgroups(name: string): void {
  for (const hierarchy of ['', ...readdirSync('/sys/fs/cgroup')]) {
    try {
      rmdirSync(`/sys/fs/cgroup/${hierarchy}/${name}`);
    } catch {
      // Not there, or somebody else's is in it.
    }
  }
}

export interface Result {
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface Options {
  /** Path of the OCI runtime; ours when left out. */
  runtime?: string;
  /** crun 1.8 refuses a hybrid hierarchy: hide its unified part from containerd and all below it. */
  hideUnified?: boolean;
}

export class Containerd {
  readonly root = mkdtempSync('/tmp/tlab-shim-');
  readonly #options: Options;
  #process: ChildProcess | undefined;

  constructor(options: Options) {
    this.#options = options;
    makeBusyboxRoot(`${this.root}/rootfs`);
    const disabled = ['grpc.v1.cri', 'snapshotter.v1.btrfs', 'snapshotter.v1.zfs', 'snapshotter.v1.devmapper'];
    disabled.push('snapshotter.v1.aufs', 'internal.v1.opt');
    writeFileSync(
      `${this.root}/config.toml`,
      `version = 2\nroot = "${this.root}/root"\nstate = "${this.root}/state"\n` +
        `disabled_plugins = ${JSON.stringify(disabled.map((name) => `io.containerd.${name}`))}\n` +
        `[grpc]\naddress = "${this.root}/c.sock"\n[ttrpc]\naddress = "${this.root}/c.sock.ttrpc"\n`,
    );
  }

  async start(): Promise<void> {
    const command = `exec containerd -c ${this.root}/config.toml`;
    const hide = this.#options.hideUnified === true ? 'umount /sys/fs/cgroup/unified && ' : '';
    this.#process = spawn('unshare', ['-m', '--propagation', 'slave', 'sh', '-c', `${hide}${command}`], {
      stdio: 'ignore',
      env: {
        ...process.env,
        PATH: `${binaries}:${process.env.PATH}`,
        TLAB_RUN_ROOT: `${this.root}/run`,
        TLAB_TRACES: `${this.root}/traces`,
        ...(this.#options.runtime === undefined ? {} : { TLAB_RUNTIME: this.#options.runtime }),
      },
    });
    await waitUntil(() => this.ctr('version').status === 0, { what: 'containerd' });
  }

  async kill(): Promise<void> {
    if (this.#process === undefined) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
    this.#process = undefined;
  }

  ctr(...args: string[]): Result {
    const { status, stdout, stderr } = spawnSync('ctr', ['-a', `${this.root}/c.sock`, ...args], {
      timeout: 10_000,
      killSignal: 'SIGKILL',
      encoding: 'utf8',
      input: '',
    });
    return { status, stdout, stderr };
  }

  spawn(...args: string[]): ChildProcess {
    return spawn('ctr', ['-a', `${this.root}/c.sock`, ...args]);
  }

  /** `ctr run` arguments for the busybox root filesystem. */
  runArgs(flags: string[], id: string, ...argv: string[]): string[] {
    return ['run', ...flags, '--runtime', 'io.containerd.tlab.v2', '--rootfs', `${this.root}/rootfs`, id, ...argv];
  }

  run(id: string, ...argv: string[]): Result {
    return this.ctr(...this.runArgs(['--rm'], id, ...argv));
  }

  bundle(id: string): string {
    return `${this.root}/state/io.containerd.runtime.v2.task/default/${id}`;
  }

  shimPid(id: string): number {
    return Number(readFileSync(`${this.bundle(id)}/shim.pid`, 'utf8'));
  }

  /** `RUNNING 123` → its columns; undefined when there is no such task. */
  task(id: string): { pid: number; status: string } | undefined {
    const line = this.ctr('t', 'ls')
      .stdout.split('\n')
      .find((row) => row.split(/\s+/)[0] === id);
    const [, pid, status] = line?.split(/\s+/) ?? [];
    return status === undefined ? undefined : { pid: Number(pid), status };
  }

  /** Imports an image of one layer with the busybox root filesystem. */
  importImage(name: string): void {
    const layout = `${this.root}/image`;
    mkdirSync(`${layout}/blobs/sha256`, { recursive: true });
    const blob = (mediaType: string, bytes: Buffer) => {
      const hash = createHash('sha256').update(bytes).digest('hex');
      writeFileSync(`${layout}/blobs/sha256/${hash}`, bytes);
      return { mediaType: `application/vnd.oci.image.${mediaType}`, digest: `sha256:${hash}`, size: bytes.length };
    };
    const json = (value: unknown) => Buffer.from(JSON.stringify(value));
    const layer = blob(
      'layer.v1.tar',
      execFileSync('tar', ['-C', `${this.root}/rootfs`, '-c', '.'], { maxBuffer: 1 << 26 }),
    );
    const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
    const platform = { architecture, os: 'linux' };
    const config = blob(
      'config.v1+json',
      json({ ...platform, config: {}, rootfs: { type: 'layers', diff_ids: [layer.digest] } }),
    );
    const manifest = blob('manifest.v1+json', json({ schemaVersion: 2, config, layers: [layer] }));
    const annotations = { 'io.containerd.image.name': name };
    writeFileSync(
      `${layout}/index.json`,
      json({ schemaVersion: 2, manifests: [{ ...manifest, platform, annotations }] }),
    );
    writeFileSync(`${layout}/oci-layout`, json({ imageLayoutVersion: '1.0.0' }));
    execFileSync('tar', ['-C', layout, '-cf', `${this.root}/image.tar`, '.']);
    const { status, stderr } = this.ctr('images', 'import', `${this.root}/image.tar`);
    if (status !== 0) throw new Error(`importing the image: ${stderr}`);
  }

  async dispose(): Promise<void> {
    if (this.#process === undefined) await this.start();
    for (const id of this.ctr('t', 'ls', '-q').stdout.split('\n').filter(Boolean)) this.ctr('t', 'rm', '-f', id);
    await this.kill();
    if (existsSync(`${this.root}/run/s`)) rmSync(`${this.root}/run/s`, { recursive: true });
    rmSync(this.root, { recursive: true, force: true });
    removeEmptyCgroups('default');
  }
}
