// tlab-runc run by an ordinary user, beside the real runc run by the same one. Needs root to make that user, and the package uidmap.
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { after, before, test } from 'node:test';
import { binaries } from '../helpers/binaries.ts';
import { makeBusyboxRoot } from '../helpers/busybox.ts';
import { OrdinaryUser, subordinateIds } from '../helpers/ordinary-user.ts';
import { root } from '../helpers/root.ts';
import type { Ran } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

interface Config {
  process: {
    args: string[];
    terminal: boolean;
    oomScoreAdj?: number;
    user: { uid: number; gid: number; additionalGids?: number[] };
    [key: string]: unknown;
  };
  root: { path: string; readonly: boolean };
  mounts: { destination: string; options?: string[]; [key: string]: unknown }[];
  linux: {
    namespaces: { type: string }[];
    resources?: Record<string, unknown>;
    cgroupsPath?: string;
    uidMappings: Mapping[];
    gidMappings: Mapping[];
  };
  hooks?: Record<string, unknown>;
}
type Mapping = { containerID: number; hostID: number; size: number };

const tlab = `${binaries}/tlab-runc`;
let user: OrdinaryUser;
let count = 0;

before(async () => {
  if (process.getuid?.() === 0) user = await OrdinaryUser.make();
});
after(() => user?.remove());

/** A bundle of the user's, as `spec --rootless` writes it. */
async function bundleOf(args: string[], edit: (config: Config) => void = () => undefined) {
  const id = `c${++count}`;
  const bundle = `${user.folder}/${id}`;
  makeBusyboxRoot(`${bundle}/rootfs`);
  for (const path of [bundle, `${bundle}/rootfs`]) chownSync(path, user.uid, user.uid);
  await user.must(tlab, ['spec', '--rootless', '--bundle', bundle]);
  const config = JSON.parse(readFileSync(`${bundle}/config.json`, 'utf8')) as Config;
  config.process.terminal = false;
  config.process.args = args;
  edit(config);
  writeFileSync(`${bundle}/config.json`, JSON.stringify(config));
  return { id, bundle };
}

const runWith = (program: string, { id, bundle }: { id: string; bundle: string }, ...more: string[]): Promise<Ran> =>
  user.run(program, [...more, 'run', '--bundle', bundle, id]);

/** The map of a user who has ranges: their own id is root, the rest from /etc/subuid. */
function mapRanges(config: Config): void {
  const own = { containerID: 0, hostID: user.uid, size: 1 };
  const rest = { containerID: 1, hostID: subordinateIds, size: 65535 };
  config.linux.uidMappings = [own, rest];
  config.linux.gidMappings = [own, rest];
}

const shows =
  'id; cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups; ls -ln /dev /dev/pts; hostname; env; ulimit -n; pwd';

test('a bundle of spec --rootless runs as under runc: ids, maps, devices, mounts, capabilities', root(), async () => {
  const bundle = await bundleOf(['sh', '-c', `${shows}; grep Cap /proc/self/status; cat /proc/self/mountinfo`]);
  const [ours, theirs] = [await runWith(tlab, bundle), await runWith('runc', bundle)];
  assert.equal(theirs.status, 0, theirs.stderr);
  assert.equal(ours.status, 0, ours.stderr);
  assert.deepEqual(comparable(ours.stdout), comparable(theirs.stdout));
  assert.match(ours.stdout, new RegExp(`0 +${user.uid} +1\\n.*\\n?deny`));
});

/** Without times, mount ids and the options of empty masks, which ours make stricter. */
const comparable = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => (/ - [a-z0-9]+ /.test(line) ? mountOf(line) : line.replace(/[A-Z][a-z]{2} +\d+ +\d\d:\d\d /, '')));

function mountOf(line: string): string {
  const [mount = '', filesystem = ''] = line.split(' - ');
  const [, , , from, at, options] = mount.split(' ');
  const isMask = filesystem.startsWith('tmpfs') && from === '/' && options?.startsWith('ro');
  return isMask ? `mask ${at}` : `${from} ${at} ${options} ${filesystem}`;
}

