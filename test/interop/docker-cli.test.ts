// The real docker command line against our daemon: every verb that people use, in the versions that this host has. Needs root.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { root } from '../helpers/root.ts';
import type { RunOptions } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const needsRoot = root();
/** Debian's must be there; a newer one beside it is tried too. */
const programs = ['/usr/bin/docker', ...['/usr/local/bin/docker'].filter((path) => existsSync(path))];
let engine: TestEngine;

before(async () => {
  if (needsRoot.skip !== false) return;
  engine = await startEngine();
  await engine.must('pull', 'busybox');
});
after(async () => {
  if (needsRoot.skip === false) await engine.stop();
});

for (const program of programs) {
  const docker = (args: readonly string[], options: RunOptions = {}) =>
    engine.inside(program, [...engine.dockerHost, ...args], { timeoutMs: 20_000, ...options });
  const out = async (...args: string[]): Promise<string> => {
    const ran = await docker(args);
    assert.equal(ran.status, 0, `${args.join(' ')}: ${ran.stderr}`);
    return ran.stdout.trimEnd();
  };

  test(`${program} runs a container and hands on its output and exit status`, needsRoot, async () => {
    assert.equal(await out('run', '--rm', 'busybox', 'echo', 'hello'), 'hello');
    assert.equal((await docker(['run', '--rm', 'busybox', 'sh', '-c', 'exit 7'])).status, 7);
    assert.equal(await out('ps', '-aq'), '');
  });

  test(`${program} gives standard input to a container and its end`, needsRoot, async () => {
    const ran = await docker(['run', '-i', '--rm', 'busybox', 'cat'], { input: 'typed\n' });
    assert.equal(ran.stdout, 'typed\n');
  });

  test(`${program} ends with 127 for a missing program and leaves nothing`, needsRoot, async () => {
    assert.equal((await docker(['run', '--rm', 'busybox', 'nope'])).status, 127);
    await waitUntil(async () => (await out('ps', '-aq')) === '', { what: 'the container to be removed' });
  });

  test(`${program} lists, logs, executes, pauses, renames, inspects and stops`, needsRoot, async () => {
    await out(
      'run',
      '-d',
      '--name',
      'web',
      'busybox',
      'sh',
      '-c',
      'trap "exit 9" TERM; echo up; while true; do sleep 0.1; done',
    );
    await waitUntil(async () => (await out('logs', 'web')) === 'up', { what: 'the first line' });
    assert.match(await out('ps'), /Up .* web/);
    assert.equal(await out('exec', 'web', 'echo', 'inside'), 'inside');
    assert.equal((await docker(['exec', 'web', 'sh', '-c', 'exit 3'])).status, 3);
    assert.equal((await docker(['exec', '-i', 'web', 'cat'], { input: 'typed' })).stdout, 'typed');
    await out('pause', 'web');
    assert.equal(await out('inspect', '-f', '{{.State.Status}}', 'web'), 'paused');
    assert.match(
      (await docker(['exec', 'web', 'true'])).stderr,
      /cannot exec container "web": it is paused, must be running/,
    );
    await out('unpause', 'web');
    await out('rename', 'web', 'web2');
    assert.match(await out('top', 'web2'), /trap/);
    await out('stop', 'web2');
    assert.equal(await out('inspect', '-f', '{{.State.ExitCode}}', 'web2'), '9');
    assert.equal(await out('wait', 'web2'), '9');
    await out('rm', 'web2');
  });

  test(`${program} is refused in the words that its users know`, needsRoot, async () => {
    await out('create', '--name', 'taken', 'busybox');
    assert.match(
      (await docker(['create', '--name', 'taken', 'busybox'])).stderr,
      /The container name "\/taken" is already in use/,
    );
    assert.match(
      (await docker(['run', '--rm', '-m', '4m', 'busybox', 'true'])).stderr,
      /Minimum memory limit allowed is 6MB/,
    );
    assert.match((await docker(['inspect', 'nobody'])).stderr, /No such object: nobody/);
    await out('rm', 'taken');
  });

  test(`${program} sees version, info, images, networks, volumes and events`, needsRoot, async () => {
    assert.match(await out('version'), /API version:\s+1\.47/);
    assert.match(await out('info'), /Default Runtime: tlab/);
    assert.match(await out('images'), /busybox/);
    assert.match(await out('network', 'ls'), /bridge/);
    assert.equal(
      await out('run', '--rm', '-v', 'kept:/data', 'busybox', 'sh', '-c', 'echo x > /data/f && cat /data/f'),
      'x',
    );
    assert.match(await out('volume', 'ls'), /kept/);
    await out('volume', 'rm', 'kept');
    assert.match(await out('events', '--since', '1m', '--until', '0s'), /container die/);
  });
}
