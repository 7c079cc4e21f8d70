// Where mounts of a container land, when an image or a volume that another container shares puts links in their way, and exchanges
// them at the wrong moment: always beneath the container's root, never on the host, never on a mount that has other rules.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { control } from '../../src/engine/control.ts';
import type { RuntimeConfig } from '../helpers/bundle.ts';
import { root } from '../helpers/root.ts';
import { RuntimePlace, type TestContainer } from '../helpers/runtime.ts';
import { addMounts, bindOf, startRacer } from '../helpers/shared-volume.ts';
import { run } from '../helpers/shell.ts';

const place = new RuntimePlace();
after(() => place.remove());

const folder = (name: string): string => {
  mkdirSync(`${place.folder}/${name}`, { recursive: true });
  return `${place.folder}/${name}`;
};

interface Made {
  /** [what is mounted, its root on the host's file system; mount point; options] of each mount. */
  mounts: Array<{ root: string; point: string; options: string[] }>;
  error: string;
}

/** Creates the container, looks at its mounts, and removes it, `times` over. */
async function makeAgain(container: TestContainer, times: number): Promise<Made[]> {
  const made: Made[] = [];
  for (let n = 0; n < times; n++) {
    const { status, stderr } = await place.create(container, '--pid-file', `${container.bundle}/pid`);
    const pid = status === 0 ? readFileSync(`${container.bundle}/pid`, 'utf8') : '';
    const table = pid === '' ? '' : readFileSync(`/proc/${pid}/mountinfo`, 'utf8').trim();
    const mounts = table.split('\n').filter(Boolean);
    made.push({
      error: stderr,
      mounts: mounts.map((line) => {
        const [, , , from = '', point = '', options = ''] = line.split(' ');
        return { root: from, point, options: options.split(',') };
      }),
    });
    if (status === 0) await place.runc(['delete', '--force', container.id]);
  }
  return made;
}

test('a read-only bind stays read-only, and no other mount changes, while its path is exchanged', root(), async () => {
  const volume = folder('vol-flags');
  const racer = await startRacer(place, volume, '../other');
  const victim = await place.bundle(['sleep', '10'], {
    edit: (config) =>
      addMounts(
        config,
        bindOf(volume, '/vol'),
        {
          destination: '/other/data',
          type: 'tmpfs',
          source: 'tmpfs',
          options: ['nosuid', 'nodev', 'noexec', 'size=4k'],
        },
        bindOf(folder('secret'), '/vol/real/data', 'ro'),
      ),
  });
  const made = await makeAgain(victim, 60);
  await racer.stop();
  const points = new Set<string>();
  // A folder that is on the other side of the exchange when it is opened ends a creation, which is refused whole.
  for (const { error } of made) if (error !== '') assert.match(error, /making directory "\/vol\/real\/data": .*ENOENT/);
  for (const { mounts } of made.filter(({ error }) => error === '')) {
    const secret = mounts.find((mount) => mount.root.endsWith('/secret'));
    assert.ok(secret);
    assert.ok(secret.options.includes('ro'), JSON.stringify(secret));
    points.add(secret.point);
    const other = mounts.find(({ root: from, point }) => from === '/' && point === '/other/data');
    for (const option of ['nosuid', 'nodev', 'noexec']) assert.ok(other?.options.includes(option), option);
  }
  assert.ok(points.size > 1, 'the racer has moved the mount at least once');
});

/** A container whose volume is exchanged right before the second operation on one of its mounts: the options and root of each mount. */
async function exchangedBeforeSecond(name: string, mount: { type: string; options: string[] }) {
  const volume = folder(`vol-${name}`);
  const container = await place.bundle(['cat', '/proc/self/mountinfo'], {
    edit: (config) =>
      addMounts(
        config,
        bindOf(volume, '/vol'),
        { destination: '/other/data', type: 'tmpfs', source: 'other', options: ['rw', 'private', 'size=8k'] },
        { destination: '/vol/real/data', source: 'victim', ...mount },
      ),
  });
  const cause = `/mounts/${JSON.parse(readFileSync(`${container.bundle}/config.json`, 'utf8')).mounts.length - 1}`;
  let operations = 0;
  const controller = await control(`${place.folder}/control-${name}`, (question) => {
    if (question.cause === cause && ++operations === 2) {
      renameSync(`${volume}/real`, `${volume}/was`);
      symlinkSync('/other', `${volume}/real`);
    }
    return 'go';
  });
  const env = { TLAB_CONTROL: controller.path };
  const ran = await place.runc(['run', '--bundle', container.bundle, container.id], { bundle: container.bundle, env });
  await controller.close();
  assert.equal(ran.status, 0, ran.stderr);
  assert.ok(operations >= 2, 'the mount has a second operation');
  const lineOf = (source: string): string[] =>
    ran.stdout
      .split('\n')
      .filter((line) => line.includes(` ${source} `))
      .flatMap((line) => [line.split(' ')[5] ?? '', line.split(' ')[6] ?? '']);
  return { victim: lineOf('victim'), other: lineOf('other') };
}

