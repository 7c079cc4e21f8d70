// A copy of what runs in the machine: the shared file system shows a file that changes on the host with its old size. In it, TypeScript
// is without its types already (stripped.mjs tells Node.js so): taking them off in the machine would cost it a third of its time.
import { cpSync, existsSync, globSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';

const copied = ['bin', 'dist/bin', 'native', 'package.json', 'src', 'test', 'traces', 'lessons'];

export function copyCheckout(from: string, to: string): void {
  for (const name of copied.filter((name) => existsSync(`${from}/${name}`)))
    cpSync(`${from}/${name}`, `${to}/${name}`, { recursive: true });
  cpSync(`${from}/dist`, `${to}/dist`, {
    recursive: true,
    filter: (path) => /\/dist(\/[^/]+\.cjs)?$/.test(path),
  });
  for (const path of globSync(`${to}/{src,test}/**/*.ts`))
    writeFileSync(path, stripTypeScriptTypes(readFileSync(path, 'utf8')));
  // boot.sh puts the host's there: its own path may be below a folder that is memory in the machine.
  symlinkSync('/node_modules', `${to}/node_modules`);
}
