// Runs a command of this checkout on a stock Debian kernel with cgroup version 2 alone, in a small virtual machine. The machine
// sees this host's own files, read-only; no image is made. `npm run test:vm` runs test/vm/*.guest.ts; other words are the command.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { copyCheckout } from './checkout.ts';
import { initialFileSystem } from './initramfs.ts';
import { debianKernel } from './kernel.ts';

const checkout = new URL('../..', import.meta.url).pathname.replace(/\/$/, '');
const cache = process.env.TLAB_VM_CACHE ?? '/var/tmp/tlab-vm';
/** Emulated: some twenty times slower than this machine. */
const deadlineMs = 15 * 60_000;

const words = process.argv.slice(2);
const command =
  words.length > 0
    ? words.join(' ')
    : 'node --test --test-concurrency=1 --test-reporter=spec test/vm/runtime.guest.ts test/vm/tracer.guest.ts test/vm/stack.guest.ts';

mkdirSync(cache, { recursive: true });
const kernel = debianKernel(cache);
buildLibrary(`${cache}/data`);
const scratch = mkdtempSync(`${cache}/run-`);
try {
  copyCheckout(checkout, `${scratch}/checkout`);
  const settings = assignments({
    CHECKOUT: `${scratch}/checkout`,
    MODULES: kernel.modules,
    LIBRARY: `${cache}/data/library`,
    COMMAND: command,
  });
  writeFileSync(`${scratch}/initramfs`, initialFileSystem({ kernel, settings, boot: `${checkout}/test/vm/boot.sh` }));
  process.exitCode = await boot(kernel.image, `${scratch}/initramfs`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
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
async function boot(image: string, initramfs: string): Promise<number> {
  const machine = ['-accel', 'tcg', '-cpu', 'max', '-smp', '2', '-m', '3G', '-nographic', '-no-reboot', '-nic', 'none'];
  const share = 'local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap';
  const start = ['-kernel', image, '-initrd', initramfs, '-append', 'console=ttyS0 quiet panic=-1'];
  const qemu = spawn('qemu-system-x86_64', [...machine, '-virtfs', share, ...start], {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal: AbortSignal.timeout(deadlineMs),
    killSignal: 'SIGKILL',
  });
  const ended = new Promise<void>((resolve) => {
    qemu.once('exit', () => resolve());
    qemu.once('error', (error) => {
      console.error(`qemu-system-x86_64: ${error.message}; its Debian package is qemu-system-x86`);
      resolve();
    });
  });
  let status = 1; // a machine that never told is a failure
  for await (const line of createInterface({ input: qemu.stdout })) {
    const told = /^vm: status (\d+)/.exec(line);
    if (told === null) console.log(line);
    else status = Number(told[1]);
  }
  await ended;
  return status;
}
