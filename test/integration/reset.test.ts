// `tlab system reset` leaves nothing of the engine on the host, whatever was running and whoever was killed before it. Needs root.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { root } from '../helpers/root.ts';
import { waitUntil } from '../helpers/wait.ts';

const needsRoot = root();
let engine: TestEngine;

before(async () => {
  if (needsRoot.skip === false) engine = await startEngine();
});
after(async () => {
  if (needsRoot.skip === false) await engine.stop();
});

/** Ids of all containers that a test made: in other places than the engine's roots only the id tells what is left. */
const ids = new Set<string>();

async function populate(): Promise<void> {
  await engine.must('system', 'start');
  const made = [
    await engine.must('run', '-d', '--name', 'runs', '-p', '8080:80', '-v', 'kept:/kept', 'busybox', 'sleep', '1000'),
    await engine.must('run', '-d', '--name', 'paused', '--memory', '64m', 'busybox', 'sleep', '1000'),
    await engine.must('run', '-d', '--name', 'ended', '-v', '/anonymous', 'busybox', 'true'),
    await engine.must('create', '--name', 'created', '--network', 'none', 'busybox', 'true'),
    await engine.must('trace', 'run', '-d', '--name', 'restarts', '--restart', 'always', 'busybox', 'sleep', '1000'),
  ];
  for (const id of made) ids.add(id.trim().slice(-64));
  await engine.must('pause', 'paused');
  await engine.must('exec', '-d', 'runs', 'sleep', '1000');
}

function engineProcesses(): { pid: number; argv: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const argv = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        const isOurs = readFileSync(`/proc/${name}/environ`, 'utf8').includes(`TLAB_RUN_ROOT=${engine.root}/run`);
        const isIn = [...ids].some((id) => readFileSync(`/proc/${name}/cgroup`, 'utf8').includes(id));
        return (isOurs || isIn) && Number(name) !== process.pid && !/unshare|sleep infinity/.test(argv)
          ? [{ pid: Number(name), argv }]
          : [];
      } catch {
        return [];
      }
    });
}

function cgroupsOf(folder: string, depth: number): string[] {
  if (depth === 0 || !existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => [
      ...([...ids].some((id) => entry.name.includes(id)) ? [`${folder}/${entry.name}`] : []),
      ...cgroupsOf(`${folder}/${entry.name}`, depth - 1),
    ]);
}

/** Seen with the host's own tools, not with the engine's. */
async function leftovers(): Promise<Record<string, unknown>> {
  const links = await engine.inside('ip', ['-o', 'link']);
  const rules = await engine.inside('sh', ['-c', 'iptables-save; ip6tables-save']);
  return {
    processes: engineProcesses().map(({ pid, argv }) => `${pid} ${argv}`),
    mounts: readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter((line) => line.includes(engine.root)),
    links: links.stdout.split('\n').filter((line) => line !== '' && !line.includes(' lo:')),
    rules: rules.stdout.split('\n').filter((line) => /tlab|172\.17\./i.test(line)),
    cgroups: cgroupsOf('/sys/fs/cgroup', 3),
    files: [`${engine.root}/run`, `${engine.root}/data/containers`, `${engine.root}/data/containerd`].filter((path) =>
      existsSync(path),
    ),
  };
}

const nothing = { processes: [], mounts: [], links: [], rules: [], cgroups: [], files: [] };

async function killStage(words: RegExp): Promise<void> {
  const found = engineProcesses().filter(({ argv }) => words.test(argv));
  assert.ok(found.length > 0, `${words} runs`);
  for (const { pid } of found) process.kill(pid, 'SIGKILL');
  await waitUntil(() => found.every(({ pid }) => !existsSync(`/proc/${pid}/exe`)), { what: `${words} to be gone` });
}

const damages: { title: string; damage: () => Promise<void> }[] = [
  { title: 'with everything alive', damage: async () => {} },
  { title: 'after kill -9 of the daemon', damage: () => killStage(/tlabd/) },
  {
    title: 'after kill -9 of daemon and containerd',
    damage: async () => {
      await killStage(/tlabd/);
      await killStage(/tlab-containerd/);
    },
  },
  {
    title: 'after kill -9 of daemon, containerd and every shim',
    damage: async () => {
      await killStage(/tlabd/);
      await killStage(/tlab-containerd/);
      await killStage(/containerd-shim-tlab/);
    },
  },
];

for (const { title, damage } of damages) {
  test(`a reset leaves nothing ${title}, and a second one finds nothing to do`, needsRoot, async () => {
    await populate();
    const full = await leftovers();
    for (const [kind, found] of Object.entries(full)) assert.notDeepEqual(found, [], `the test sees ${kind}`);
    await damage();
    const ran = await engine.tlab(['system', 'reset', '--yes', '--keep-library']);
    assert.equal(ran.status, 0, ran.stderr);
    assert.deepEqual(await leftovers(), nothing);
    const again = await engine.tlab(['system', 'reset', '--yes', '--keep-library']);
    assert.equal(again.status, 0, again.stderr);
    assert.deepEqual(await leftovers(), nothing);
  });
}

test(
  'beside another engine a reset keeps the bridge and the rules of both, and the last one takes them away',
  needsRoot,
  async () => {
    const beside = `${engine.root}/beside`;
    mkdirSync(`${beside}/data`, { recursive: true });
    execFileSync('cp', ['-a', `${engine.root}/data/library`, `${beside}/data/library`]);
    const env = { TLAB_RUN_ROOT: `${beside}/run`, TLAB_DATA_ROOT: `${beside}/data` };
    const other = async (...args: string[]): Promise<string> => {
      const ran = await engine.tlab(args, { env });
      assert.equal(ran.status, 0, `${args.join(' ')}: ${ran.stderr}`);
      return ran.stdout;
    };
    const page = ['-sS', '--max-time', '5', 'http://127.0.0.1:8090/'];
    await engine.must('system', 'start');
    try {
      await other('run', '-d', '-p', '8090:80', 'busybox', 'sh', '-c', 'echo here >/index.html; httpd -f -h /');
      const answers = async (): Promise<boolean> => (await engine.inside('curl', page)).stdout === 'here\n';
      await waitUntil(answers, { what: "the other engine's port" });
      const said = await engine.must('system', 'reset', '--yes', '--keep-library');
      assert.match(
        said,
        new RegExp(`kept the bridge, chains and forwarding: the engine of ${beside}/run uses them too`),
      );
      assert.ok(await answers());
      assert.equal(existsSync(`${engine.root}/run`), false);
    } finally {
      await other('system', 'reset', '--yes');
    }
    const { links, rules } = await leftovers();
    assert.deepEqual([links, rules], [[], []]);
  },
);

test('a data root that is a file system of its own is emptied and stays mounted', needsRoot, async () => {
  const data = `${engine.root}/data`;
  mkdirSync(data, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', data]);
  try {
    await engine.must('system', 'start');
    await engine.must('system', 'reset', '--yes');
    assert.ok(readFileSync('/proc/self/mounts', 'utf8').includes(` ${data} `));
    assert.deepEqual(readdirSync(data), []);
  } finally {
    execFileSync('umount', [data]);
  }
});

test('without --keep-library the data root itself is gone', needsRoot, async () => {
  await engine.must('system', 'reset', '--yes');
  assert.equal(existsSync(`${engine.root}/data`), false);
});
