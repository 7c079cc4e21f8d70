// Docker's recorded config.json, compiled, against what the real runc did with it: same operations, same order, same values.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { MS } from '../../src/runc/compile/flags.ts';
import { compileBundle, compileProcessDocument } from '../../src/runc/compile.ts';
import { decodePlan } from '../../src/runc/plan/decode.ts';
import type { Operation } from '../../src/runc/plan/operations.ts';
import { hostWith, named } from './host.ts';

const fixtures = new URL('../fixtures/docker-20.10', import.meta.url).pathname;
const config = readFileSync(`${fixtures}/oci-config.json`, 'utf8');
const lines = <T>(name: string): T[] =>
  readFileSync(`${fixtures}/${name}`, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T);

const id = 'dfb927b5f4a63d103364847824afe4ac32cb9724bcf2cec13ae186d69805a737';
const compiled = compileBundle({ id, bundle: '/bundle', config, host: hostWith() });
const { operations } = compiled;
const recordedInit = lines<{ call: string; args: string; ret: string }>('runc-init-ops.jsonl');
const recordedCgroup = lines<{ op: string; path: string; data?: string; proc: string }>('cgroup-v1-ops.jsonl');

const indexOf = (name: string): number => operations.findIndex((operation) => operation.name === name);

/** `mount("proc", "/proc/self/fd/6", "proc", MS_NOSUID|…, NULL  /* fd target: <rootfs>/proc *\/` */
function recordedMounts(): { target: string; flags: string[]; data: string }[] {
  return recordedInit
    .filter(({ call, args }) => call === 'mount' && args.includes('fd target'))
    .map(({ args }) => ({
      target: /fd target: <rootfs>(\S*)/.exec(args)?.[1] ?? '',
      flags: (/MS_[A-Z_|]+/.exec(args)?.[0] ?? '').split('|').sort(),
      data: /, "([^"]*)" {2}\/\*/.exec(args)?.[1] ?? '',
    }));
}

const flagNames = (bits: number): string[] =>
  Object.entries(MS)
    .filter(([, bit]) => (bits & bit) !== 0)
    .map(([name]) => `MS_${name}`)
    .sort();

test('mounts the same targets in the same order with the same data as runc', () => {
  const recorded = recordedMounts().filter(
    ({ flags }) => !flags.includes('MS_REMOUNT') && !flags.includes('MS_PRIVATE') && !flags.includes('MS_SLAVE'),
  );
  const own = named(operations, 'mount').filter(({ flags }) => (Number(flags) & MS.REMOUNT) === 0);
  assert.deepEqual(
    own.map(({ target, data }) => `${target} ${data}`),
    recorded.map(({ target, data }) => `${target} ${data}`),
  );
  assert.equal(own.length, 19);
});

test('mounts filesystems with the same flags as runc', () => {
  const recorded = new Map(
    recordedMounts()
      .filter(({ flags }) => !flags.includes('MS_BIND') && !flags.includes('MS_PRIVATE'))
      .map(({ target, flags }) => [target, flags]),
  );
  for (const mount of named(operations, 'mount').filter(({ fstype }) => fstype !== '')) {
    assert.deepEqual(flagNames(Number(mount.flags)), recorded.get(mount.target), mount.target);
  }
});

test('remounts the cgroup binds with the flags of their second call in runc', () => {
  const recorded = recordedMounts().filter(({ flags }) => flags.includes('MS_REMOUNT'));
  const own = named(operations, 'mount').filter(({ flags }) => (Number(flags) & MS.REMOUNT) !== 0);
  assert.deepEqual(
    own.map(({ target }) => target),
    recorded.map(({ target }) => target),
  );
  assert.deepEqual(
    own.map(({ flags }) => flagNames(Number(flags))),
    recorded.map(({ flags }) => flags.filter((flag) => flag !== 'MS_REC')),
  );
});

test('makes the same devices and links', () => {
  const nodes = recordedInit
    .filter(({ call }) => call === 'mknodat')
    .map(({ args }) => /<rootfs>([^"]*)/.exec(args)?.[1]);
  assert.deepEqual(
    named(operations, 'device_make').map(({ path }) => path),
    nodes,
  );
  const links = recordedInit
    .filter(({ call }) => call === 'symlinkat')
    .map(({ args }) => /^"([^"]*)".*<rootfs>([^"]*)/.exec(args)?.slice(1));
  assert.deepEqual(
    named(operations, 'symlink').map(({ target, path }) => [target, path]),
    links,
  );
});

test('hides the same paths in the same order', () => {
  const masked = recordedInit
    .filter(({ call, args }) => call === 'mount' && args.startsWith('"/dev/null"'))
    .map(({ args }) => args.split('"')[3]);
  assert.deepEqual(
    named(operations, 'mask_path').map(({ path }) => path),
    masked,
  );
  const readonly = recordedInit
    .filter(({ call, args }) => call === 'mount' && /^"(\/proc\/[a-z-]+)", "\1".*MS_REC/.test(args))
    .map(({ args }) => args.split('"')[1]);
  assert.deepEqual(
    named(operations, 'readonly_path').map(({ path }) => path),
    readonly,
  );
});

test('makes the same cgroups in the same order, and joins them all', () => {
  const made = recordedCgroup.filter(({ op, path }) => op === 'mkdir' && path.endsWith(id)).map(({ path }) => path);
  assert.deepEqual(
    named(operations, 'cgroup_make')
      .map(({ path }) => path)
      .filter((path) => path.endsWith(id)),
    made,
  );
  assert.deepEqual(
    named(operations, 'cgroup_join')
      .map(({ path }) => path)
      .sort(),
    made.sort(),
  );
});

