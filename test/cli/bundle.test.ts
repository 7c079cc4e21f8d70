// The built CLI: every command loads through the bundle, and start-up stays small. Needs `npm run build`.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { test } from 'node:test';
import packageJson from '../../package.json' with { type: 'json' };
import { catalogue } from '../../src/cli/catalogue.ts';
import { findRow } from '../../src/cli/dispatch.ts';
import { quickCommands } from '../../src/cli/quick.ts';
import { version } from '../../src/cli/version.ts';

const program = 'dist/tlab.cjs';
const skip = existsSync(program) ? false : 'dist/tlab.cjs is missing: npm run build';
const env = { ...process.env, TLAB_HOST: 'unix:///nonexistent/tlab.sock', NO_COLOR: '1' };
const tlab = (...argv: string[]) => spawnSync(process.execPath, [program, ...argv], { encoding: 'utf8', env });

test('the version is that of package.json, on the quick path too', { skip }, () => {
  assert.equal(version, packageJson.version);
  assert.equal(tlab('--version').stdout, `tlab version ${version}\n`);
});

test('every command loads through the bundle', { skip }, async (t) => {
  for (const name of Object.keys(catalogue)) {
    await t.test(name, () => {
      const { status, stdout, stderr } = tlab(...name.split(' '), '--help');
      assert.equal(stderr, '');
      assert.equal(status, 0);
      assert.match(stdout, new RegExp(`^Usage:  tlab ${name}`));
    });
  }
});

test('a command runs in either bundle, and says what is missing', { skip }, () => {
  // The second one goes through oclif itself.
  for (const words of [['ps'], ['container', 'ls'], ['--host', 'unix:///nonexistent/tlab.sock', 'ps']]) {
    const { status, stderr } = tlab(...words);
    assert.match(stderr, /^error: the daemon is not running at \/nonexistent\/tlab\.sock\ntry: /);
    assert.equal(status, 1);
  }
});

test('what people wait for every day is in the small bundle', { skip }, () => {
  for (const name of quickCommands) assert.ok(findRow(name), `${name} is no command`);
  const [quick, whole] = ['dist/tlab-quick.cjs', 'dist/tlab-cli.cjs'].map((path) => statSync(path).size) as [
    number,
    number,
  ];
  assert.ok(quick < whole / 6, `${quick} of ${whole} bytes`);
});

test('--env-file is ours: Node.js does not read it as its own', { skip }, () => {
  const { status, stderr } = spawnSync('bin/tlab', ['run', '--env-file', 'nope', 'busybox'], { encoding: 'utf8', env });
  assert.match(stderr, /^error: --env-file "nope": expected a file that can be read/);
  assert.equal(status, 125);
});

test('errors of usage end with 2, and with 125 for run', { skip }, () => {
  assert.equal(tlab('ps', '--nope').status, 2);
  assert.equal(tlab('run', '--nope').status, 125);
  assert.equal(tlab('nope').status, 2);
});

test('--json makes an error a document', { skip }, () => {
  const { error } = JSON.parse(tlab('ps', '--json').stderr);
  assert.equal(error.schema, 'tlab.error/1');
  assert.equal(error.kind, 'unavailable');
});

test('a reader that ends early is no error', { skip }, () => {
  const { stderr } = spawnSync('sh', ['-c', '("$0" "$1" --help; echo $? >&2) | true', process.execPath, program], {
    encoding: 'utf8',
    env,
  });
  assert.equal(stderr, '0\n');
});

test('tlab alone says what to do next', { skip }, () => {
  const { status, stdout } = tlab();
  assert.equal(status, 0);
  assert.match(stdout, /tlab learn · tlab check/);
});

test('ps loads neither undici nor koffi nor many modules of Node', { skip }, () => {
  const script = `process.argv.splice(1, 1, '${program}'); require('./${program}');
    process.on('exit', () => console.log(JSON.stringify([process.moduleLoadList, Object.keys(require.cache)])))`;
  const { stdout } = spawnSync(process.execPath, ['-e', script, 'x', 'ps'], { encoding: 'utf8', env });
  const [builtin, files] = JSON.parse(stdout.trim().split('\n').at(-1) ?? '[]');
  assert.equal(
    builtin.some((name: string) => name.includes('undici')),
    false,
  );
  for (const module of ['crypto', 'child_process', 'readline'])
    assert.ok(!builtin.includes(`NativeModule ${module}`), module);
  assert.equal(
    files.some((name: string) => name.includes('koffi')),
    false,
  );
  assert.ok(builtin.length < 260, `${builtin.length} modules`);
});
