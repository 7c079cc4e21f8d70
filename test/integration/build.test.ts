// `tlab build` on the real kernel: what becomes of a Dockerfile, what the cache says, what reaches the image and what must not. Needs root.
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { root } from '../helpers/root.ts';
import { type Ran, run } from '../helpers/shell.ts';

const needsRoot = root();
let engine: TestEngine;
let context: string;

before(async () => {
  if (needsRoot.skip !== false) return;
  context = mkdtempSync('/var/tmp/tlab-context-');
  engine = await startEngine();
});
after(async () => {
  if (needsRoot.skip !== false) return;
  await engine.stop();
  rmSync(context, { recursive: true, force: true });
});

async function build(
  dockerfile: string,
  flags: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Ran> {
  writeFileSync(`${context}/Dockerfile`, dockerfile);
  return await engine.tlab(['build', ...flags, context], { env, timeoutMs: 120_000 });
}

async function built(
  dockerfile: string,
  flags: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<string> {
  const ran = await build(dockerfile, flags, env);
  assert.equal(ran.status, 0, ran.stderr);
  return ran.stderr;
}

const runs = (...args: string[]): Promise<string> => engine.must('run', '--rm', ...args);
const inspect = async (name: string): Promise<Record<string, unknown>> =>
  JSON.parse(await engine.must('inspect', name))[0];

test('stages run side by side, those that nobody needs not at all', needsRoot, async () => {
  const said = await built(
    `FROM busybox AS one
RUN sleep 2; date +%s > /one
FROM busybox AS two
RUN sleep 2; date +%s > /two
FROM busybox AS never
RUN exit 1
FROM busybox
COPY --from=one /one /
COPY --from=two /two /
`,
    ['-t', 'stages'],
  );
  assert.match(said, /3 stages: one, two, 3; not needed: never/);
  const [one = 0, two = 0] = (await runs('stages', 'cat', '/one', '/two')).split('\n').map(Number);
  assert.ok(Math.abs(one - two) < 2, `they ended ${Math.abs(one - two)} s apart: one after the other`);
});

test('a miss says which part of the key is another', needsRoot, async () => {
  writeFileSync(`${context}/data`, 'one\n');
  const file = (greeting: string) => `FROM busybox
ARG V=1
ENV GREETING=${greeting}
COPY data /data
RUN echo $GREETING $V > /made
`;
  await built(file('a'), ['-t', 'why']);
  assert.equal((await built(file('a'), ['--why'])).match(/hit: every part of the key is as on/g)?.length, 4);
  const environment = await built(file('b'), ['--why']);
  assert.match(environment, /environment:\n {2}│ {3}- GREETING=a\n {2}│ {3}\+ GREETING=b/);
  assert.match(environment, /COPY data \/data +cached/);
  writeFileSync(`${context}/data`, 'two\n');
  const sources =
    /COPY data \/data\n {2}│ miss: other than the last time: sources\n {2}│ sources:\n {2}│ {3}data changed/;
  assert.match(await built(file('a'), ['--why']), sources);
  const args = await built(file('a'), ['--why', '--build-arg', 'V=2']);
  assert.match(args, /arguments:\n {2}│ {3}- V=1\n {2}│ {3}\+ V=2/);
  assert.match(await built(file('a'), ['--why', '--no-cache']), /miss: the cache is not asked \(--no-cache\)/);
});

test('what a RUN sees by other ways than its words is in the key too', needsRoot, async () => {
  const made = async (dockerfile: string, flags: readonly string[] = []): Promise<string> => {
    await built(dockerfile, ['-t', 'seen', ...flags]);
    return await runs('seen', 'cat', '/made');
  };
  const proxy = 'FROM busybox\nARG HTTP_PROXY\nRUN echo "$HTTP_PROXY" > /made\n';
  assert.equal(await made(proxy, ['--build-arg', 'HTTP_PROXY=http://one']), 'http://one');
  assert.equal(await made(proxy, ['--build-arg', 'HTTP_PROXY=http://two']), 'http://two');
  const hosts = 'FROM busybox\nRUN grep one /etc/hosts | tr "\\t" " " > /made\n';
  assert.equal(await made(hosts, ['--add-host', 'one:192.0.2.1']), '192.0.2.1 one');
  assert.equal(await made(hosts, ['--add-host', 'one:192.0.2.2']), '192.0.2.2 one');
  const cache = (content: string) => `FROM busybox AS seed
RUN mkdir /d && echo ${content} > /d/f
FROM busybox
RUN --mount=type=cache,from=seed,source=/d,target=/c cp /c/f /made
`;
  assert.equal(await made(cache('one')), 'one');
  assert.equal(await made(cache('two')), 'two');
});

test('builds of the same Dockerfile at once end alike', needsRoot, async () => {
  // They have the cache together: a name that all of them write to would be empty now and then.
  const dockerfile = `FROM busybox AS a
RUN --mount=type=cache,target=/c,id=twins f=$(mktemp /c/XXXXXX) && echo made > $f && cp $f /made
FROM busybox AS b
RUN --mount=type=cache,target=/c,id=twins f=$(mktemp /c/XXXXXX) && echo made > $f && cp $f /made
FROM scratch
COPY --from=a /made /a
COPY --from=b /made /b
`;
  const epoch = { SOURCE_DATE_EPOCH: '1000000000' };
  const both = await Promise.all([1, 2, 3, 4].map((n) => build(dockerfile, ['-q', '-t', `twin${n}`], epoch)));
  assert.deepEqual(new Set(both.map(({ status, stderr }) => `${status} ${stderr}`)), new Set(['0 ']));
  assert.equal(new Set(both.map(({ stdout }) => stdout)).size, 1);
});

test('times of sources, and labels before a RUN, are no reason to build again', needsRoot, async () => {
  writeFileSync(`${context}/data`, 'same\n');
  const file = (label: string) => `FROM busybox\nLABEL l=${label}\nCOPY data /data\nRUN cat /data > /copy\n`;
  await built(file('a'));
  utimesSync(`${context}/data`, 1, 1);
  const again = await built(file('b'));
  assert.match(again, /LABEL l=b\n/);
  assert.match(again, /COPY data \/data +cached/);
  assert.match(again, /RUN cat \/data > \/copy +cached/);
});

test('a secret reaches its RUN and nothing else', needsRoot, async () => {
  const secret = 'hush-4f1c9a';
  writeFileSync(`${context}/../tlab-secret-test`, secret);
  const dockerfile = `FROM busybox
RUN --mount=type=secret,id=pw --mount=type=secret,id=token,env=TOKEN \\
    test "$(cat /run/secrets/pw)" = ${secret} && test "$TOKEN" = ${secret}-2 && echo seen > /seen
`.replaceAll(secret, '$(printf hush; printf -- -4f1c9a)');
  await built(
    dockerfile,
    ['-t', 'secret', '--secret', `id=pw,src=${context}/../tlab-secret-test`, '--secret', 'id=token,env=TOKEN'],
    {
      TOKEN: `${secret}-2`,
    },
  );
  rmSync(`${context}/../tlab-secret-test`);
  assert.equal(await runs('secret', 'sh', '-c', 'cat /seen; ls /run'), 'seen');
  const found = await run('grep', ['-rlF', secret, `${engine.root}/data`, `${engine.root}/run`, '--exclude-dir=task']);
  assert.equal(found.stdout, '');
});

test('an error shows the lines of the Dockerfile, and the status is that of the command', needsRoot, async () => {
  const failed = await build('FROM busybox\nENV A=1\nRUN echo out && \\\n    exit 3\nCMD x\n');
  assert.equal(failed.status, 3);
  assert.match(failed.stderr, / {2}│ out\n(.*\n)*> 3 \| RUN echo out && \\\n> 4 \| {5}exit 3\n {2}5 \| CMD x\n/);
  assert.match(failed.stderr, /returned a non-zero code: 3/);
  const wrong = await build('FROM busybox\nEXPOSE http\n');
  assert.match(wrong.stderr, /> 2 \| EXPOSE http\n(.*\n)*error: invalid containerPort: http/);
  assert.equal(wrong.status, 1);
});

test('triggers of ONBUILD run in the child and are not handed on', needsRoot, async () => {
  writeFileSync(`${context}/data`, 'of the child\n');
  await built('FROM busybox\nONBUILD COPY data /data\nONBUILD RUN cat /data > /copy\n', ['-t', 'parent']);
  await built('FROM parent\n', ['-t', 'child']);
  assert.equal(await runs('child', 'cat', '/copy'), 'of the child');
  assert.deepEqual((await inspect('child')).Config, { ...((await inspect('child')).Config as object), OnBuild: null });
});

test(
  'what a RUN makes to mount on is not in the image, and a RUN that changes nothing makes no layer',
  needsRoot,
  async () => {
    await built(
      'FROM busybox\nRUN --mount=type=tmpfs,target=/deep/er/tmp --mount=type=cache,target=/var/cache/x true\nRUN true\n',
      ['-t', 'nothing'],
    );
    const layers = async (name: string) => ((await inspect(name)).RootFS as { Layers: string[] }).Layers;
    assert.deepEqual(await layers('nothing'), await layers('busybox'));
  },
);

test('the same inputs and SOURCE_DATE_EPOCH give the same digests', needsRoot, async () => {
  mkdirSync(`${context}/src`, { recursive: true });
  writeFileSync(`${context}/src/a`, 'a\n');
  const dockerfile =
    'FROM busybox\nWORKDIR /w\nCOPY src /src\nCOPY --link src /linked\nRUN mkdir /made && date > /dev/null && echo x > /made/x\nCMD ["x"]\n';
  const epoch = { SOURCE_DATE_EPOCH: '1700000000' };
  const flags = ['--no-cache', '-q'];
  const first = await build(dockerfile, flags, epoch);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  utimesSync(`${context}/src/a`, new Date(), new Date());
  const second = await build(dockerfile, [...flags, '-t', 'epoch'], epoch);
  assert.equal(first.status, 0, first.stderr);
  assert.equal(second.stdout, first.stdout);
  assert.equal((await inspect('epoch')).Created, '2023-11-14T22:13:20Z');
  assert.equal(await runs('epoch', 'stat', '-c', '%Y', '/made/x'), '1700000000');
});

test('the build cache is listed, pruned, and what images need stays', needsRoot, async () => {
  await built('FROM busybox\nRUN echo kept > /kept\n', ['-t', 'kept']);
  await engine.must('builder', 'prune', '--force');
  assert.equal(await runs('kept', 'cat', '/kept'), 'kept');
  assert.match(await built('FROM busybox\nRUN echo kept > /kept\n'), /RUN echo kept > \/kept +cached/);
  await engine.must('builder', 'prune', '--force', '--all');
  assert.deepEqual(readdirSync(`${engine.root}/data/build/cache`), []);
  assert.equal(await runs('kept', 'cat', '/kept'), 'kept');
  assert.doesNotMatch(await built('FROM busybox\nRUN echo kept > /kept\n'), /cached/);
});

test('the output may be a folder, a tar or an OCI archive', needsRoot, async () => {
  const dockerfile = 'FROM busybox AS b\nRUN echo file > /made\nFROM scratch\nCOPY --from=b /made /out/made\n';
  await engine.must('pull', 'busybox');
  const images = await engine.must('images', '-q', '--no-trunc');
  await built(dockerfile, ['--output', `${context}/out`]);
  assert.equal(readFileSync(`${context}/out/out/made`, 'utf8'), 'file\n');
  await built(dockerfile, ['--output', `type=tar,dest=${context}/out.tar`]);
  assert.match((await run('tar', ['-tf', `${context}/out.tar`])).stdout, /^out\/made$/m);
  await built(dockerfile, ['--output', `type=oci,dest=${context}/out.oci`]);
  const inspected = await run('skopeo', ['inspect', '--config', `oci-archive:${context}/out.oci`]);
  assert.match(inspected.stdout, /"created_by": ?"COPY --from=b \/made \/out\/made"/, inspected.stderr);
  assert.equal(await engine.must('images', '-q', '--no-trunc'), images);
  rmSync(`${context}/out.oci`);
  rmSync(`${context}/out`, { recursive: true });
  rmSync(`${context}/out.tar`);
});

test('a traced build tells its steps, keys and layers', needsRoot, async () => {
  writeFileSync(`${context}/Dockerfile`, 'FROM busybox\nARG PASSWORD\nRUN echo traced > /traced\n');
  const ran = await engine.tlab([
    'trace',
    'build',
    '--no-cache',
    '--no-syscalls',
    '--build-arg',
    'PASSWORD=hidden',
    context,
  ]);
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(ran.stderr, /looks 2 steps up in the build cache: 0 are there/);
  assert.match(ran.stderr, /makes 1 layer of what the steps changed/);
  const shown = await engine.must('trace', 'show', '--filter', 'type=daemon.build-*');
  assert.match(shown, /step 3: RUN echo traced > \/traced/);
  assert.match(shown, /step 3: to be done/);
  const traces = await run('grep', ['-rlE', 'PASSWORD[^,]{1,12}hidden', `${engine.root}/data/traces`]);
  assert.equal(traces.stdout, '');
});

test('nothing of any build is left on the host', needsRoot, () => {
  assert.deepEqual(readdirSync(`${engine.root}/run/build`), ['mounts']);
  assert.deepEqual(readdirSync(`${engine.root}/run/build/mounts`), []);
  assert.deepEqual(readdirSync(`${engine.root}/data/build/contexts`), []);
  assert.ok(
    !existsSync(`${engine.root}/data/build/made`) || readdirSync(`${engine.root}/data/build/made`).length === 0,
  );
  assert.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes(`${engine.root}/run/build`));
  assert.equal(statSync('/dev/null').rdev, 259);
});
