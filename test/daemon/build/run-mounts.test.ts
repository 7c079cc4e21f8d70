// RUN --mount: the flag as data, and the mounts made for a container, with everything taken back. Mounting needs root.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { binaries } from '../../helpers/binaries.ts';
import { root } from '../../helpers/root.ts';

const base = mkdtempSync('/var/tmp/tlab-run-mounts-');
process.env.TLAB_RUN_ROOT = `${base}/run`;
process.env.TLAB_DATA_ROOT = `${base}/data`;
const { runMountsOf } = await import('../../../src/daemon/build/copy/run-mounts.ts');
const { mountsKey } = await import('../../../src/daemon/build/steps/mounts.ts');
const { RunMounts } = await import('../../../src/daemon/build/copy/prepare.ts');
const { parseDockerfile } = await import('../../../src/dockerfile/parse.ts');
const { realMounts } = await import('../../../src/kernel/real/mounts.ts');

after(() => {
  assert.equal(readFileSync('/proc/self/mountinfo', 'utf8').includes(base), false, 'nothing is mounted any more');
  rmSync(base, { recursive: true, force: true });
});

const variables: Record<string, string> = { SRC: 'sub', NAME: 'npm' };

function parse(flag: string) {
  const [stage] = parseDockerfile(`FROM x\nRUN --mount=${flag} true\n`).stages;
  const [run] = stage?.instructions ?? [];
  if (run === undefined) throw new Error('no RUN');
  const [mount] = runMountsOf(run, { lookup: (name) => variables[name] }, '/work');
  if (mount === undefined) throw new Error('no mount');
  return mount;
}

test(
  'the key of a bind mount is of the source that is mounted, though its name looks like a pattern',
  root(),
  async () => {
    const { context } = lab();
    for (const name of ['[ab]*', 'a', 'q?']) mkdirSync(`${context}/${name}`);
    const solver = { session: { binaryFolder: binaries }, ignored: () => false };
    const keyOf = (source: string): Promise<string> =>
      mountsKey({ solver } as never, [parse(`type=bind,source=${source},target=/in`)], async () => context);
    for (const name of ['[ab]*', 'q?']) {
      const before = await keyOf(name);
      writeFileSync(`${context}/a/${Math.random()}`, '');
      assert.equal(await keyOf(name), before);
      writeFileSync(`${context}/${name}/new`, '');
      assert.notEqual(await keyOf(name), before, name);
    }
  },
);

test('defaults are those of the Dockerfile reference', () => {
  const identity = { uid: 0, gid: 0 };
  assert.deepEqual(parse('target=/x'), { type: 'bind', target: '/x', from: undefined, source: '', isWritable: false });
  assert.deepEqual(parse('type=bind,src=$SRC,dst=x/../y,from=one,rw'), {
    type: 'bind',
    target: '/work/y',
    from: 'one',
    source: 'sub',
    isWritable: true,
  });
  assert.deepEqual(parse('type=cache,target=/c'), {
    type: 'cache',
    target: '/c',
    id: '/c',
    sharing: 'shared',
    from: undefined,
    source: '',
    isReadOnly: false,
    mode: 0o755,
    ...identity,
  });
  assert.deepEqual(parse('type=secret,id=a/key'), {
    type: 'secret',
    id: 'a/key',
    target: '/run/secrets/key',
    env: undefined,
    isRequired: false,
    mode: 0o400,
    ...identity,
  });
  assert.equal(parse('type=secret,id=a,env=A').type, 'secret');
  assert.equal((parse('type=secret,id=a,env=A') as { target?: string }).target, undefined);
  assert.deepEqual(parse('type=tmpfs,target=/t,size=2m'), { type: 'tmpfs', target: '/t', sizeBytes: 2 * 1024 ** 2 });
  assert.equal((parse('type=cache,"target=/a,b",id=$NAME') as { target?: string }).target, '/a,b');
});

