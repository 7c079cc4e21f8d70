// Bundles each TypeScript stage into one CommonJS file under dist/: a single file loads three times quicker than its modules,
// and CommonJS output avoids the cost of `import http from 'node:http'` (the ESM facade of node:http loads undici).
// The CLI is four files: a small entry, which switches the compile cache on; the first screen, which has to be there at once; the commands of every day;
// and everything. Reading and compiling what a command does not use was half of its start.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { quickCommands } from '../src/cli/quick.ts';
import { buildLessons } from '../src/lesson/format/built.ts';

const bundles = {
  tlab: 'src/main.ts',
  'tlab-first': 'src/cli/first-screen.ts',
  'tlab-cli': 'src/cli/start.ts',
  'tlab-quick': 'src/cli/quick-start.ts',
  tlabd: 'src/daemon/main.ts',
  'tlab-containerd': 'src/containerd/main.ts',
  'tlab-runc': 'src/runc/main.ts',
};

/** The entry loads the rest of the CLI from the files beside it. */
const splitCli: Plugin = {
  name: 'split-cli',
  setup({ onResolve }) {
    const files = {
      start: './tlab-cli.cjs',
      'quick-start': './tlab-quick.cjs',
      'first-screen': './tlab-first.cjs',
    };
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
  'supports-color': 'module.exports = { stdout: false, stderr: false };',
  ansis: 'module.exports = { strip: (text) => text };',
  'wrap-ansi': 'module.exports = (text) => text;',
  'clean-stack': 'module.exports = (text) => text;',
  'indent-string': 'module.exports = (text) => text;',
  'string-width': 'module.exports = (text) => text.length;',
  'cli-spinners': 'module.exports = { dots2: { frames: [] } };',
};
/** Its own parser, help and search for TypeScript sources. */
const neverCalledParts = /@oclif\/core\/lib\/(parser\/index|help\/index|config\/ts-path)\.js$/;
const withoutUnused: Plugin = {
  name: 'without-unused',
  setup({ onResolve, onLoad }) {
    const filter = new RegExp(`^(${Object.keys(neverCalled).join('|')})$`);
    onResolve({ filter }, ({ path }) => ({ path, namespace: 'never-called' }));
    onLoad({ filter: /.*/, namespace: 'never-called' }, ({ path }) => ({ contents: neverCalled[path] ?? '' }));
    onLoad({ filter: neverCalledParts }, () => ({ contents: 'module.exports = {};' }));
  },
};

/**
 * Node.js's own modules are loaded when something of them is first used: most commands use few of them, and node:crypto alone takes a third as
 * long to load as Node.js to start.
 */
const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  setup({ onResolve, onLoad }) {
    const require = createRequire(import.meta.url);
    const filter =
      /^node:(crypto|child_process|dgram|http|https|net|os|perf_hooks|readline|stream|timers|tls|tty|url|zlib|fs\/promises)(\/\w+)?$/;
    onResolve({ filter }, ({ path, namespace }) =>
      namespace === 'lazy' ? { path, external: true } : { path, namespace: 'lazy' },
    );
    onLoad({ filter: /.*/, namespace: 'lazy' }, ({ path }) => {
      const names = Object.keys(require(path) as object);
      const module = `require(${JSON.stringify(path)})`;
      const getters = names.map((name) => `get ${JSON.stringify(name)}() { return ${module}.${name}; }`);
      return { contents: `module.exports = { ${getters.join(', ')} };` };
    });
  },
};

/**
 * What our commands use of oclif, for the bundle of the commands of every day: it finds no plugin, reads no settings and parses nothing, so that
 * of its 230 kB these lines are what runs. A test runs commands through both bundles.
 */
const oclif: Record<string, string> = {
  '@oclif/core/command': `exports.Command = class {
    constructor(argv, config) { this.argv = argv; this.config = config; }
    get id() { return this.constructor.id; }
    static async run(argv, config) {
      const command = new this(argv, config);
      try { return await command.run(); } catch (error) { await command.catch(error); }
    }
  };`,
  '@oclif/core/config': `exports.Config = class {
    static async load({ plugins }) {
      const commands = [...plugins.values()].flatMap((plugin) => plugin.commands);
      return { runCommand: async (id, argv) => (await commands.find((one) => one.id === id).load()).run(argv, this) };
    }
  };`,
};

/** In the bundle of the commands of every day the others are not there; the entry never asks it for them. */
const withoutOthers: Plugin = {
  name: 'without-others',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/(commands\/|overview)/ }, ({ path, kind }) => {
      const name = /\/commands\/(.*)\.ts$/.exec(path)?.[1] ?? '';
      return kind === 'dynamic-import' && !quickCommands.has(name) ? { path, namespace: 'elsewhere' } : undefined;
    });
    onLoad({ filter: /.*/, namespace: 'elsewhere' }, ({ path }) => ({
      contents: `throw new Error('${path} is in tlab-cli.cjs');`,
    }));
    onResolve({ filter: /^@oclif\/core\// }, ({ path }) => ({ path, namespace: 'oclif' }));
    onLoad({ filter: /.*/, namespace: 'oclif' }, ({ path }) => ({ contents: oclif[path] ?? '' }));
  },
};

const { tlabd, 'tlab-containerd': containerd, 'tlab-runc': runc, 'tlab-quick': quick, ...cli } = bundles;
const common: BuildOptions = {
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
  define: { 'import.meta.dirname': '__dirname', 'import.meta.url': '__filename' },
};
await Promise.all([
  build({ ...common, entryPoints: { tlabd, 'tlab-containerd': containerd, 'tlab-runc': runc } }),
  build({ ...common, entryPoints: cli, plugins: [splitCli, withoutUnused, lazyBuiltins] }),
  build({ ...common, entryPoints: { 'tlab-quick': quick }, plugins: [withoutOthers, withoutUnused, lazyBuiltins] }),
]);
writeFileSync('dist/lessons.json', JSON.stringify(buildLessons('lessons')));
