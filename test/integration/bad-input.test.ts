// What people ask wrongly: each case gets its exit status and words as Docker's, is said once and leaves nothing.
// Needs root and the offline image busybox.
import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { leavesNothing, namesIn } from '../helpers/nothing-left.ts';
import { root } from '../helpers/root.ts';

const needsRoot = root();
let engine: TestEngine;

before(async () => {
  if (needsRoot.skip !== false) return;
  engine = await startEngine();
  await engine.must('run', '-d', '--name', 'first', '-p', '8080:80', 'busybox', 'sleep', '1000');
});
after(async () => {
  if (needsRoot.skip === false) await engine.stop();
});

interface Case {
  title: string;
  args: string[];
  status: number;
  words: RegExp;
  /** The docker command line checks some things itself, in other words. */
  dockerWords?: RegExp;
}

const cases: Case[] = [
  {
    title: 'an image that nobody has',
    args: ['run', '--rm', 'localhost:1/nosuch', 'true'],
    status: 125,
    words: /localhost:1 cannot be reached: nothing listens there .* offline library has no localhost:1\/nosuch/s,
  },
  {
    title: 'a name that is taken',
    args: ['run', '--name', 'first', 'busybox', 'true'],
    status: 125,
    words: /The container name "\/first" is already in use by container "[0-9a-f]{64}"/,
  },
  {
    title: 'a name that climbs',
    args: ['run', '--name', '../../x', 'busybox', 'true'],
    status: 125,
    words: /Invalid container name \(\.\.\/\.\.\/x\), only/,
  },
  {
    title: 'a memory size that is none',
    args: ['run', '--rm', '--memory', '12x', 'busybox', 'true'],
    status: 125,
    words: /--memory "12x": expected bytes/,
    dockerWords: /"12x" for "-m, --memory" flag/,
  },
  {
    title: 'too little memory',
    args: ['run', '--rm', '--memory', '1k', 'busybox', 'true'],
    status: 125,
    words: /Minimum memory limit allowed is 6MB/,
  },
  {
    title: 'a program that is not there',
    args: ['run', '--rm', 'busybox', 'nope'],
    status: 127,
    words: /exec: "nope": executable file not found in \$PATH/,
  },
  {
    title: 'a program that cannot be executed',
    args: ['run', '--rm', 'busybox', '/etc/passwd'],
    status: 126,
    words: /exec: "\/etc\/passwd": permission denied/,
  },
  {
    title: 'a user that the image does not have',
    args: ['run', '--rm', '-u', 'nosuch', 'busybox', 'true'],
    status: 125,
    words: /unable to find user nosuch/,
  },
  {
    title: 'a working directory that is a file',
    args: ['run', '--rm', '-w', '/etc/passwd', 'busybox', 'true'],
    status: 125,
    words: /changing to "\/etc\/passwd": chdir\(2\): ENOTDIR/,
  },
  {
    title: 'a volume over the root',
    args: ['run', '--rm', '-v', '/:/', 'busybox', 'true'],
    status: 125,
    words: /destination can't be '\/'/,
  },
  {
    title: 'a runtime that is not there',
    args: ['run', '--rm', '--runtime', 'nosuch', 'busybox', 'true'],
    status: 125,
    words: /unknown or invalid runtime name: nosuch/,
  },
  {
    title: 'a network that is not there',
    args: ['run', '--rm', '--network', 'nosuch', 'busybox', 'true'],
    status: 125,
    words: /network nosuch not found/,
  },
  {
    title: 'a capability that no kernel has',
    args: ['run', '--rm', '--cap-add', 'BOGUS', 'busybox', 'true'],
    status: 125,
    words: /unknown capability: "CAP_BOGUS"/,
  },
  {
    title: 'a container that is not there',
    args: ['rm', 'nosuch'],
    status: 1,
    words: /No such container: nosuch/,
  },
  {
    title: 'a signal that is not there',
    args: ['kill', '-s', 'BOGUS', 'first'],
    status: 1,
    words: /Invalid signal: BOGUS/,
  },
  {
    title: 'an exec of a program that is not there',
    args: ['exec', 'first', 'nope'],
    status: 127,
    words: /OCI runtime exec failed: .*exec: "nope": executable file not found in \$PATH/,
  },
  {
    title: 'an exec of a file that is no program',
    args: ['exec', 'first', '/etc/passwd'],
    status: 126,
    words: /OCI runtime exec failed: .*exec: "\/etc\/passwd": permission denied/,
  },
  {
    title: 'an exec in a directory that is not there',
    args: ['exec', '-w', '/nosuch', 'first', 'true'],
    status: 126,
    words: /changing to "\/nosuch": chdir\(2\): ENOENT/,
  },
];

