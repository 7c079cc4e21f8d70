// Each flag of run is named by the operations that it causes, and by those alone: from the command line through request, config.json
// and plan, with nothing started.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prepareCreate } from '../../src/cli/create/request.ts';
import { parseLine } from '../../src/cli/flags/parse.ts';
import { runFlags } from '../../src/cli/run/flags.ts';
import { resolveMounts } from '../../src/daemon/container/mounts.ts';
import { parseCreate } from '../../src/daemon/schema/create.ts';
import { generateSpec, specBytes } from '../../src/daemon/spec/generate.ts';
import type { SpecInput } from '../../src/daemon/spec/input.ts';
import { Causes } from '../../src/explain/causes.ts';
import { effectsOfFlag } from '../../src/explain/flag-effects.ts';
import { capabilityNames } from '../../src/runc/compile/flags.ts';
import { compileBundle } from '../../src/runc/compile.ts';
import type { Operation } from '../../src/runc/plan/operations.ts';
import type { Cause } from '../../src/trace/cause.ts';
import type { Trace, TraceEvent } from '../../src/trace/file.ts';
import { hostWith } from '../runc/host.ts';
import { call, event } from './synthetic.ts';

const traceOf = (events: TraceEvent[]): Trace => ({ header: {} as Trace['header'], unreadable: 0, events });

const image = { Cmd: ['sh'], Env: ['PATH=/bin'] } as SpecInput['image'];

interface Run {
  causes: Causes;
  events: TraceEvent[];
  config: ReturnType<typeof generateSpec>['config'];
  provenance: ReturnType<typeof generateSpec>['provenance'];
  operations: { operation: Operation; event: TraceEvent }[];
}

function run(flags: string, ...command: string[]): Run {
  const line = parseLine(runFlags, [...flags.split(' ').filter(Boolean), 'busybox', ...command], {
    untilOperand: true,
  });
  const prepared = prepareCreate({ ...line, name: 'run' } as unknown as Parameters<typeof prepareCreate>[0], false);
  const { HostConfig, ...config } = parseCreate(prepared.body);
  const generated = generateSpec({
    id: 'ab'.repeat(32),
    config,
    host: HostConfig ?? {},
    image,
    user: { uid: 0, gid: 0, additionalGids: [0], home: '/root' },
    mounts: resolveMounts({ ...config, HostConfig }, image, undefined as never).mounts,
    files: { hosts: '/f/hosts', hostname: '/f/hostname', resolvConf: '/f/resolv.conf' },
    networkNamespace: '/run/tlab/netns/x',
    initProgram: undefined,
    facts: {
      architecture: 'x64',
      cgroupVersion: 1,
      capabilities: capabilityNames.map((name) => `CAP_${name.replace('CAP_', '')}`),
      hasSeccomp: false,
      appArmorProfiles: () => undefined,
      devices: () => [{ path: '/dev/fuse', type: 'c', major: 10, minor: 229, fileMode: 0o666, uid: 0, gid: 0 }],
    },
  });
  const text = Buffer.from(specBytes(generated.config)).toString();
  const { operations } = compileBundle({ id: 'web', bundle: '/bundle', config: text, host: hostWith() });
  const sent = event('cli.request-sent', { method: 'POST /containers/create', provenance: prepared.provenance });
  const spec = event('daemon.spec-generated', { provenance: generated.provenance }, { seq: 2 });
  const events = [sent, spec];
  return {
    ...generated,
    events,
    causes: new Causes(traceOf(events)),
    operations: operations.map((operation) => ({ operation, event: eventOf(operation) })),
  };
}

const eventOf = ({ name, cause, arguments: values }: Operation): TraceEvent => ({
  ...event('kernel.operation-executed', { operation: name, arguments: values }),
  ts: Number.MAX_SAFE_INTEGER,
  cause: (cause.startsWith('/') ? `config:${cause}` : cause) as Cause,
});

