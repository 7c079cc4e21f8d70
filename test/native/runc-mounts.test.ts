// Mounts of config.json on the real kernel: mapped ids, copies, options. Needs root, runc (for its default config.json) and busybox-static.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { readCgroupLayout } from '../../src/runc/host/cgroups.ts';
import { root } from '../helpers/root.ts';
import { RuntimePlace } from '../helpers/runtime.ts';
import { must } from '../helpers/shell.ts';
import { addMount, map, volumeIn } from '../helpers/volumes.ts';

const place = new RuntimePlace();
after(() => place.remove());
if (root().skip === false) chmodSync(place.folder, 0o755);

const volume = (name: string): string => volumeIn(place.folder, name);

test(
  'a tmpfs that copies up begins with what it covers: contents, modes, owners, links and nodes',
  root(),
  async () => {
    const script = `cd /seed; stat -c "%n %a %u %g %F" . file set-id dir dir/deep link fifo; cat dir/deep link; readlink link; stat -c %Y file
    awk '$5 == "/seed" {print $6, $9}' /proc/self/mountinfo; echo x > new 2>&1`;
    const container = await place.bundle(['sh', '-c', script], {
      prepare: (rootfs) => {
        const seed = `${rootfs}/seed`;
        mkdirSync(`${seed}/dir`, { recursive: true });
        writeFileSync(`${seed}/file`, 'text\n');
        writeFileSync(`${seed}/set-id`, '');
        writeFileSync(`${seed}/dir/deep`, `${'deep '.repeat(5000)}\n`);
        symlinkSync('file', `${seed}/link`);
        spawnSync('mkfifo', [`${seed}/fifo`]);
        chownSync(`${seed}/set-id`, 3, 4);
        for (const [path, mode] of [
          ['', 0o710],
          ['/set-id', 0o4755],
          ['/dir', 0o700],
          ['/fifo', 0o622],
        ] as const)
          chmodSync(seed + path, mode);
        utimesSync(`${seed}/file`, 1e9, 1e9);
      },
      edit: (config) => {
        addMount(config, {
          destination: '/seed',
          type: 'tmpfs',
          source: 'tmpfs',
          options: ['tmpcopyup', 'ro', 'size=1m'],
        });
      },
    });
    const ran = await place.run(container);
    assert.deepEqual(ran.stdout.split('\n'), [
      '. 710 0 0 directory',
      'file 644 0 0 regular file',
      'set-id 4755 3 4 regular empty file',
      'dir 700 0 0 directory',
      'dir/deep 644 0 0 regular file',
      'link 777 0 0 symbolic link',
      'fifo 622 0 0 fifo',
      'deep '.repeat(5000),
      'text',
      'file',
      '1000000000',
      'ro,relatime tmpfs',
      '',
    ]);
    assert.match(ran.stderr, /can't create new: Read-only file system/);
  },
);

test('what does not fit into a tmpfs that copies up is an error that names the mount', root(), async () => {
  const container = await place.bundle(['true'], {
    prepare: (rootfs) => {
      mkdirSync(`${rootfs}/seed`);
      writeFileSync(`${rootfs}/seed/file`, Buffer.alloc(100_000));
    },
    edit: (config) => {
      addMount(config, { destination: '/seed', type: 'tmpfs', source: 'tmpfs', options: ['tmpcopyup', 'size=4k'] });
    },
  });
  assert.match(
    (await place.create(container)).stderr,
    /copying "\/seed" into its tmpfs: openat\(2\): ENOSPC .*\/mounts\/\d+\)/,
  );
});