for (const { title, args, status, words, dockerWords } of cases) {
  test(`${title}: status ${status}, said once, nothing left`, needsRoot, () =>
    leavesNothing(engine, async () => {
      const ours = await engine.tlab(args);
      assert.equal(ours.status, status, ours.stderr);
      const said = `${ours.stdout}${ours.stderr}`;
      assert.match(said, words);
      assert.equal(said.match(new RegExp(words, `${words.flags}g`))?.length, 1, `said once: ${said}`);
      const docker = await engine.inside('docker', [...engine.dockerHost, ...args]);
      assert.equal(docker.status, status, docker.stderr);
      assert.match(`${docker.stdout}${docker.stderr}`, dockerWords ?? words);
    }),
  );
}

test('a port that is taken: status 125, and the container stays created without sandbox and rules', needsRoot, () =>
  leavesNothing(engine, async () => {
    const ran = await engine.tlab(['run', '-d', '--name', 'second', '-p', '8080:80', 'busybox', 'true']);
    assert.equal(ran.status, 125);
    assert.match(ran.stderr, /Bind for 0\.0\.0\.0:8080 failed: port is already allocated/);
    assert.equal(await engine.must('inspect', '--format', '{{.State.Status}}', 'second'), 'created');
    assert.equal(namesIn(`${engine.root}/run/netns`).length, 1);
    await engine.must('rm', 'second');
  }),
);

test('wrong command lines end with the statuses of Docker and say what to do', needsRoot, async () => {
  for (const [args, status, words] of [
    [['run', '--bogus', 'busybox'], 125, /unknown flag: --bogus\ntry: tlab run --help/],
    [['run', '--rm', '-p', '99999:80', 'busybox'], 125, /-p "99999:80": expected .* ports from 1 to 65535/],
    [['run', '--rm', 'Busybox'], 125, /image name "Busybox": .*must be lowercase/],
    [['run', '--rm', 'busybox@sha256:00'], 125, /expected sha256: and 64 hex digits/],
  ] as const) {
    const ran = await engine.tlab(args);
    assert.equal(ran.status, status, `${args.join(' ')}: ${ran.stderr}`);
    assert.match(ran.stderr, words);
  }
});

test('who may not start the daemon is told what to do', needsRoot, async () => {
  const run = (runRoot: string) => {
    const env = { TLAB_RUN_ROOT: runRoot, TLAB_DATA_ROOT: `${engine.root}/nowhere` };
    return engine.inside('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, cli, 'ps'], {
      env,
    });
  };
  chmodSync(engine.root, 0o755);
  const nobody = await run(`${engine.root}/nowhere`);
  assert.equal(nobody.status, 1);
  assert.match(nobody.stderr, /the daemon is not running at .*\ntry: sudo tlab system start/);
  const forbidden = await run(`${engine.root}/run`);
  assert.equal(forbidden.status, 1);
  assert.match(forbidden.stderr, /socket .* is for root and the group tlab\ntry: sudo tlab/);
});

const cli = new URL('../../dist/tlab.cjs', import.meta.url).pathname;
