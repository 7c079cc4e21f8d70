// The real docker command line builds with our daemon (the classic builder's API), in the versions that this host has. Needs root.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { root } from '../helpers/root.ts';
import type { Ran } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const needsRoot = root();
const programs = ['/usr/bin/docker', ...['/usr/local/bin/docker'].filter((path) => existsSync(path))];
let engine: TestEngine;
let context: string;

before(async () => {
  if (needsRoot.skip !== false) return;
  context = mkdtempSync('/var/tmp/tlab-context-');
  writeFileSync(`${context}/data`, 'data\n');
  engine = await startEngine();
  await engine.must('pull', 'busybox');
});
after(async () => {
  if (needsRoot.skip !== false) return;
  await engine.stop();
  rmSync(context, { recursive: true, force: true });
});

const docker = (program: string, ...args: string[]): Promise<Ran> =>
  engine.inside(program, [...engine.dockerHost, ...args], { env: { DOCKER_BUILDKIT: '0' }, timeoutMs: 120_000 });

async function build(program: string, dockerfile: string, ...flags: string[]): Promise<Ran> {
  writeFileSync(`${context}/Dockerfile`, dockerfile);
  return await docker(program, 'build', ...flags, context);
}

async function out(...args: string[]): Promise<string> {
  const ran = await docker('/usr/bin/docker', ...args);
  assert.equal(ran.status, 0, `${args.join(' ')}: ${ran.stderr}`);
  return ran.stdout.trimEnd();
}

const namesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

/** Nothing of a build that has ended, however it ended. */
function assertNothingLeft(): void {
  assert.deepEqual(namesIn(`${engine.root}/run/build`), []);
  assert.deepEqual(namesIn(`${engine.root}/data/build/contexts`), []);
  assert.deepEqual(readdirSync(`${engine.root}/run/fifo`), []);
  assert.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes(`${engine.root}/run/build`));
}

const stages = `ARG BASE=busybox
FROM $BASE AS base
ARG WHAT=default
ENV GREETING="hello $WHAT"
WORKDIR /app
COPY data ./
FROM base AS skipped
RUN false
FROM base AS made
RUN cat data > made && echo $GREETING >> made
FROM base
COPY --from=made /app/made /made
CMD cat /made
`;

for (const program of programs) {
  test(`${program} builds stages, in the classic builder's words, and the image runs`, needsRoot, async () => {
    const built = await build(program, stages, '-t', 'stages', '--build-arg', 'WHAT=world', '--no-cache');
    assert.equal(built.status, 0, built.stderr);
    assert.match(
      built.stdout,
      /^Step 1\/10 : FROM \$BASE AS base\n(.*\n)*? ---> [0-9a-f]{12}\nStep 2\/10 : ARG WHAT=default/m,
    );
    assert.match(built.stdout, /Successfully built [0-9a-f]{12}\nSuccessfully tagged stages:latest\n$/);
    assert.equal(await out('run', '--rm', 'stages'), 'data\nhello world');
    assertNothingLeft();
  });

  test(
    `${program} gets the same image again from the cache, and another when a source changes`,
    needsRoot,
    async () => {
      const first = await build(program, stages, '-q');
      const again = await build(program, stages, '-q');
      assert.match(first.stdout, /^sha256:[0-9a-f]{64}\n$/);
      assert.equal(again.stdout, first.stdout);
      assert.equal((await build(program, stages)).stdout.match(/---> Using cache/g)?.length, 7);
      writeFileSync(`${context}/data`, `${program}\n`);
      assert.notEqual((await build(program, stages, '-q')).stdout, first.stdout);
      writeFileSync(`${context}/data`, 'data\n');
    },
  );

  test(`${program} is told a command that fails, with its status, and nothing is left of it`, needsRoot, async () => {
    const failed = await build(program, 'FROM busybox\nRUN echo before; exit 7\n');
    assert.equal(failed.status, 7);
    assert.match(failed.stdout, /before/);
    assert.match(failed.stderr, /The command '\/bin\/sh -c echo before; exit 7' returned a non-zero code: 7/);
    assertNothingLeft();
    assert.equal(await out('ps', '-aq'), '');
  });

  test(`${program} is refused what a Dockerfile has wrong, with its line`, needsRoot, async () => {
    assert.match((await build(program, 'FROM busybox\nRUM x\n')).stderr, /Dockerfile line 2: "RUM": expected an instr/);
    assert.match((await build(program, stages, '-f', `${context}/nope`)).stderr, /nope/);
    assert.match((await build(program, stages, '--target', 'nope')).stderr, /target stage "nope" could not be found/);
    assertNothingLeft();
  });
}

test('a client that goes away ends its build', needsRoot, async () => {
  writeFileSync(`${context}/Dockerfile`, 'FROM busybox\nRUN echo waiting; sleep 1000\n');
  const ran = await engine.inside('timeout', ['5', '/usr/bin/docker', ...engine.dockerHost, 'build', context], {
    env: { DOCKER_BUILDKIT: '0' },
  });
  assert.match(ran.stdout, /waiting/);
  const folders = ['run/build', 'run/fifo', 'data/build/contexts'].map((name) => `${engine.root}/${name}`);
  await waitUntil(() => folders.every((folder) => namesIn(folder).length === 0), {
    what: 'the build and its container to go',
    deadlineMs: 30_000,
  });
  assertNothingLeft();
});

test('a daemon that is killed in a RUN leaves nothing that the next one does not remove', needsRoot, async () => {
  writeFileSync(`${context}/Dockerfile`, 'FROM busybox\nRUN echo killed; sleep 1000\n');
  const running = engine.inside('/usr/bin/docker', [...engine.dockerHost, 'build', context], {
    env: { DOCKER_BUILDKIT: '0' },
    timeoutMs: 60_000,
  });
  await waitUntil(() => readdirSync(`${engine.root}/run/fifo`).length > 0, {
    what: 'the container',
    deadlineMs: 30_000,
  });
  process.kill(Number(readFileSync(`${engine.root}/run/tlabd.pid`, 'utf8')), 'SIGKILL');
  assert.notEqual((await running).status, 0);
  await engine.must('system', 'start');
  assertNothingLeft();
  const ctr = async (...args: string[]): Promise<string> =>
    (await engine.inside('ctr', ['-a', `${engine.root}/run/containerd/containerd.sock`, '-n', 'moby', ...args])).stdout;
  assert.doesNotMatch(await ctr('leases', 'ls'), /tlab-build-[0-9a-f]{64} /);
  assert.doesNotMatch(await ctr('snapshots', 'ls'), /Active|View/);
  assert.equal((await ctr('containers', 'ls', '-q')).trim(), '');
  assert.equal((await build('/usr/bin/docker', 'FROM busybox\nRUN echo after\n')).status, 0);
});