test(
  'what a file system gets after it is mounted falls on no other mount, however its path is exchanged',
  root(),
  async () => {
    const late = await exchangedBeforeSecond('late', { type: 'tmpfs', options: ['ro', 'nosuid', 'size=4k'] });
    assert.deepEqual(late, { victim: ['ro,nosuid,relatime', '-'], other: ['rw,relatime', '-'] });
    const twice = await exchangedBeforeSecond('twice', { type: 'tmpfs', options: ['slave', 'shared', 'size=4k'] });
    assert.match(twice.victim[1] ?? '', /^shared:/);
    assert.deepEqual(twice.other, ['rw,relatime', '-']);
  },
);

/** Everything that a runtime makes in a container, below a folder that is being exchanged. */
const makesAllKinds = (volume: string, source: string) => (config: RuntimeConfig) => {
  addMounts(
    config,
    bindOf(volume, '/vol'),
    { destination: '/vol/real/tmpfs', type: 'tmpfs', source: 'tmpfs', options: ['size=4k'] },
    bindOf(`${source}/file`, '/vol/real/deep/file', 'ro'),
    bindOf(source, '/vol/real/folder'),
    { destination: '/vol/real/proc', type: 'proc', source: 'proc', options: [] },
  );
  config.linux.devices = [{ path: '/vol/real/null', type: 'c', major: 1, minor: 3, fileMode: 0o666 }];
  config.process.cwd = '/vol/real/work';
};

test(
  'nothing is made or mounted on the host while a folder is exchanged with a link to it (CVE-2021-30465)',
  root(),
  async () => {
    const [volume, victim, source] = [folder('vol-host'), folder('victim'), folder('source')];
    writeFileSync(`${source}/file`, 'from the source\n');
    const racer = await startRacer(place, volume, victim);
    const container = await place.bundle(['sleep', '10'], { edit: makesAllKinds(volume, source) });
    const made = await makeAgain(container, 60);
    const hasSucceeded = (): boolean => made.some(({ error }) => error === '');
    for (let more = 0; more < 9 && !hasSucceeded(); more++) made.push(...(await makeAgain(container, 60)));
    await racer.stop();
    assert.deepEqual(readdirSync(victim), [], 'CVE-2024-45310: not even empty files and folders');
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
    // Those of other tests come and go.
    assert.deepEqual(
      mounts.filter((line) => line.includes(place.folder)),
      [],
    );
    // A name that goes away, or a link where procfs should go, may end a creation, on a busy machine nearly every one; the others succeed.
    assert.ok(hasSucceeded());
  },
);

test('a runtime that looks first and then uses the path makes its folders on the host', root(), async () => {
  const [volume, victim] = [folder('vol-naive'), folder('naive-victim')];
  const racer = await startRacer(place, volume, victim);
  const look = `[ -d ${volume}/real ] && ! [ -L ${volume}/real ]`;
  const naive = `n=0; while [ -z "$(ls ${victim})" ]; do n=$((n + 1)); ${look} && mkdir ${volume}/real/$n; done 2>/dev/null`;
  await run('timeout', ['15', 'sh', '-c', naive]);
  await racer.stop();
  assert.notDeepEqual(readdirSync(victim), []);
});

test(
  'procfs and sysfs go on real folders only: not through links (CVE-2019-19921, CVE-2023-28642)',
  root(),
  async () => {
    for (const path of ['/proc', '/sys']) {
      const container = await place.bundle(['true'], {
        prepare: (rootfs) => {
          rmSync(rootfs + path, { recursive: true });
          mkdirSync(`${rootfs}/elsewhere`);
          symlinkSync('/elsewhere', rootfs + path);
        },
      });
      assert.match((await place.create(container)).stderr, /it must be a real directory: openat2\(2\): ELOOP/);
    }
  },
);

test(
  'a volume cannot stand for /proc, nor lie on what security decisions read there (CVE-2019-16884)',
  root(),
  async () => {
    const fake = folder('fake-proc');
    mkdirSync(`${fake}/self/attr`, { recursive: true });
    const refusal = async (edit: (config: RuntimeConfig) => void, link?: string): Promise<string> => {
      const container = await place.bundle(['true'], {
        edit,
        prepare: (rootfs) => link !== undefined && symlinkSync(link, `${rootfs}/link`),
      });
      return (await place.create(container)).stderr;
    };
    const bind = (destination: string) => (config: RuntimeConfig) => addMounts(config, bindOf(fake, destination));
    assert.match(await refusal(bind('/proc')), /on "\/proc": it is not a procfs/);
    for (const destination of ['/link', '/link/attr', '/link/sys'])
      assert.match(await refusal(bind(destination), '/proc/self'), /leads into procfs|ENOENT|ENOTDIR|EPERM|EACCES/);
    const tmpfs = { destination: '/link', type: 'tmpfs', source: 'tmpfs', options: [] };
    assert.match(await refusal((config) => addMounts(config, tmpfs), '/proc/sys'), /the path leads into procfs/);
  },
);

test('the host’s procfs itself may be bound on /proc by who writes config.json', root(), async () => {
  const container = await place.bundle(['cat', '/proc/1/comm'], {
    edit: (config) => {
      config.mounts = (config.mounts as { destination: string }[]).filter(({ destination }) => destination !== '/proc');
      addMounts(config, bindOf('/proc', '/proc', 'ro'));
    },
  });
  assert.equal((await place.run(container)).stdout, readFileSync('/proc/1/comm', 'utf8'));
});
