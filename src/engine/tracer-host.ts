// Whether the system call tracer works on this host, for `tlab doctor`: it is started on doctor itself, for a moment.
// Rule: what it says is what a trace would get; the advice is looked for only when it refuses.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { printable } from '../base/text.ts';
import type { Check } from './check.ts';
import { tracerProgram } from './tracing.ts';

const what = 'system call tracer';
const deadlineMs = 10_000;

export async function tracerCheck(program: string = tracerProgram()): Promise<Check> {
  if (!existsSync(program)) {
    const advice = 'install clang and libbpf-dev, then: sh scripts/setup.sh; until then traces have levels 0 to 2';
    return { verdict: 'WARN', what, seen: 'not built: dist/bin/tlab-tracer is missing', advice };
  }
  const fromMs = performance.now();
  const failure = await attempt(program);
  if (failure === undefined) {
    return { verdict: 'OK', what, seen: `eBPF, attached in ${Math.round(performance.now() - fromMs)} ms` };
  }
  return {
    verdict: 'WARN',
    what,
    seen: failure,
    advice: `${adviceFor(failure)}; until then traces have levels 0 to 2`,
  };
}

/** Why it does not work; undefined when it does. */
function attempt(program: string): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const folder = mkdtempSync(`${tmpdir()}/tlab-doctor-`);
  const argv = ['--output', `${folder}/calls.bin`, '--follow', String(process.pid)];
  const child = execFile(program, argv, { timeout: deadlineMs, killSignal: 'SIGKILL' }, (error, _stdout, stderr) => {
    rmSync(folder, { recursive: true, force: true });
    const words =
      stderr
        .trim()
        .split('\n')
        .at(-1)
        ?.replace(/^tlab-tracer: /, '') || error?.message;
    resolve(error === null ? undefined : printable(words ?? 'it ends with an error'));
  });
  child.stdin?.on('error', () => undefined);
  child.stdin?.end();
  return promise;
}

/** @source man kernel_lockdown(7): confidentiality forbids BPF programs to read kernel memory; `none [integrity] confidentiality` */
const lockdown = '/sys/kernel/security/lockdown';
const types = '/sys/kernel/btf/vmlinux';

function adviceFor(failure: string): string {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  const needed = process.arch === 'arm64' ? 18 : 15; // before, the JIT of arm64 had no atomic addition with a result
  if (major < 5 || (major === 5 && minor < needed)) return `use a kernel of 5.${needed} or later`;
  if (process.geteuid?.() !== 0) return 'ask again as root: sudo tlab doctor';
  if (!existsSync(types))
    return `use a kernel with its type information (CONFIG_DEBUG_INFO_BTF=y): ${types} is missing`;
  if (existsSync(lockdown) && readFileSync(lockdown, 'utf8').includes('[confidentiality]')) {
    return 'the kernel is locked down: boot without lockdown=confidentiality';
  }
  return /not permitted/.test(failure)
    ? 'this root lacks CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN): in a container, run it with --privileged'
    : `run it by hand to see more: ${tracerProgram()} --output /tmp/calls.bin --follow $$`;
}
