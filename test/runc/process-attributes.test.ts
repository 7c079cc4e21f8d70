// How a process is scheduled and what it believes to run on: words of config.json → operations, and what is refused by name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabError } from '../../src/base/errors.ts';
import { compileBundle, compileProcessDocument } from '../../src/runc/compile.ts';
import { defaultSpec } from '../../src/runc/default-spec.ts';
import { hostWith, named } from './host.ts';

// biome-ignore lint/suspicious/noExplicitAny: edits make documents that the type rightly forbids
type Edit = (config: any) => void;

function compile(edit: Edit, host = hostWith()) {
  const config = defaultSpec();
  edit(config);
  return compileBundle({ id: 'web', bundle: '/bundle', config: JSON.stringify(config), host });
}

function compileExec(edit: Edit, process: Record<string, unknown>) {
  const config = defaultSpec();
  edit(config);
  const document = JSON.stringify({ cwd: '/', args: ['true'], ...process });
  const source = { id: 'web', bundle: '/bundle', config: JSON.stringify(config), host: hostWith() };
  return compileProcessDocument({ ...source, process: document });
}

const refused: readonly [title: string, edit: Edit, message: RegExp][] = [
  [
    'an unknown policy',
    (c) => (c.process.scheduler = { policy: 'SCHED_LUCK' }),
    /policy: "SCHED_LUCK": expected one of/,
  ],
  [
    'an unknown scheduling flag',
    (c) => (c.process.scheduler = { policy: 'SCHED_OTHER', flags: ['SCHED_FLAG_X'] }),
    /flags\/0: "SCHED_FLAG_X"/,
  ],
  [
    'a nice value out of range',
    (c) => (c.process.scheduler = { policy: 'SCHED_OTHER', nice: 20 }),
    /nice: 20: expected -20/,
  ],
  [
    'a nice value that the policy ignores',
    (c) => (c.process.scheduler = { policy: 'SCHED_FIFO', nice: 1, priority: 1 }),
    /SCHED_FIFO has no nice value/,
  ],
  [
    'a real-time policy without priority',
    (c) => (c.process.scheduler = { policy: 'SCHED_RR' }),
    /priority: 0: expected 1 to 99/,
  ],
  [
    'a priority that the policy ignores',
    (c) => (c.process.scheduler = { policy: 'SCHED_OTHER', priority: 3 }),
    /priority: 3: expected 0/,
  ],
  [
    'a deadline that the policy ignores',
    (c) => (c.process.scheduler = { policy: 'SCHED_FIFO', priority: 3, deadline: 7 }),
    /deadline: 7: expected 0/,
  ],
  ['an unknown I/O class', (c) => (c.process.ioPriority = { class: 'IOPRIO_CLASS_X' }), /class: "IOPRIO_CLASS_X"/],
  [
    'an I/O priority out of range',
    (c) => (c.process.ioPriority = { class: 'IOPRIO_CLASS_BE', priority: 8 }),
    /priority: 8: expected 0 to 7/,
  ],
  [
    'an unknown execution domain',
    (c) => (c.linux.personality = { domain: 'BSD' }),
    /domain: "BSD": expected LINUX or LINUX32/,
  ],
  [
    'a flag of an execution domain',
    (c) => (c.linux.personality = { domain: 'LINUX', flags: ['X'] }),
    /flags\/0: "X": the specification knows no flag/,
  ],
  ['an unknown memory policy', (c) => (c.linux.memoryPolicy = { mode: 'MPOL_X' }), /mode: "MPOL_X"/],
  [
    'a memory policy without nodes',
    (c) => (c.linux.memoryPolicy = { mode: 'MPOL_BIND' }),
    /expected the nodes of MPOL_BIND/,
  ],
  [
    'nodes that the policy ignores',
    (c) => (c.linux.memoryPolicy = { mode: 'MPOL_LOCAL', nodes: '0' }),
    /nodes: "0": expected none/,
  ],
  [
    'nodes that are no list',
    (c) => (c.linux.memoryPolicy = { mode: 'MPOL_BIND', nodes: '3-1' }),
    /nodes: "3-1": expected nodes/,
  ],
  [
    'inheritable capabilities beyond the bounding set',
    (c) => (c.process.capabilities.inheritable = ['CAP_CHOWN']),
    /inheritable: CAP_CHOWN: expected only what bounding has/,
  ],
];

for (const [title, edit, message] of refused) {
  test(`refuses ${title}`, () => {
    assert.throws(
      () => compile(edit),
      (error) => error instanceof LabError && error.kind === 'invalidArgument' && message.test(error.message),
    );
  });
}

test('every scheduling policy becomes its number', () => {
  const policies = [
    'SCHED_OTHER',
    'SCHED_FIFO',
    'SCHED_RR',
    'SCHED_BATCH',
    'SCHED_ISO',
    'SCHED_IDLE',
    'SCHED_DEADLINE',
  ];
  const numbers = policies.map((policy) => {
    const priority = policy === 'SCHED_FIFO' || policy === 'SCHED_RR' ? { priority: 5 } : {};
    return named(compile((c) => (c.process.scheduler = { policy, ...priority })).operations, 'scheduler')[0]?.policy;
  });
  assert.deepEqual(numbers, [0, 1, 2, 3, 4, 5, 6]);
});