test('create, state, start, exec, kill, list and delete work in the directory of XDG_RUNTIME_DIR', root(), async () => {
  const { id, bundle } = await bundleOf(['sh', '-c', 'trap "exit 3" TERM; while :; do sleep 0.1; done']);
  const call = (...args: string[]): Promise<string> => user.must(tlab, args);
  await user.must('sh', ['-c', `${tlab} create --bundle ${bundle} --pid-file ${bundle}/pid ${id} >/dev/null 2>&1`]);
  assert.equal(JSON.parse(await call('state', id)).status, 'created');
  assert.ok(readdirSync(`${user.runtimeDirectory}/tlab/runtime`).includes(id));
  await call('start', id);
  assert.match(await call('list'), new RegExp(`${id}.*running.*#${user.uid}`));
  assert.match(await call('exec', id, 'sh', '-c', 'id -u; cat /proc/self/uid_map; cat /proc/1/comm'), /^0\n.*\nsh\n$/);
  const refused = await user.run(tlab, ['exec', '--user', '7', id, 'true']);
  assert.match(
    refused.stderr,
    /process .*\/process\/user\/uid: "7": \/linux\/uidMappings does not map it|does not map it/,
  );
  await call('kill', id, 'TERM');
  await waitUntil(async () => JSON.parse(await call('state', id)).status === 'stopped', { what: 'the end' });
  await call('delete', id);
  assert.equal((await user.run(tlab, ['state', id])).status, 1);
  assert.deepEqual(readdirSync(`${user.runtimeDirectory}/tlab/runtime`), []);
});

test(
  'ranges of /etc/subuid are mapped by newuidmap: several users inside, none of them known outside',
  root(),
  async () => {
    const bundle = await bundleOf(
      ['sh', '-c', 'id; touch /tmp/root; su -s /bin/sh nobody -c "touch /tmp/nobody; id -u"; cat /proc/self/setgroups'],
      (config) => {
        mapRanges(config);
        config.root.readonly = false;
        const all = ['CAP_SETUID', 'CAP_SETGID', 'CAP_CHOWN', 'CAP_DAC_OVERRIDE'];
        config.process.capabilities = { bounding: all, effective: all, permitted: all };
      },
    );
    chmodSync(`${bundle.bundle}/rootfs/tmp`, 0o1777);
    writeFileSync(`${bundle.bundle}/rootfs/etc/passwd`, 'root:x:0:0::/:/bin/sh\nnobody:x:1000:1000::/:/bin/sh\n');
    const ran = await runWith(tlab, bundle);
    assert.equal(ran.status, 0, ran.stderr);
    assert.match(ran.stdout, /uid=0[^\n]*\n1000\nallow\n/);
    assert.equal(statSync(`${bundle.bundle}/rootfs/tmp/root`).uid, user.uid);
    assert.equal(statSync(`${bundle.bundle}/rootfs/tmp/nobody`).uid, subordinateIds + 999);
    const plan = await user.must(tlab, ['plan', 'show', '--bundle', bundle.bundle, '--id', bundle.id]);
    assert.match(plan, /id_map_helper.*newuidmap.*← \/linux\/uidMappings/);
  },
);

test('an exec of a container with ranges has its groups and user', root(), async () => {
  const { id, bundle } = await bundleOf(['sleep', '1000'], mapRanges);
  await user.must('sh', ['-c', `${tlab} run --detach --bundle ${bundle} ${id} >/dev/null 2>&1 </dev/null`]);
  try {
    const said = await user.must(tlab, ['exec', '--user', '1000:1001', '--additional-gids', '44', id, 'id']);
    assert.match(said, /uid=1000 gid=1001 groups=44/);
    const pid = JSON.parse(await user.must(tlab, ['state', id])).pid as number;
    assert.match(readFileSync(`/proc/${pid}/uid_map`, 'utf8'), new RegExp(`1 +${subordinateIds} +65535`));
  } finally {
    await user.run(tlab, ['delete', '--force', id]);
  }
});

