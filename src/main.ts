// The entry of `tlab`. `--version` is answered before anything is loaded; the first screen, the commands of every day and
// everything else are in files of their own, so that their compiled code can be cached.
import { enableCompileCache } from 'node:module';
import { quickCommands } from './cli/quick.ts';

const argv = process.argv.slice(2);

if (argv[0] === '--version' || argv[0] === '-v') {
  process.stdout.write('tlab version 0.1.0\n');
} else {
  // A process that ends because nothing is left to wait for has not succeeded.
  process.exitCode = 125;
  // Beside the bundle, and never among the sources.
  if (!import.meta.dirname.endsWith('/src')) enableCompileCache(`${import.meta.dirname}/compile-cache`);
  void run(argv).then((status) => {
    process.exitCode = status;
  });
}

async function run(words: readonly string[]): Promise<number> {
  // Nothing else is asked for so often, and by people who wait for it.
  if (words.length === 0) return await (await import('./cli/first-screen.ts')).firstScreen();
  if (quickCommands.has(words[0] ?? '')) return await (await import('./cli/quick-start.ts')).quickStart(words);
  return await (await import('./cli/start.ts')).start(words);
}