test('writes the same values to the same cgroup files, but for /dev/net/tun, which newer runtimes do not allow', () => {
  const recorded = recordedCgroup
    .filter(
      ({ op, path, proc }) =>
        op === 'write' && proc === 'runc-create' && !path.endsWith('cgroup.procs') && !path.includes('/cpuset/'),
    )
    .map(({ path, data }) => `${path} ${data?.trim()}`)
    .filter((line) => !line.endsWith('c 10:200 rwm'));
  const own = named(operations, 'cgroup_write')
    .map(({ path, value }) => `${path} ${value}`)
    .filter((line) => !line.includes('/cpuset/'));
  assert.deepEqual(own, recorded);
});

test('without no_new_privs the filter comes before capabilities and user change, as the kernel demands', () => {
  const order = [
    'setsid',
    'session_keyring',
    'root_propagation',
    'root_bind',
    'mount',
    'device_make',
    'symlink',
    'hook',
    'pivot_root',
    'umask',
    'sethostname',
    'sysctl',
    'readonly_path',
    'mask_path',
    'seccomp',
    'capability_bounding',
    'chdir',
    'setgroups',
    'setgid',
    'setuid',
    'capset',
    'capability_ambient',
    'await_start',
    'exec',
  ];
  const places = order.map(indexOf);
  assert.ok(places.every((place) => place >= 0));
  assert.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
  );
});

test('keeps the fourteen capabilities that Docker gives', () => {
  assert.deepEqual(named(operations, 'capset'), [{ effective: 0xa80425fbn, permitted: 0xa80425fbn, inheritable: 0n }]);
  assert.deepEqual(named(operations, 'capability_bounding'), [{ keep: 0xa80425fbn }]);
});

test('with no_new_privs the filter is the last thing before start', () => {
  const document = JSON.parse(config) as { process: { noNewPrivileges?: boolean } };
  document.process.noNewPrivileges = true;
  const plan = compileBundle({ id, bundle: '/bundle', config: JSON.stringify(document), host: hostWith() });
  const names = plan.operations.map(({ name }) => name);
  assert.equal(names[names.indexOf('await_start') - 1], 'seccomp');
  assert.ok(names.indexOf('no_new_privs') < names.indexOf('seccomp'));
});

test('every operation has a cause: a pointer that exists in config.json, or a named default', () => {
  const document = JSON.parse(config) as unknown;
  for (const operation of operations) {
    if (operation.cause.startsWith('default:')) continue;
    const parts = operation.cause
      .split('/')
      .slice(1)
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
    const parent = parts
      .slice(0, -1)
      .reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], document);
    assert.ok(parent !== undefined, `${operation.name}: ${operation.cause}`);
  }
});

test('the binary plan reads back as what was compiled', () => {
  const plan = decodePlan(compiled.bytes);
  assert.equal(plan.sha256, compiled.sha256);
  assert.equal(plan.containerId, id);
  assert.deepEqual(
    plan.operations.map(({ name, actor, cause }) => [name, actor, cause]),
    operations.map(({ name, actor, cause }) => [name, actor, cause]),
  );
});

const execPlan = (changes: Record<string, unknown> = {}, document = config): Operation[] => {
  const process = { args: ['sh'], cwd: '/', user: { uid: 1000, gid: 1000 }, env: ['PATH=/bin'], ...changes };
  const source = { id, bundle: '/bundle', config: document, process: JSON.stringify(process), host: hostWith() };
  return [...compileProcessDocument(source).plan.operations];
};
/** What stands behind the clone: all that a process does which the container sees. */
const seen = (plan: readonly Operation[]): string[] =>
  plan.slice(plan.findIndex(({ name }) => name === 'clone') + 1).map(({ actor, name }) => `${actor} ${name}`);

test('an exec joins the namespaces of its container, the mounts last, and becomes its user, before the clone', () => {
  const plan = execPlan({ terminal: true, consoleSize: { height: 24, width: 80 } });
  const names = plan.map(({ name }) => name);
  assert.deepEqual(
    named(plan, 'setns').map(({ path }) => path),
    ['ns/ipc', 'ns/uts', 'ns/net', 'ns/pid', 'ns/mnt'],
  );
  assert.equal(names[names.indexOf('clone') - 1], 'close_descriptors');
  assert.deepEqual(seen(plan), ['init setsid', 'init controlling_terminal', 'init exec']);
  assert.deepEqual(named(plan, 'console'), [{ path: '', rows: 24, columns: 80 }]);
  // The document has no capabilities, so the container's hold.
  assert.deepEqual(named(plan, 'capset')[0]?.permitted, 0xa80425fbn);
  assert.ok(!names.includes('await_start') && !names.includes('mount') && !names.includes('pivot_root'));
});

test('behind the clone of an exec are the limit that counts processes, and a filter that needs no rights', () => {
  const rlimits = ['RLIMIT_NOFILE', 'RLIMIT_NPROC'].map((type) => ({ type, soft: 10, hard: 20 }));
  assert.deepEqual(seen(execPlan({ rlimits, noNewPrivileges: true })), [
    'init setsid',
    'init rlimit',
    'init seccomp',
    'init exec',
  ]);
});

test('an exec whose filter forbids the clone takes it afterwards, and its rights with it', () => {
  const forbidding = JSON.parse(config) as { linux: { seccomp: unknown } };
  const syscalls = [{ names: ['clone'], action: 'SCMP_ACT_ERRNO' }];
  forbidding.linux.seccomp = { defaultAction: 'SCMP_ACT_ALLOW', architectures: ['SCMP_ARCH_X86_64'], syscalls };
  const plan = execPlan({}, JSON.stringify(forbidding));
  assert.deepEqual(seen(plan).slice(0, 3), ['init setsid', 'init seccomp', 'init capability_bounding']);
  assert.equal(plan.filter(({ name }) => name === 'capset').length, 1);
});