test('ids outside the ranges are refused in the words of newuidmap, and nothing is left', root(), async () => {
  const bundle = await bundleOf(['true'], (config) => {
    config.linux.uidMappings = [{ containerID: 0, hostID: 0, size: 10 }];
  });
  const ran = await runWith(tlab, bundle);
  assert.equal(ran.status, 1);
  assert.match(
    ran.stderr,
    /newuidmap ended with 1: .*not allowed.*expected ranges that \/etc\/subuid.*\/linux\/uidMappings/,
  );
  assert.equal((await user.run(tlab, ['state', bundle.id])).status, 1);
});

test('what an ordinary user cannot have is refused by name', root(), async () => {
  const refusals: [RegExp, (config: Config) => void][] = [
    [
      /\/linux\/namespaces: uid \d+ needs a user namespace/,
      (config) => {
        config.linux.namespaces = config.linux.namespaces.filter(({ type }) => type !== 'user');
        config.linux.uidMappings = [];
        config.linux.gidMappings = [];
      },
    ],
    [
      /\/linux\/resources\/memory: uid \d+ may make no cgroup for it/,
      (config) => {
        config.linux.resources = { memory: { limit: 100_000_000 } };
      },
    ],
    [
      /\/linux\/cgroupsPath: "\/mine": this user may not make it/,
      (config) => {
        config.linux.cgroupsPath = '/mine';
      },
    ],
    [
      /\/process\/user\/additionalGids\/0: "44": \/linux\/gidMappings does not map it/,
      (config) => {
        config.process.user.additionalGids = [44];
      },
    ],
    [
      /\/process\/user\/additionalGids: expected none: setgroups is denied/,
      (config) => {
        config.process.user.additionalGids = [0];
      },
    ],
    [
      /\/mounts\/2\/options: "gid=5": \/linux\/gidMappings does not map it/,
      (config) => {
        config.mounts[2]?.options?.push('gid=5');
      },
    ],
    [
      /writing -500 to oom_score_adj: write\(2\): EACCES .*\/process\/oomScoreAdj/,
      (config) => {
        config.process.oomScoreAdj = -500;
      },
    ],
  ];
  for (const [words, edit] of refusals) {
    const ran = await runWith(tlab, await bundleOf(['true'], edit));
    assert.equal(ran.status, 1, String(words));
    assert.match(ran.stderr, words);
  }
  assert.deepEqual(readdirSync(`${user.runtimeDirectory}/tlab/runtime`), []);
});

test(
  'what takes a cgroup is refused by name where there is none; kill --all kills all with the first',
  root(),
  async () => {
    const { id, bundle } = await bundleOf(['sh', '-c', 'sleep 1000 & wait']);
    await user.must('sh', ['-c', `${tlab} run --detach --bundle ${bundle} ${id} >/dev/null 2>&1 </dev/null`]);
    try {
      for (const [words, ...args] of [
        ['has no cgroup, so its processes are not known', 'ps', id],
        ['has no cgroup, so nothing is measured', 'events', '--stats', id],
        ['has no freezer cgroup', 'pause', id],
        ['has no cgroup', 'update', '--pids-limit', '5', id],
        ['has no cgroup, so only its first process is known: leave --all out', 'kill', '--all', id, 'TERM'],
      ] as const) {
        const ran = await user.run(tlab, args);
        assert.equal(ran.status, 1, args.join(' '));
        assert.ok(ran.stderr.includes(words), ran.stderr);
      }
      await user.must(tlab, ['kill', '--all', id, 'KILL']);
      await waitUntil(async () => JSON.parse(await user.must(tlab, ['state', id])).status === 'stopped', {
        what: 'the end',
      });
    } finally {
      await user.run(tlab, ['delete', '--force', id]);
    }
  },
);

