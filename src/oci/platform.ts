// Platforms: which manifest of an index suits this host, and which others it can run as well.
import { LabError } from '../base/errors.ts';
import type { Descriptor, Platform } from './image.ts';

/** Node's name of a CPU → the name in images. @source go.dev doc/install/source#environment */
const architectures: Record<string, string> = {
  x64: 'amd64',
  ia32: '386',
  arm64: 'arm64',
  arm: 'arm',
  ppc64: 'ppc64le',
  s390x: 's390x',
  riscv64: 'riscv64',
  loong64: 'loong64',
};

/** What people also write. @source containerd platforms/database.go */
const aliases: Record<string, string> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  i386: '386',
  armhf: 'arm',
};

/** What containers on this host are: always Linux. */
export const hostPlatform = (): Platform => ({
  os: 'linux',
  architecture: architectures[process.arch] ?? process.arch,
});

/** `linux/arm64/v8`, or an architecture alone. Errors: invalidArgument. */
export function parsePlatform(text: string): Platform {
  const parts = text.split('/');
  if (parts.length > 3 || parts.some((part) => !/^[A-Za-z0-9_.-]+$/.test(part))) {
    throw new LabError(
      'invalidArgument',
      `platform "${text}": expected os/architecture[/variant], for example linux/arm64`,
    );
  }
  const [first = '', second, variant] = parts;
  const os = second === undefined && first !== 'linux' ? 'linux' : first.toLowerCase();
  const architecture = (second ?? (first === 'linux' ? hostPlatform().architecture : first)).toLowerCase();
  return normalise({ os, architecture, ...(variant === undefined ? {} : { variant }) });
}

/** Aliases resolved, and the variants that say nothing (amd64 v1, arm64 v8) left out. */
function normalise(platform: Platform): Platform {
  const architecture = aliases[platform.architecture] ?? platform.architecture;
  const variant = platform.variant === '' ? undefined : platform.variant;
  const saysNothing = (architecture === 'amd64' && variant === 'v1') || (architecture === 'arm64' && variant === 'v8');
  const filled = architecture === 'arm' && variant === undefined ? 'v7' : variant;
  return { os: platform.os, architecture, ...(filled === undefined || saysNothing ? {} : { variant: filled }) };
}

export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant } = platform;
  return [os, architecture, variant].filter((part) => part !== undefined && part !== '').join('/');
}

/** Whether both mean one platform, however they are spelt. */
export const isSamePlatform = (a: Platform, b: Platform): boolean =>
  formatPlatform(normalise(a)) === formatPlatform(normalise(b));

/** Platforms that a host of the wanted one runs, best first. @source containerd platforms/compare.go */
function runnable(wanted: Platform): string[] {
  const { os, architecture, variant } = normalise(wanted);
  const own = formatPlatform({ os, architecture, ...(variant === undefined ? {} : { variant }) });
  if (architecture === 'amd64') {
    const lower = /^v([234])$/.exec(variant ?? '')?.[1];
    const levels =
      lower === undefined
        ? []
        : [3, 2].filter((level) => level < Number(lower)).map((level) => `${os}/amd64/v${level}`);
    return [...new Set([own, ...levels, `${os}/amd64`, `${os}/386`])];
  }
  const arms = (from: number) => [8, 7, 6, 5].filter((level) => level <= from).map((level) => `${os}/arm/v${level}`);
  if (architecture === 'arm64') return [...new Set([own, `${os}/arm64`, ...arms(8)])];
  if (architecture === 'arm') return arms(Number(/^v([5-8])$/.exec(variant ?? '')?.[1] ?? 7));
  return [own];
}

/** The best manifest of an index for the platform; undefined when none suits. Attestations (`unknown/unknown`) never do. */
export function choosePlatform(manifests: readonly Descriptor[], wanted: Platform): Descriptor | undefined {
  for (const platform of runnable(wanted)) {
    const found = manifests.find(
      (one) => one.platform !== undefined && formatPlatform(normalise(one.platform)) === platform,
    );
    if (found !== undefined) return found;
  }
  return manifests.find((one) => one.platform === undefined);
}