test('nosymfollow holds for a bind and for a file system, remount changes a tmpfs that is there', root(), async () => {
  const source = volume('links');
  symlinkSync('of-0', `${source}/link`);
  const script = `cat /links/link /links/of-0; df -k /small | tail -n 1 | awk '{print $2}'; touch /small/x`;
  const container = await place.bundle(['sh', '-c', script], {
    edit: (config) => {
      addMount(config, { destination: '/links', type: 'bind', source, options: ['bind', 'nosymfollow'] });
      addMount(config, { destination: '/small', type: 'tmpfs', source: 'tmpfs', options: ['size=64k'] });
      addMount(config, {
        destination: '/small',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['remount', 'ro', 'size=128k'],
      });
    },
  });
  const ran = await place.run(container);
  assert.equal(ran.stdout, 'text\n128\n', ran.stderr);
  assert.match(ran.stderr, /can't open '\/links\/link': Symbolic link loop|Too many levels/);
  assert.match(ran.stderr, /\/small\/x: Read-only file system/);
});

test("in a user namespace beside the host's network sysfs is a bind of the host's", root(), async () => {
  const container = await place.bundle(
    ['sh', '-c', 'ls /sys/kernel | grep -cx mm; mkdir /sys/x; grep " / /sys " /proc/self/mountinfo'],
    {
      edit: (config) => {
        const namespaces = (config.linux.namespaces as { type: string }[]).filter(({ type }) => type !== 'network');
        Object.assign(config.linux, {
          namespaces: [...namespaces, { type: 'user' }],
          uidMappings: map,
          gidMappings: map,
        });
        const mounts = config.mounts as { destination: string }[];
        config.mounts = mounts.filter(({ destination }) => destination !== '/sys/fs/cgroup');
      },
    },
  );
  await must('chown', ['-R', '100000:100000', `${container.bundle}/rootfs`]);
  const ran = await place.run(container);
  assert.match(ran.stdout, /^1\n.* \/ \/sys ro,nosuid,nodev,noexec,relatime .*- sysfs /, ran.stderr);
});

test(
  'devices of every type are made; in a user namespace those that only the host may make are bound',
  root(),
  async () => {
    const devices = [
      { path: '/dev/own/zero', type: 'c', major: 1, minor: 5, fileMode: 0o640, uid: 3, gid: 4 },
      { path: '/dev/unbuffered', type: 'u', major: 1, minor: 3 },
      { path: '/dev/block', type: 'b', major: 7, minor: 99, fileMode: 0o600 },
      { path: '/dev/pipe', type: 'p', fileMode: 0o622, uid: 5 },
    ];
    const script = 'stat -c "%n %F %t:%T %a %u:%g" /dev/own/zero /dev/unbuffered /dev/block /dev/pipe';
    const made = await place.bundle(['sh', '-c', script], {
      edit: (config) => Object.assign(config.linux, { devices }),
    });
    const ran = await place.run(made);
    assert.deepEqual(ran.stdout.trim().split('\n'), [
      '/dev/own/zero character special file 1:5 640 3:4',
      '/dev/unbuffered character special file 1:3 666 0:0',
      '/dev/block block special file 7:63 600 0:0',
      '/dev/pipe fifo 0:0 622 5:0',
    ]);
    const bound = await place.bundle(
      ['sh', '-c', 'stat -c "%n %F %t:%T %a %u:%g" /dev/full /dev/pipe; head -c 3 /dev/full | wc -c'],
      {
        edit: (config) => {
          (config.linux.namespaces as unknown[]).push({ type: 'user' });
          Object.assign(config.linux, {
            uidMappings: map,
            gidMappings: map,
            devices: [{ path: '/dev/full', type: 'c', major: 1, minor: 7 }, devices[3]],
          });
          config.mounts = (config.mounts as { destination: string }[]).filter(
            ({ destination }) => destination !== '/sys/fs/cgroup',
          );
        },
      },
    );
    await must('chown', ['-R', '100000:100000', `${bound.bundle}/rootfs`]);
    const inUser = await place.run(bound);
    assert.equal(
      inUser.stdout,
      '/dev/full character special file 1:7 666 65534:65534\n/dev/pipe fifo 0:0 622 5:0\n3\n',
      inUser.stderr,
    );
  },
);

const { v1, v2 } = root().skip === false ? readCgroupLayout() : { v1: [], v2: undefined };
const hybridOnly = (): { skip: string | false } =>
  root().skip === false && (v1.length === 0 || v2 === undefined) ? { skip: 'needs version 1 hierarchies' } : root();

test(
  'beside version 1 a mount of type cgroup2 shows the cgroup of the container and nothing above it',
  hybridOnly(),
  async () => {
    for (const withNamespace of [false, true]) {
      const container = await place.bundle(['sh', '-c', 'cat /cg2/cgroup.procs; mkdir /cg2/below'], {
        edit: (config) => {
          const namespaces = (config.linux.namespaces as { type: string }[]).filter(({ type }) => type !== 'cgroup');
          config.linux.namespaces = withNamespace ? [...namespaces, { type: 'cgroup' }] : namespaces;
          addMount(config, { destination: '/cg2', type: 'cgroup2', source: 'cgroup2', options: ['ro'] });
        },
      });
      const ran = await place.run(container);
      assert.match(ran.stdout, /^1\n\d+\n$/, ran.stderr);
      assert.match(ran.stderr, /\/cg2\/below': Read-only file system/);
    }
  },
);

test(
  'a bind of a file on a directory, of a directory on a file and of nothing is an error that names both',
  root(),
  async () => {
    const file = '/etc/hostname';
    const cases: [source: string, destination: string, message: RegExp][] = [
      [file, '/bin', /mounting "\/etc\/hostname" on "\/bin": only one of them is a directory: move_mount\(2\): EISDIR/],
      [place.folder, '/file', /mounting ".*" on "\/file": only one of them is a directory: move_mount\(2\): ENOTDIR/],
      ['/no/such', '/x', /mounting "\/no\/such" on "\/x": open_tree\(2\): ENOENT/],
    ];
    for (const [source, destination, message] of cases) {
      const container = await place.bundle(['true'], {
        prepare: (rootfs) => writeFileSync(`${rootfs}/file`, ''),
        edit: (config) => addMount(config, { destination, type: 'bind', source, options: ['bind'] }),
      });
      assert.match((await place.create(container)).stderr, message);
    }
  },
);

test('an error with a path that is too long for it is cut between characters, and still says why', root(), async () => {
  for (const first of ['', 'a', 'ab']) {
    const source = `/${first}${`${'é'.repeat(100)}/`.repeat(12)}`;
    const container = await place.bundle(['true'], {
      edit: (config) => addMount(config, { destination: '/x', type: 'bind', source, options: ['bind'] }),
    });
    const { status, stderr } = await place.create(container);
    assert.equal(status, 1);
    assert.ok(!stderr.includes('\ufffd'), 'it is UTF-8');
    assert.match(
      stderr,
      /mounting "\/a?b?é.*é\/?…: open_tree\(2\): ENOENT no such file or directory \(config\.json \/mounts\/\d+\)/,
    );
  }
});

for (const withUser of [false, true]) {
  const title = `paths are hidden and read-only ${withUser ? 'in a user namespace ' : ''}whatever is beneath them: links, binds, files of each other`;
  test(title, root(), async () => {
    const source = volume(withUser ? 'hidden-user' : 'hidden');
    const script = `for path in /secret/file /linked /both /bind/of-0 /proc/keys; do wc -c < $path; done
      (ls -A /bind-hidden; ls -A /hidden-dir) | wc -l; for path in /ro/x /bind-ro/x /bind-ro/of-0 /ro/file /nested/deep/x; do echo x > $path; done
      echo free > /nested/x && cat /nested/x; umount /both; awk '$5 ~ /both|ro$/ {print $5, $6}' /proc/self/mountinfo`;
    const container = await place.bundle(['sh', '-c', script], {
      prepare: (rootfs) => {
        for (const folder of ['secret', 'hidden-dir/below', 'ro', 'nested/deep'])
          mkdirSync(`${rootfs}/${folder}`, { recursive: true });
        for (const file of ['secret/file', 'both', 'ro/file', 'real', 'hidden-dir/file'])
          writeFileSync(`${rootfs}/${file}`, 'content\n');
        symlinkSync('/real', `${rootfs}/linked`);
      },
      edit: (config) => {
        for (const name of ['bind', 'bind-ro', 'bind-hidden'])
          addMount(config, { destination: `/${name}`, type: 'bind', source, options: ['bind', 'nosuid', 'nodev'] });
        Object.assign(config.linux, {
          maskedPaths: [
            '/secret/file',
            '/linked',
            '/both',
            '/bind/of-0',
            '/bind-hidden',
            '/hidden-dir',
            '/proc/keys',
            '/not/there',
          ],
          readonlyPaths: ['/ro', '/bind-ro', '/both', '/nested/deep', '/hidden-dir/below', '/not/there', '/proc/sys'],
        });
        if (!withUser) return;
        (config.linux.namespaces as unknown[]).push({ type: 'user' });
        Object.assign(config.linux, { uidMappings: map, gidMappings: map });
        const mounts = config.mounts as { destination: string }[];
        config.mounts = mounts.filter(({ destination }) => destination !== '/sys/fs/cgroup');
      },
    });
    if (withUser) await must('chown', ['-R', '100000:100000', `${container.bundle}/rootfs`]);
    const ran = await place.run(container);
    const masked = ['0', '0', '0', '0', '0', '0', 'free'];
    assert.deepEqual(ran.stdout.trim().split('\n').slice(0, 7), masked, ran.stderr);
    assert.match(ran.stdout, /\/bind-ro ro,nosuid,nodev/);
    for (const path of ['/ro/x', '/bind-ro/x', '/bind-ro/of-0', '/ro/file', '/nested/deep/x'])
      assert.match(ran.stderr, new RegExp(`${path}: Read-only file system`));
    assert.match(
      ran.stderr,
      /umount: can't unmount \/both: (Operation not permitted|Permission denied|Invalid argument)/,
    );
  });
}