test('the OOM score can be raised, for the container and for an exec', root(), async () => {
  const { id, bundle } = await bundleOf(['sleep', '1000'], (config) => {
    config.process.oomScoreAdj = 700;
  });
  await user.must('sh', ['-c', `${tlab} run --detach --bundle ${bundle} ${id} >/dev/null 2>&1 </dev/null`]);
  try {
    assert.equal(
      await user.must(tlab, ['exec', id, 'cat', '/proc/1/oom_score_adj', '/proc/self/oom_score_adj']),
      '700\n700\n',
    );
  } finally {
    await user.run(tlab, ['delete', '--force', id]);
  }
});

test('a cgroup that is delegated to the user is used, with its limits', root(), async () => {
  const pids = '/sys/fs/cgroup/pids';
  const hierarchy = readdirSync('/sys/fs/cgroup').includes('pids') ? pids : '/sys/fs/cgroup';
  const delegated = `${hierarchy}/tlab-rootless-${process.pid}`;
  mkdirSync(delegated);
  chownSync(delegated, user.uid, user.uid);
  for (const file of ['cgroup.procs', 'tasks'])
    if (readdirSync(delegated).includes(file)) chownSync(`${delegated}/${file}`, user.uid, user.uid);
  try {
    const bundle = await bundleOf(['sh', '-c', 'cat /proc/self/cgroup'], (config) => {
      config.linux.cgroupsPath = `/tlab-rootless-${process.pid}/web`;
      if (hierarchy === pids) config.linux.resources = { pids: { limit: 20 } };
    });
    const ran = await runWith(tlab, bundle);
    assert.equal(ran.status, 0, ran.stderr);
    assert.match(ran.stdout, new RegExp(`/tlab-rootless-${process.pid}/web`));
    assert.ok(!readdirSync(delegated).includes('web'), 'its cgroup is gone');
  } finally {
    rmdirSync(delegated);
  }
});

test('hooks run as the user, and a terminal works', root(), async () => {
  const { id, bundle } = await bundleOf(['sh', '-c', 'tty; test -t 0 && echo terminal'], (config) => {
    config.process.terminal = true;
    const hook = { path: '/bin/sh', args: ['sh', '-c', `id -u >> ${user.folder}/hooks`] };
    config.hooks = { createRuntime: [hook], poststop: [hook] };
  });
  const ran = await user.run('script', ['-qec', `${tlab} run --bundle ${bundle} ${id}`, '/dev/null']);
  assert.equal(ran.status, 0, ran.stdout);
  assert.match(ran.stdout, /\/dev\/pts\/0\r?\n.*terminal/);
  assert.equal(readFileSync(`${user.folder}/hooks`, 'utf8'), `${user.uid}\n${user.uid}\n`);
});

test('a bundle that the user may only read runs: its plan is kept nowhere', root(), async () => {
  const { id, bundle } = await bundleOf(['echo', 'read']);
  chownSync(bundle, 0, 0);
  const ran = await user.run(tlab, ['run', '--bundle', bundle, id]);
  assert.equal(ran.stdout, 'read\n', ran.stderr);
  assert.ok(!readdirSync(bundle).includes('plans'));
});

test('where no user namespace may be made, the error says what to do', root(), async () => {
  const { id, bundle } = await bundleOf(['true']);
  // The limit is each namespace's own, so the host's is not touched.
  const script = `echo 0 > /proc/sys/user/max_user_namespaces; exec ${tlab} --root ${user.folder}/none run --bundle ${bundle} ${id}`;
  const ran = await user.run('unshare', ['--user', '--map-current-user', '--keep-caps', 'sh', '-c', script]);
  assert.equal(ran.status, 1);
  assert.match(ran.stderr, /clone3\(2\): ENOSPC .*sysctl -w user.max_user_namespaces=/);
});

test('root of a user namespace runs a container in it', root(), async () => {
  const { id, bundle } = await bundleOf(['cat', '/proc/self/uid_map'], (config) => {
    config.linux.uidMappings = [{ containerID: 0, hostID: 0, size: 1 }];
    config.linux.gidMappings = [{ containerID: 0, hostID: 0, size: 1 }];
  });
  const ran = await user.run('unshare', [
    '--user',
    '--map-root-user',
    tlab,
    '--root',
    `${user.folder}/n`,
    'run',
    '--bundle',
    bundle,
    id,
  ]);
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(ran.stdout, /0 +0 +1\n/);
});

