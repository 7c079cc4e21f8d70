// The host as `tlab doctor` sees it: facts of the kernel, programs of tlab, disk, and the real programs to compare with.
import { existsSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { paths } from '../base/paths.ts';
import { hostFacts as kernelFacts } from '../kernel/facts.ts';
import { findProgram } from '../kernel/programs.ts';
import { list } from '../library/library.ts';
import type { Check } from './check.ts';
import { packageRoot } from './package.ts';
import { engineStatus } from './status.ts';
import { tracerCheck } from './tracer-host.ts';

/** Every check, the most basic first. A FAIL means that the engine cannot run here. */
export async function checkHost(): Promise<Check[]> {
  return [
    ...kernelFacts().map(
      (fact): Check => ({
        verdict: verdictOf[fact.state],
        what: fact.what,
        seen: fact.seen,
        ...(fact.advice === undefined ? {} : { advice: fact.advice }),
      }),
    ),
    forwarding(),
    nodeVersion(),
    nativePrograms(),
    await tracerCheck(),
    diskSpace(),
    ...(await engine()),
    await library(),
    comparison(),
  ];
}

const verdictOf = { ok: 'OK', degraded: 'WARN', unknown: 'WARN', missing: 'FAIL' } as const;

/** The daemon switches it on itself when it needs it. */
const forwarding = (): Check => ({
  verdict: existsSync('/proc/sys/net/ipv4/ip_forward') ? 'OK' : 'WARN',
  what: 'IPv4 forwarding',
  seen: existsSync('/proc/sys/net/ipv4/ip_forward')
    ? 'can be switched on when a container needs it'
    : 'not in this kernel',
});

function nodeVersion(): Check {
  const major = Number(process.versions.node.split('.')[0]);
  const check: Check = { verdict: major >= 26 ? 'OK' : 'FAIL', what: 'Node.js', seen: process.versions.node };
  return major >= 26
    ? check
    : { ...check, advice: 'use bin/tlab, which starts the version that npm installed with tlab' };
}

const natives = ['containerd-shim-tlab-v2', 'tlab-runc', 'tlab-unpack', 'tlab-copy', 'tlab-launch', 'libtlab.so'];

function nativePrograms(): Check {
  const missing = natives.filter((name) => !existsSync(join(packageRoot(), 'dist/bin', name)));
  if (missing.length === 0) return { verdict: 'OK', what: 'native programs', seen: natives.join(', ') };
  const advice = `build them: make -C ${join(packageRoot(), 'native')}`;
  return { verdict: 'FAIL', what: 'native programs', seen: `missing: ${missing.join(', ')}`, advice };
}

const wantedBytes = 1024 ** 3;

function diskSpace(): Check {
  let folder = paths.dataRoot;
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const seen = `${(free / 1024 ** 3).toFixed(1)} GiB free for ${paths.dataRoot}`;
  if (free >= wantedBytes) return { verdict: 'OK', what: 'disk space', seen };
  return { verdict: 'WARN', what: 'disk space', seen, advice: 'make room: tlab rmi, or another TLAB_DATA_ROOT' };
}

async function engine(): Promise<Check[]> {
  const parts = await engineStatus();
  return parts
    .filter((part) => part.name !== 'shim')
    .map((part): Check => {
      const seen = part.pid === undefined ? part.state : `${part.state}, pid ${part.pid}`;
      if (part.state !== 'not answering') return { verdict: 'OK', what: part.name, seen };
      return { verdict: 'WARN', what: part.name, seen, advice: 'sudo tlab system stop && sudo tlab system start' };
    });
}

async function library(): Promise<Check> {
  const images = await list();
  if (images.length > 0)
    return { verdict: 'OK', what: 'offline library', seen: images.map((image) => image.name).join(', ') };
  return { verdict: 'WARN', what: 'offline library', seen: 'empty', advice: 'sudo tlab library build busybox nginx' };
}

const others = ['docker', 'dockerd', 'containerd', 'ctr', 'runc', 'crun'];

/** Nothing needs them: they are there to be compared with and to stand in for stages. */
function comparison(): Check {
  const found = others.filter((name) => findProgram(name) !== undefined);
  return { verdict: 'OK', what: 'real programs to compare with', seen: found.length === 0 ? 'none' : found.join(', ') };
}