const told = ({ name, arguments: values }: Operation): string => {
  const { path, target, value, file, key, resource } = values as Record<string, unknown>;
  const said = [target ?? path ?? key ?? resource ?? '', file ?? '', value ?? ''].filter((word) => word !== '');
  return [name, ...said.map((word) => String(word).replace(/^\/sys\/fs\/cgroup\/.*\//, ''))].join(' ');
};

/** What a flag is behind: operations whose chain ends in it, and those that it has a part in. */
function behind(flags: string, flag: string): { own: string[]; part: string[] } {
  const { causes, operations } = run(flags);
  const root = `flag:--${flag}`;
  const chains = operations.map((one) => ({ ...one, chain: causes.chainOf(one.event) }));
  return {
    own: chains.filter(({ chain }) => chain.links.at(-1) === root).map(({ operation }) => told(operation)),
    part: chains
      .filter(({ chain }) => chain.also.some((one) => one.root === root))
      .map(({ operation }) => operation.name),
  };
}

/** With every other flag given as well: none may take what is another's. */
const everything =
  '--cap-drop NET_RAW --cap-add SYS_PTRACE --device /dev/fuse --ulimit nofile=100:200 --sysctl net.ipv4.ip_forward=1 --tmpfs /scratch -v /srv:/host:ro --env A=1 --memory 64m --read-only';

const rows: Array<[flag: string, own: string[], part: string[]]> = [
  ['cap-drop', [], ['capability_bounding', 'capset']],
  ['cap-add', [], ['capability_bounding', 'capset']],
  ['device', ['cgroup_write devices.allow c 10:229 rwm', 'device_make /dev/fuse'], []],
  ['ulimit', ['rlimit 7'], []],
  ['sysctl', ['sysctl net/ipv4/ip_forward 1'], []],
  ['tmpfs', ['mount /scratch'], []],
  ['volume', ['mount /host', 'mount /host'], []],
  ['env', [], ['exec']],
  ['memory', ['cgroup_write memory.limit_in_bytes 67108864', 'cgroup_write memory.memsw.limit_in_bytes 134217728'], []],
  ['read-only', ['root_readonly'], []],
];

for (const [flag, own, part] of rows) {
  test(`--${flag} is named by what it causes, and by nothing else`, () => {
    assert.deepEqual(behind(everything, flag), { own, part });
  });
}

/** The root of the system call that drops one capability. */
function rootOfDrop(flags: string, name: string): Cause | undefined {
  const { events, operations } = run(flags);
  const whole = operations.find(({ operation }) => operation.name === 'capability_bounding');
  assert.ok(whole);
  const operation = { ...whole.event, seq: 3 };
  const drop = call(`prctl(PR_CAPBSET_DROP, ${name}) = 0`);
  const causes = new Causes(traceOf([...events, operation]));
  return causes.chainOf({ ...drop, data: { ...drop.data, operation: 3 } }).links.at(-1);
}

const drops: Array<[flags: string, name: string, root: Cause]> = [
  ['', 'CAP_SYS_ADMIN', 'default:default-capabilities'],
  ['--cap-drop NET_RAW', 'CAP_NET_RAW', 'flag:--cap-drop'],
  ['--cap-drop NET_RAW', 'CAP_SYS_ADMIN', 'default:default-capabilities'],
  ['--cap-drop NET_RAW --cap-add SYS_PTRACE', 'CAP_NET_RAW', 'flag:--cap-drop'],
  ['--cap-drop SYS_ADMIN', 'CAP_SYS_ADMIN', 'default:default-capabilities'],
  ['--cap-drop ALL --cap-add CHOWN', 'CAP_KILL', 'flag:--cap-drop'],
  ['--cap-drop ALL --cap-add CHOWN', 'CAP_SYS_ADMIN', 'default:default-capabilities'],
  ['--cap-add ALL --cap-drop SYS_ADMIN', 'CAP_SYS_ADMIN', 'flag:--cap-drop'],
];

for (const [flags, name, root] of drops) {
  test(`with "${flags}" ${name} is dropped because of ${root}`, () => assert.equal(rootOfDrop(flags, name), root));
}

test('a capability that is there has the cause that put it there, in each set', () => {
  const { provenance, config } = run('--cap-add SYS_PTRACE --cap-drop NET_RAW');
  for (const set of ['bounding', 'effective', 'permitted'] as const) {
    const list = config.process?.capabilities?.[set] ?? [];
    assert.equal(
      provenance[`/process/capabilities/${set}/${list.indexOf('CAP_SYS_PTRACE')}`],
      'api:/HostConfig/CapAdd/0',
    );
    assert.equal(provenance[`/process/capabilities/${set}/${list.indexOf('CAP_CHOWN')}`], undefined);
  }
});

test('of a set that several flags have a part in, each flag has the calls of its own part', () => {
  const { events, operations } = run('--cap-drop NET_RAW --cap-add SYS_PTRACE');
  const bounding = operations.find(({ operation }) => operation.name === 'capability_bounding')?.event;
  assert.ok(bounding);
  const trace = traceOf([...events, { ...bounding, seq: 3 }]);
  const calls = ['CAP_NET_RAW', 'CAP_SYS_ADMIN'].map((name) => {
    const one = call(`prctl(PR_CAPBSET_DROP, ${name}) = 0`);
    return { ...one, data: { ...one.data, operation: 3 } };
  });
  const of = (flag: string): string[] =>
    effectsOfFlag(trace, flag, () => calls).calls.first.map(({ data }) => String((data.args as string[])[1]));
  assert.deepEqual(of('--cap-drop'), ['CAP_NET_RAW']);
  assert.deepEqual(of('--cap-add'), []);
});
