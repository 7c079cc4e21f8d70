// A copy of what runs in the machine: the shared file system shows a file that changes on the host with its old size.
import { cpSync, existsSync, symlinkSync } from 'node:fs';

const copied = ['bin', 'dist/bin', 'native', 'package.json', 'src', 'test', 'traces', 'lessons'];

export function copyCheckout(from: string, to: string): void {
  for (const name of copied.filter((name) => existsSync(`${from}/${name}`)))
    cpSync(`${from}/${name}`, `${to}/${name}`, { recursive: true });
  cpSync(`${from}/dist`, `${to}/dist`, {
    recursive: true,
    filter: (path) => !/\/dist\/(obj|obj-sanitize|sanitize|compile-cache|bin)$|\.map$/.test(path),
  });
  // boot.sh puts the host's there: its own path may be below a folder that is memory in the machine.
  symlinkSync('/node_modules', `${to}/node_modules`);
}
