// Attributes of a container's processes on the real kernel, seen from the host: scheduling, I/O priority, personality, affinity,
// memory policy. Needs root and util-linux (chrt, ionice).
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { root } from '../helpers/root.ts';
import { RuntimePlace } from '../helpers/runtime.ts';
import { must } from '../helpers/shell.ts';

const place = new RuntimePlace();
after(() => place.remove());

// biome-ignore lint/suspicious/noExplicitAny: properties that the tests' type of a config.json does not know
const process_ = (config: unknown): any => (config as any).process;

/** Field 19 of /proc/pid/stat. */
const niceOf = (pid: number): string | undefined =>
  readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[16];

test('a created container is scheduled as it asks, and its exec as that asks', root(), async () => {
  const container = await place.bundle(['sleep', '1000'], {
    edit: (config) => {
      process_(config).scheduler = { policy: 'SCHED_BATCH', nice: -5 };
      process_(config).ioPriority = { class: 'IOPRIO_CLASS_BE', priority: 6 };
    },
  });
  const pid = await place.start(container);
  assert.match(await must('chrt', ['-p', String(pid)]), /policy: SCHED_BATCH/);
  assert.equal(niceOf(pid), '-5');
  assert.equal(await must('ionice', ['-p', String(pid)]), 'best-effort: prio 6');
  const exec = await place.exec(
    container,
    { args: ['sleep', '1000'], scheduler: { policy: 'SCHED_IDLE' }, ioPriority: { class: 'IOPRIO_CLASS_IDLE' } },
    '--detach',
    '--pid-file',
    `${container.bundle}/exec-pid`,
  );
  assert.equal(exec.status, 0, exec.stderr);
  const execPid = readFileSync(`${container.bundle}/exec-pid`, 'utf8');
  assert.match(await must('chrt', ['-p', execPid]), /policy: SCHED_IDLE/);
  assert.equal(await must('ionice', ['-p', execPid]), 'idle');
});

test('a deadline policy is set with its times, also in a user namespace', root(), async () => {
  const container = await place.bundle(['sleep', '1000'], {
    edit: (config) => {
      process_(config).scheduler = { policy: 'SCHED_DEADLINE', runtime: 1e6, deadline: 1e7, period: 2e7 };
      const maps = [{ containerID: 0, hostID: 0, size: 65536 }];
      config.linux.uidMappings = maps;
      config.linux.gidMappings = maps;
      (config.linux.namespaces as { type: string }[]).push({ type: 'user' });
    },
  });
  const pid = await place.start(container);
  assert.match(
    await must('chrt', ['-p', String(pid)]),
    /policy: SCHED_DEADLINE[\s\S]*runtime\/deadline\/period parameters: 1000000\/10000000\/20000000/,
  );
});

test('what the kernel refuses fails create with the line that asked for it, and leaves nothing', root(), async () => {
  const container = await place.bundle(['true'], {
    edit: (config) => {
      process_(config).scheduler = { policy: 'SCHED_DEADLINE', runtime: 9e6, deadline: 1e6, period: 2e6 };
    },
  });
  const created = await place.create(container);
  assert.equal(created.status, 1);
  assert.match(
    created.stderr,
    /setting scheduling policy 6, .*: sched_setattr\(2\): EINVAL .*\(config\.json \/process\/scheduler\)/,
  );
  assert.deepEqual(place.cgroups(container), []);
  assert.equal(existsSync(`${place.root}/${container.id}`), false);
});

test(
  'LINUX32 makes the program believe in a 32-bit machine, under a filter that allows personality to no one',
  root(),
  async () => {
    const container = await place.bundle(['uname', '-m'], {
      edit: (config) => {
        config.linux.personality = { domain: 'LINUX32' };
        config.linux.seccomp = {
          defaultAction: 'SCMP_ACT_ALLOW',
          syscalls: [{ names: ['personality'], action: 'SCMP_ACT_ERRNO' }],
        };
      },
    });
    const expected = process.arch === 'x64' ? 'i686\n' : 'armv8l\n';
    assert.equal((await place.run(container)).stdout, expected);
  },
);

test('an exec runs on the CPUs that it is bound to', root(), async () => {
  const container = await place.bundle(['sleep', '1000']);
  await place.start(container);
  const script = 'grep Cpus_allowed_list /proc/self/status';
  for (const cpu of ['0', '0-1']) {
    const execCPUAffinity = { initial: '0', final: cpu };
    const ran = await place.exec(container, { args: ['sh', '-c', script], execCPUAffinity });
    assert.equal(ran.stdout, `Cpus_allowed_list:\t${cpu}\n`, ran.stderr);
  }
  const initial = await place.exec(container, { args: ['sh', '-c', script], execCPUAffinity: { initial: '0' } });
  assert.equal(initial.stdout, 'Cpus_allowed_list:\t0\n', 'without a final one the child keeps what it was born with');
});

const withNuma = (): { skip: string | false } =>
  existsSync('/proc/self/numa_maps') ? root() : { skip: 'needs a kernel with NUMA' };

test('a memory policy is the program’s', withNuma(), async () => {
  const container = await place.bundle(['sh', '-c', 'grep -o -m1 bind:0 /proc/self/numa_maps'], {
    edit: (config) => {
      config.linux.memoryPolicy = { mode: 'MPOL_BIND', nodes: '0' };
    },
  });
  const ran = await place.run(container);
  assert.equal(ran.stdout, 'bind:0\n', ran.stderr);
});

test('exec takes its flags as runc does, with -- too, and refuses by name what it cannot do', root(), async () => {
  const container = await place.bundle(['sleep', '1000']);
  await place.start(container);
  const exec = (...args: string[]) => place.runc(['exec', ...args], container);
  assert.equal((await exec('--cwd', '/bin', container.id, '--', 'pwd')).stdout, '/bin\n');
  assert.match(
    (await exec('--process-label', 'x', container.id, 'true')).stderr,
    /selinuxLabel: SELinux.* not supported/,
  );
});

test('checkpoint and restore are refused by name', root(), async () => {
  for (const verb of ['checkpoint', 'restore']) {
    const { status, stderr } = await place.runc([verb, 'x']);
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`${verb}: not supported by tlab-runc`));
  }
});
