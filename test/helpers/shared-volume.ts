// A volume that an attacker's container and a victim's share: the attacker exchanges a folder in it with a link, over and over,
// while the victim is made again and again.
import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import type { RuntimeConfig } from './bundle.ts';
import { hostile } from './hostile.ts';
import type { RuntimePlace } from './runtime.ts';
import { waitUntil } from './wait.ts';

/** The mount of a folder of the host, as config.json has it. */
export const bindOf = (source: string, destination: string, ...options: string[]) => ({
  destination,
  type: 'bind',
  source,
  options: ['rbind', ...options],
});

export const addMounts = (config: RuntimeConfig, ...mounts: object[]): void => {
  (config.mounts as object[]).push(...mounts);
};

/**
 * Makes `<volume>/real`, a folder, and `<volume>/link`, which leads to `target`; a container exchanges the two for some seconds.
 * Ends with the place's removal, or with `delete --force`.
 */
export async function startRacer(place: RuntimePlace, volume: string, target: string) {
  mkdirSync(`${volume}/real`, { recursive: true });
  symlinkSync(target, `${volume}/link`);
  const program = await hostile('exchange', place.folder);
  const racer = await place.bundle(['/exchange', '/vol/real', '/vol/link', '20'], {
    prepare: (rootfs) => copyFileSync(program, `${rootfs}/exchange`),
    edit: (config) => addMounts(config, bindOf(volume, '/vol')),
  });
  await place.start(racer);
  await waitUntil(() => racer.output().includes('ready'), { what: 'the racer' });
  return { stop: () => place.runc(['delete', '--force', racer.id]) };
}