const refused: Array<[string, RegExp]> = [
  ['type=ssh', /ssh agents are not forwarded/],
  ['type=nfs,target=/x', /unsupported mount type "nfs"/],
  ['type=cache', /expected target=PATH/],
  ['type=bind,target=/', /expected a path below the root/],
  ['type=cache,target=/c,sharing=some', /unsupported sharing value "some"/],
  ['type=tmpfs,target=/t,id=3', /unexpected key 'id'/],
  ['type=secret', /expected id=NAME/],
  ['type=secret,id=a,mode=rw', /invalid value rw for mode/],
  ['target', /invalid field 'target', expected key=value/],
  ['type=bind,target=/x,ro=maybe', /invalid value for ro: maybe/],
  ['type=tmpfs,target=/t,size=much', /size=much: expected bytes/],
];
for (const [flag, message] of refused)
  test(`--mount=${flag} is refused`, () => assert.throws(() => parse(flag), message));

function lab() {
  const folder = mkdtempSync(`${base}/lab-`);
  const [rootfs, context] = [`${folder}/rootfs`, `${folder}/context`];
  for (const path of [`${rootfs}/etc`, `${context}/sub`]) mkdirSync(path, { recursive: true });
  writeFileSync(`${context}/sub/file`, 'from the context');
  symlinkSync('/etc', `${context}/out`);
  const sources = {
    binaryFolder: binaries,
    rootfs,
    treeOf: async () => context,
    secretOf: (id: string) => (id === 'token' ? Buffer.from('s3cret') : undefined),
  };
  return { folder, rootfs, context, sources, mounts: new RunMounts(realMounts) };
}

test('a bind mount shows the source read-only, and a writable one forgets what is written', root(), async () => {
  const { sources, mounts, context } = lab();
  const read = await mounts.prepare([parse('type=bind,source=sub,target=/in')], sources);
  const [spec] = read.mounts;
  assert.deepEqual([spec?.destination, spec?.options?.includes('ro')], ['/in', true]);
  assert.equal(readFileSync(`${spec?.source}/file`, 'utf8'), 'from the context');
  assert.throws(() => writeFileSync(`${spec?.source}/new`, ''), /EROFS/);
  await read.undo();
  const write = await mounts.prepare([parse('type=bind,source=sub,target=/in,rw')], sources);
  const merged = write.mounts[0]?.source ?? '';
  writeFileSync(`${merged}/file`, 'changed');
  writeFileSync(`${merged}/new`, '');
  await write.undo();
  await write.undo();
  assert.deepEqual(readdirSync(`${context}/sub`), ['file']);
  assert.equal(readFileSync(`${context}/sub/file`, 'utf8'), 'from the context');
  assert.deepEqual(readdirSync(`${base}/data/build/made`), []);
});

test('a source that leads out of its tree by a symlink is looked up inside of it', root(), async () => {
  const { sources, mounts } = lab();
  await assert.rejects(
    mounts.prepare([parse('type=bind,source=out/passwd,target=/in')], sources),
    /no such file or directory/,
  );
  await assert.rejects(
    mounts.prepare([parse('type=bind,source=../../../../etc/passwd,target=/in')], sources),
    /no such file/,
  );
  assert.deepEqual(readdirSync(`${base}/run/build/mounts`), []);
});

test('a secret is on a file system in memory, read-only, and gone afterwards', root(), async () => {
  const { sources, mounts, folder } = lab();
  const prepared = await mounts.prepare(
    [parse('type=secret,id=token,uid=7,mode=0440'), parse('type=secret,id=token,env=TOKEN')],
    sources,
  );
  const [spec, more] = prepared.mounts;
  assert.equal(more, undefined);
  assert.deepEqual(prepared.env, ['TOKEN=s3cret']);
  const file = spec?.source ?? '';
  const { mode, uid } = statSync(file);
  assert.deepEqual([readFileSync(file, 'utf8'), (mode & 0o777).toString(8), uid], ['s3cret', '440', 7]);
  assert.match(execFileSync('stat', ['-f', '-c', '%T', file], { encoding: 'utf8' }), /tmpfs/);
  assert.ok(spec?.options?.includes('ro'));
  await prepared.undo();
  assert.equal(existsSync(file), false);
  const left = execFileSync('sh', ['-c', `grep -rl s3cret ${folder} ${base}/data ${base}/run || true`], {
    encoding: 'utf8',
  });
  assert.equal(left, '');
});