test('a deadline has its three times and its flags', () => {
  const { operations } = compile((c) => {
    c.process.scheduler = {
      policy: 'SCHED_DEADLINE',
      runtime: 1e6,
      deadline: 2e6,
      period: 3e6,
      flags: ['SCHED_FLAG_RESET_ON_FORK', 'SCHED_FLAG_RECLAIM'],
    };
  });
  assert.deepEqual(named(operations, 'scheduler'), [
    { policy: 6, flags: 3, nice: '0', priority: 0, runtime: 1e6, deadline: 2e6, period: 3e6 },
  ]);
});

test('they are set after the cgroup is joined, before capabilities are dropped and before the filter', () => {
  for (const noNewPrivileges of [true, false]) {
    const { operations } = compile((c) => {
      c.process.noNewPrivileges = noNewPrivileges;
      c.process.scheduler = { policy: 'SCHED_BATCH' };
      c.process.ioPriority = { class: 'IOPRIO_CLASS_IDLE' };
      c.linux.personality = { domain: 'LINUX32' };
      c.linux.memoryPolicy = { mode: 'MPOL_BIND', nodes: '0', flags: ['MPOL_F_STATIC_NODES'] };
      c.linux.seccomp = { defaultAction: 'SCMP_ACT_ALLOW' };
    });
    const names = operations.map(({ name }) => name);
    for (const name of ['scheduler', 'io_priority', 'personality', 'memory_policy'] as const) {
      assert.ok(names.lastIndexOf('cgroup_join') < names.indexOf(name), name);
      assert.ok(names.indexOf(name) < names.indexOf('capability_bounding'), name);
      assert.ok(names.indexOf(name) < names.indexOf('seccomp'), name);
    }
    assert.deepEqual(named(operations, 'memory_policy'), [{ mode: 2, flags: 1 << 15, nodes: '0' }]);
  }
});

test('a CPU affinity is for exec alone: the runtime’s before anything is made, then its own in its cgroup', () => {
  const edit: Edit = (c) => (c.process.execCPUAffinity = { initial: '0', final: '0-1, 3' });
  assert.equal(named(compile(edit).operations, 'cpu_affinity').length, 0);
  const { operations } = compileExec(edit, {});
  const shown = operations.flatMap((operation) =>
    operation.name === 'cpu_affinity'
      ? [`${operation.actor} ${operation.arguments.cpus}`]
      : ['fork', 'clone'].includes(operation.name)
        ? [operation.name]
        : [],
  );
  assert.deepEqual(shown, ['runtime 0', 'fork', 'init 0-1,3', 'clone']);
  assert.throws(
    () => compileExec(edit, { execCPUAffinity: { final: '9000' } }),
    /execCPUAffinity\/final: "9000": expected CPUs such as 0-3,7/,
  );
});

test('a process document without an attribute has that of the container, with one its own', () => {
  const edit: Edit = (c) => {
    c.process.scheduler = { policy: 'SCHED_BATCH', nice: 7 };
    c.process.ioPriority = { class: 'IOPRIO_CLASS_BE', priority: 6 };
    c.linux.personality = { domain: 'LINUX32' };
  };
  const inherited = compileExec(edit, {}).operations;
  assert.equal(named(inherited, 'scheduler')[0]?.nice, '7');
  assert.deepEqual(named(inherited, 'io_priority'), [{ class: 2, level: 6 }]);
  assert.deepEqual(named(inherited, 'personality'), [{ persona: 8 }]);
  const own = compileExec(edit, { scheduler: { policy: 'SCHED_IDLE' } }).operations;
  assert.equal(named(own, 'scheduler')[0]?.policy, 5);
});

test('capabilities that nobody knows are left out with a warning', () => {
  const compiled = compile((c) => {
    for (const set of ['bounding', 'effective', 'permitted'])
      c.process.capabilities[set] = ['CAP_KILL', 'CAP_FLY', 'kill'];
  });
  assert.deepEqual(compiled.warnings, ['capabilities that nobody knows are left out: CAP_FLY, kill']);
  assert.deepEqual(named(compiled.operations, 'capability_bounding'), [{ keep: 1n << 5n }]);
});

test('an AppArmor profile is asked for where the host has AppArmor, before the user changes, for an exec too', () => {
  const host = hostWith({ securityModules: { appArmor: true, seLinux: false } });
  const edit: Edit = (c) => {
    c.process.apparmorProfile = 'docker-default';
  };
  const { operations } = compile(edit, host);
  const names = operations.map(({ name }) => name);
  assert.deepEqual(named(operations, 'apparmor_profile'), [{ profile: 'docker-default' }]);
  assert.ok(names.indexOf('pivot_root') < names.indexOf('apparmor_profile'));
  assert.ok(names.indexOf('apparmor_profile') < names.indexOf('setuid'));
  const unconfined: Edit = (c) => {
    c.process.apparmorProfile = 'unconfined';
  };
  assert.deepEqual(named(compile(unconfined, host).operations, 'apparmor_profile'), [{ profile: 'unconfined' }]);
  assert.equal(named(compile(unconfined).operations, 'apparmor_profile').length, 0);
  const config = defaultSpec();
  edit(config);
  const source = { id: 'web', bundle: '/bundle', config: JSON.stringify(config), host };
  const exec = compileProcessDocument({ ...source, process: JSON.stringify({ cwd: '/', args: ['true'] }) });
  assert.deepEqual(named(exec.operations, 'apparmor_profile'), [{ profile: 'docker-default' }]);
});
