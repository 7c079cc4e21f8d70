// The native code for arm64, by Debian's cross compiler, and what an emulator of user space can run of it. qemu-user has no clone3(2) into
// namespaces and executes no sealed copy of a foreign program, so no container is made here; that is said by a test too.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { compileBundle } from '../../src/runc/compile.ts';
import { defaultSpec } from '../../src/runc/default-spec.ts';
import { seedsOf, writeSeeds } from '../helpers/fuzz-seeds.ts';
import { root } from '../helpers/root.ts';
import { must, type Ran, run } from '../helpers/shell.ts';
import { hostWith } from '../runc/host.ts';

const dist = new URL('../../dist/arm64', import.meta.url).pathname;
const folder = mkdtempSync('/var/tmp/tlab-arm64-');
const emulated = (program: string, args: readonly string[], cwd = folder): Promise<Ran> =>
  run('qemu-aarch64-static', [`${dist}/${program}`, ...args], { cwd });

before(async () => {
  if (process.getuid?.() === 0)
    await must('make', ['-C', new URL('../../native', import.meta.url).pathname, '--silent', 'arm64'], {
      timeoutMs: 300_000,
    });
});
after(() => rmSync(folder, { recursive: true, force: true }));

test('every program is built for the machine', root(), () => {
  for (const name of ['tlab-runc', 'containerd-shim-tlab-v2', 'tlab-init', 'libtlab.so']) {
    const header = readFileSync(`${dist}/${name}`).subarray(0, 20);
    assert.equal(header.toString('latin1', 1, 4), 'ELF', name);
    assert.equal(header.readUInt16LE(18), 183, `${name} is for aarch64`);
  }
  const objects = readdirSync(`${dist}/../obj-arm64`, { recursive: true, encoding: 'utf8' });
  for (const name of ['unpack/extract.o', 'tracer/attach.o']) assert.ok(objects.includes(name), name);
});

test('the programs name their versions and refuse as everywhere', root(), async () => {
  assert.match((await emulated('tlab-runc', ['--version'])).stdout, /^tlab-runc version \d/);
  assert.match((await emulated('containerd-shim-tlab-v2', ['-v'])).stdout, /Version: {2}\d/);
  const said = async (...args: string[]): Promise<string> => (await emulated('tlab-runc', args)).stderr.trim();
  assert.equal(await said('state', '../x'), 'tlab-runc: container id "../x": expected letters, digits and _+-.');
  assert.equal(await said('--root', folder, 'state', 'web'), 'tlab-runc: container "web" does not exist');
  assert.equal(await said('create', '--what', 'web'), 'tlab-runc: --what: not an option of create');
  assert.equal(await said('kill', 'web', 'NOSIG'), 'tlab-runc: kill: unknown signal "NOSIG"');
  assert.match(
    (await emulated('containerd-shim-tlab-v2', ['-id', 'x', 'start'])).stderr,
    /-namespace: expected an identifier/,
  );
});

test('a plan is read as on other machines: whole, or not at all', root(), async () => {
  const config = JSON.stringify(defaultSpec());
  writeFileSync(`${folder}/plan`, compileBundle({ id: 'web', bundle: '/bun', config, host: hostWith() }).bytes);
  assert.match((await emulated('plan-decode', ['plan', '200'])).stdout, /^whole 1 cut 0 changed [01]$/m);
});

// libarchive is not here for that machine.
for (const name of Object.keys(seedsOf).filter((each) => each !== 'unpack')) {
  test(`${name}: the seeds of its fuzzer go through`, root(), async () => {
    const place = mkdtempSync(`${folder}/${name}-`);
    writeSeeds(name, place);
    await must('chown', ['-R', '65534:65534', place]);
    const seeds = readdirSync(place);
    const { status, stdout, stderr } = await emulated(`replay-${name}`, seeds, place);
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: `${seeds.length} inputs\n`, stderr: '' });
  });
}

test(
  'a container needs a kernel of the machine: the emulator cannot execute the sealed copy, and the runtime says so',
  root(),
  async () => {
    writeFileSync(`${folder}/config.json`, JSON.stringify(defaultSpec()));
    const { status, stderr } = await emulated('tlab-runc', [
      '--root',
      `${folder}/state`,
      'create',
      '--bundle',
      folder,
      'web',
    ]);
    assert.equal(status, 1);
    // Where the host's kernel gives foreign programs to the emulator, it gets as far as the first call that the emulator lacks.
    assert.match(stderr, /execveat\(2\): ENOEXEC exec format error|\(2\): E[A-Z]+ /);
  },
);