test('a secret that is not given is no mount, unless it is required', root(), async () => {
  const { sources, mounts } = lab();
  assert.deepEqual((await mounts.prepare([parse('type=secret,id=none')], sources)).mounts, []);
  for (const flag of ['type=secret,id=none,required', 'type=secret,id=none,env=X,required=true'])
    await assert.rejects(mounts.prepare([parse(flag)], sources), /secret none: not found/);
});

test('a cache keeps what was written, by its id, with owner and mode of its first use', root(), async () => {
  const { sources, mounts } = lab();
  const first = await mounts.prepare([parse('type=cache,target=/c,id=keep,uid=5,gid=6,mode=0700')], sources);
  const folder = first.mounts[0]?.source ?? '';
  assert.deepEqual(
    [statSync(folder).uid, statSync(folder).gid, (statSync(folder).mode & 0o777).toString(8)],
    [5, 6, '700'],
  );
  writeFileSync(`${folder}/kept`, '');
  await first.undo();
  const second = await mounts.prepare([parse('type=cache,target=/other,id=keep')], sources);
  assert.deepEqual(readdirSync(second.mounts[0]?.source ?? ''), ['kept']);
  await second.undo();
  const filled = await mounts.prepare([parse('type=cache,target=/f,from=one,source=sub')], sources);
  assert.equal(readFileSync(`${filled.mounts[0]?.source}/file`, 'utf8'), 'from the context');
  assert.deepEqual(
    (await mounts.caches.prune()).map(({ id }) => id),
    ['keep'],
  );
  await filled.undo();
});

test('locked caches wait, private ones get another directory, shared ones are the same', root(), async () => {
  const { sources, mounts } = lab();
  const prepare = (flag: string) => mounts.prepare([parse(`type=cache,target=/c,id=${flag}`)], sources);
  const locked = await prepare('l,sharing=locked');
  let isSecondIn = false;
  const waiting = prepare('l,sharing=locked').then((second) => {
    isSecondIn = true;
    return second;
  });
  const other = await prepare('other');
  assert.equal(isSecondIn, false);
  await locked.undo();
  await (await waiting).undo();
  const [a, b] = [await prepare('p,sharing=private'), await prepare('p,sharing=private')];
  assert.notEqual(a.mounts[0]?.source, b.mounts[0]?.source);
  const again = await prepare('other');
  assert.equal(again.mounts[0]?.source, other.mounts[0]?.source);
  const stop = new AbortController();
  const held = await prepare('h,sharing=locked');
  const cancelled = mounts.prepare([parse('type=cache,target=/c,id=h,sharing=locked')], {
    ...sources,
    signal: stop.signal,
  });
  stop.abort();
  await assert.rejects(cancelled, /cancelled/);
  for (const one of [a, b, again, other, held]) await one.undo();
  await mounts.caches.prune();
});

test('those that want a new cache at once get the same one, and it is made once', root(), async () => {
  const { mounts } = lab();
  const request = { id: 'both', sharing: 'shared', from: undefined } as const;
  // What a killed daemon left takes a while to remove.
  const half = await mounts.caches.acquire(request);
  for (let n = 0; n < 500; n++) writeFileSync(`${half.folder}/${n}`, '');
  await half.release();
  const use = async (name: string) => {
    const cache = await mounts.caches.acquire(request);
    writeFileSync(`${cache.folder}/${name}`, '');
    await cache.filled();
    return cache;
  };
  const users = await Promise.all(['a', 'b', 'c', 'd'].map(use));
  assert.deepEqual(readdirSync(users[0]?.folder ?? ''), ['a', 'b', 'c', 'd']);
  const waited = await Promise.race([mounts.caches.acquire(request), delay(1000, 'shut', { ref: false })]);
  assert.ok(typeof waited !== 'string', 'another one need not wait until they have ended');
  for (const each of [...users, waited]) await each.release();
});

test('a cache that was not filled to its end is made anew', root(), async () => {
  const { sources, mounts } = lab();
  const cache = await mounts.caches.acquire({ id: 'half', sharing: 'shared', from: undefined });
  writeFileSync(`${cache.folder}/half`, '');
  await cache.release();
  const again = await mounts.prepare([parse('type=cache,target=/c,id=half')], sources);
  assert.deepEqual(readdirSync(again.mounts[0]?.source ?? ''), []);
  await again.undo();
});
