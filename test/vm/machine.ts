// A small virtual machine with Debian's stock kernel, which sees this host's own files, read-only; no image is made. Three ways to
// boot it: without systemd, with systemd on cgroup version 2, and with systemd on both versions (hybrid).
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { copyCheckout } from './checkout.ts';
import { initialFileSystem } from './initramfs.ts';
import { type DebianKernel, debianKernel } from './kernel.ts';
import { parseTally, sumOf, type Tally } from './tally.ts';

/** What the kernel is told, by the script of the machine's second part. @source man systemd(1), KERNEL COMMAND LINE */
const machines = {
  bare: { script: 'bare', parameters: [] },
  systemd: { script: 'systemd', parameters: ['systemd.unified_cgroup_hierarchy=1'] },
  hybrid: { script: 'systemd', parameters: ['systemd.unified_cgroup_hierarchy=0'] },
} as const;
export type MachineName = keyof typeof machines;
export const machineNames = Object.keys(machines) as MachineName[];

export interface MachineRun {
  /** Of the command; 1 when the machine never told. */
  status: number;
  /** What the tests in it came to; undefined when the command ran none. */
  tally: Tally | undefined;
}

const checkout = new URL('../..', import.meta.url).pathname.replace(/\/$/, '');
const cache = process.env.TLAB_VM_CACHE ?? '/var/tmp/tlab-vm';
/** Emulated: some twenty times slower than this machine. */
const deadlineMs = 30 * 60_000;

/** What the machines need and this host lacks, or undefined. */
export function missingForMachines(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root: the machine shows this host's files to its own root";
  const programs = ['/usr/bin/qemu-system-x86_64', '/bin/busybox', '/lib/systemd/systemd', '/usr/bin/dbus-daemon'];
  const absent = programs.filter((program) => !existsSync(program));
  return absent.length === 0 ? undefined : `needs ${absent.join(', ')}: run sh scripts/setup.sh test`;
}

/** Boots a machine, runs a shell command in it as root, in a copy of this checkout; hands on each line that the machine prints. */
export async function runInMachine(
  name: MachineName,
  command: string,
  print: (line: string) => void = console.log,
): Promise<MachineRun> {
  mkdirSync(cache, { recursive: true });
  const kernel = debianKernel(cache);
  buildLibrary(`${cache}/data`);
  const scratch = mkdtempSync(`${cache}/run-`);
  try {
    copyCheckout(checkout, `${scratch}/checkout`);
    const { script, parameters } = machines[name];
    const settings = assignments({
      MACHINE: name,
      SCRIPT: script,
      CHECKOUT: `${scratch}/checkout`,
      NODE_MODULES: `${checkout}/node_modules`,
      MODULES: kernel.modules,
      LIBRARY: `${cache}/data/library`,
      COMMAND: command,
    });
    writeFileSync(`${scratch}/initramfs`, initialFileSystem({ kernel, settings, boot: `${checkout}/test/vm/boot.sh` }));
    return await boot({ kernel, initramfs: `${scratch}/initramfs`, parameters, print });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The offline images, made on this host once and kept in the cache. */
function buildLibrary(data: string): void {
  const env = { ...process.env, TLAB_DATA_ROOT: data, TLAB_RUN_ROOT: `${data}/run` };
  execFileSync(`${checkout}/bin/tlab`, ['library', 'build', 'busybox', 'nginx'], { env, stdio: 'inherit' });
}

/** Lines for a shell to read. */
function assignments(values: Readonly<Record<string, string>>): string {
  const lines = Object.entries(values).map(([name, value]) => `${name}='${value.replaceAll("'", `'\\''`)}'\n`);
  return lines.join('');
}

/** @source man qemu-system-x86_64(1) */
async function boot(options: {
  kernel: DebianKernel;
  initramfs: string;
  parameters: readonly string[];
  print: (line: string) => void;
}): Promise<MachineRun> {
  const terminal = ['-display', 'none', '-serial', 'stdio', '-monitor', 'none'];
  const machine = ['-accel', 'tcg', '-cpu', 'max', '-smp', '2', '-m', '3G', '-no-reboot', '-nic', 'none'];
  const share = 'local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap';
  const append = ['console=ttyS0', 'quiet', 'panic=-1', 'systemd.show_status=false', ...options.parameters].join(' ');
  const start = ['-kernel', options.kernel.image, '-initrd', options.initramfs, '-append', append];
  // The machine ends with this process, however that ends.
  const qemu = spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...machine, ...terminal, '-virtfs', share, ...start],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      signal: AbortSignal.timeout(deadlineMs),
      killSignal: 'SIGKILL',
    },
  );
  const ended = new Promise<void>((resolve) => {
    qemu.once('exit', () => resolve());
    qemu.once('error', (error) => {
      console.error(`qemu-system-x86_64: ${error.message}; its Debian package is qemu-system-x86`);
      resolve();
    });
  });
  const told: MachineRun = { status: 1, tally: undefined }; // a machine that never told is a failure
  for await (const line of createInterface({ input: qemu.stdout })) {
    const status = /^vm: status (\d+)/.exec(line);
    const tally = parseTally(line);
    if (status !== null) told.status = Number(status[1]);
    else if (tally !== undefined) told.tally = sumOf(told.tally, tally);
    else options.print(line);
  }
  await ended;
  return told;
}
