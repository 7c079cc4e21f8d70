// A root filesystem of Debian's busybox-static: every applet in /bin, and the folders that a container mounts on.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs';

let applets: readonly string[] | undefined;

export function makeBusyboxRoot(path: string): void {
  for (const name of ['bin', 'proc', 'sys', 'dev', 'etc', 'tmp', 'root'])
    mkdirSync(`${path}/${name}`, { recursive: true });
  copyFileSync('/bin/busybox', `${path}/bin/busybox`);
  applets ??= execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n');
  for (const applet of applets) if (applet !== 'busybox') symlinkSync('busybox', `${path}/bin/${applet}`);
}
