// The entry of `tlab`. `--version` is answered before anything is loaded; everything else is in cli/start.ts, which the
// bundle keeps in a file of its own so that its compiled code can be cached.
import { enableCompileCache } from 'node:module';

const argv = process.argv.slice(2);

if (argv[0] === '--version' || argv[0] === '-v') {
  process.stdout.write('tlab version 0.1.0\n');
} else {
  // A process that ends because nothing is left to wait for has not succeeded.
  process.exitCode = 125;
  // Beside the bundle, and never among the sources.
  if (!import.meta.dirname.endsWith('/src')) enableCompileCache(`${import.meta.dirname}/compile-cache`);
  void import('./cli/start.ts').then(async ({ start }) => {
    process.exitCode = await start(argv);
  });
}