test("another user may neither see nor signal the container, nor the user root's", root(), async () => {
  const { id, bundle } = await bundleOf(['sleep', '1000']);
  await user.must('sh', ['-c', `${tlab} run --detach --bundle ${bundle} ${id} >/dev/null 2>&1 </dev/null`]);
  try {
    const pid = JSON.parse(await user.must(tlab, ['state', id])).pid as number;
    assert.ok((await user.run('cat', ['/etc/shadow'])).status !== 0);
    assert.match(
      await user.must(tlab, ['exec', id, 'sh', '-c', 'cat /proc/1/root/etc/shadow 2>&1 || true']),
      /No such file/,
    );
    const own = readFileSync(`/proc/${pid}/status`, 'utf8');
    assert.match(own, new RegExp(`Uid:\\s+${user.uid}\\s+${user.uid}`));
  } finally {
    await user.run(tlab, ['delete', '--force', id]);
  }
});

test('--rootless takes auto, true and false', root(), async () => {
  const bundle = await bundleOf(['true']);
  assert.match(
    (await runWith(tlab, bundle, '--rootless', 'maybe')).stderr,
    /--rootless "maybe": expected auto, true or false/,
  );
  const forced = await runWith(tlab, bundle, '--rootless=false');
  assert.match(forced.stderr, /cgroup.*EACCES/);
  assert.equal((await runWith(tlab, bundle, '--rootless=true')).status, 0);
});

test('a time namespace has its clocks, and a tmpfs copies up what it covers', root(), async () => {
  const bundle = await bundleOf(
    ['sh', '-c', 'cut -d. -f1 /proc/uptime; ls /bin/sh; stat -c "%n %a %U" /bin/set'],
    (config) => {
      config.linux.namespaces.push({ type: 'time' });
      Object.assign(config.linux, { timeOffsets: { boottime: { secs: 864_000 } } });
      writeFileSync(`${user.folder}/c${count}/rootfs/bin/set`, '');
      chmodSync(`${user.folder}/c${count}/rootfs/bin/set`, 0o6755);
      config.mounts.push({ destination: '/bin', type: 'tmpfs', source: 'tmpfs', options: ['tmpcopyup'] });
    },
  );
  const ran = await runWith(tlab, bundle);
  const [uptime, shell, set] = ran.stdout.split('\n');
  const host = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
  assert.ok(Math.abs(Number(uptime) - host - 864_000) < 60, ran.stderr + ran.stdout);
  assert.equal(shell, '/bin/sh');
  assert.match(set ?? '', /^\/bin\/set 755 /, 'of root outside, so not with the rights of root inside');
});

test("another container's user, pid and ipc namespaces are joined by their paths", root(), async () => {
  const first = await bundleOf(['sleep', '1000']);
  await user.must('sh', [
    '-c',
    `${tlab} create --bundle ${first.bundle} --pid-file ${first.bundle}/pid ${first.id} >/dev/null 2>&1`,
  ]);
  await user.must(tlab, ['start', first.id]);
  const pid = readFileSync(`${first.bundle}/pid`, 'utf8').trim();
  const second = await bundleOf(
    ['sh', '-c', 'ps -o args | grep -c "[s]leep 1000"; for type in user ipc; do readlink /proc/self/ns/$type; done'],
    (config) => {
      config.linux.namespaces = [
        { type: 'mount' },
        { type: 'uts' },
        ...['user', 'pid', 'ipc'].map((type) => ({ type, path: `/proc/${pid}/ns/${type}` })),
      ];
      Object.assign(config.linux, { uidMappings: [], gidMappings: [] });
    },
  );
  const ran = await runWith(tlab, second);
  const links = ['user', 'ipc'].map((type) => readlinkSync(`/proc/${pid}/ns/${type}`));
  assert.deepEqual(ran.stdout.trim().split('\n'), ['1', ...links], ran.stderr);
  await user.must(tlab, ['delete', '--force', first.id]);
});
