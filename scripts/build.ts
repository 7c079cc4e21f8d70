// Bundles each TypeScript stage into one CommonJS file under dist/: a single file loads three times quicker than its modules,
// and CommonJS output avoids the cost of `import http from 'node:http'` (the ESM facade of node:http loads undici).
// The CLI is three files: a small entry, the first screen, which has to be there at once, and everything else; so that the entry can switch
// the compile cache on first.
import { build, type Plugin } from 'esbuild';

const bundles = {
  tlab: 'src/main.ts',
  'tlab-first': 'src/cli/first-screen.ts',
  'tlab-cli': 'src/cli/start.ts',
  tlabd: 'src/daemon/main.ts',
  'tlab-containerd': 'src/containerd/main.ts',
  'tlab-runc': 'src/runc/main.ts',
};

/** The entry loads the rest of the CLI from the files beside it. */
const splitCli: Plugin = {
  name: 'split-cli',
  setup({ onResolve }) {
    const files = { start: './tlab-cli.cjs', 'first-screen': './tlab-first.cjs' };
    for (const [name, path] of Object.entries(files))
      onResolve({ filter: new RegExp(`/cli/${name}\\.ts$`) }, ({ kind }) =>
        kind === 'dynamic-import' ? { path, external: true } : undefined,
      );
  },
};

/**
 * What oclif imports and our plugin, made by hand, never calls: looking for plugins, settings and versions on disk.
 * A test runs every command through the bundle, so that an update of oclif that begins to need one is noticed.
 */
const neverCalled: Record<string, string> = {
  semver: 'module.exports = { satisfies: () => true, gt: () => false };',
  minimatch: 'module.exports = { minimatch: () => false };',
  tinyglobby: 'module.exports = { glob: async () => [] };',
  lilconfig: 'module.exports = { lilconfig: () => ({ search: async () => null }) };',
  'get-package-type': 'module.exports = async () => "module";',
  'wsl-utils': 'module.exports = { isWsl: false };',
  debug: 'module.exports = () => Object.assign(() => undefined, { enabled: false, extend: () => () => undefined });',
  ejs: 'module.exports = { render: (text) => text };',
};
const withoutUnused: Plugin = {
  name: 'without-unused',
  setup({ onResolve, onLoad }) {
    const filter = new RegExp(`^(${Object.keys(neverCalled).join('|')})$`);
    onResolve({ filter }, ({ path }) => ({ path, namespace: 'never-called' }));
    onLoad({ filter: /.*/, namespace: 'never-called' }, ({ path }) => ({ contents: neverCalled[path] ?? '' }));
  },
};

await build({
  entryPoints: bundles,
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node26',
  format: 'cjs',
  minifySyntax: true,
  sourcemap: 'linked',
  external: ['koffi'],
  // As require(): import() of a CommonJS file would load the whole ESM loader.
  supported: { 'dynamic-import': false },
  logLevel: 'warning',
  plugins: [splitCli, withoutUnused],
  define: { 'import.meta.dirname': '__dirname', 'import.meta.url': '__filename' },
});
