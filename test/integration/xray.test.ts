// Needs root, eBPF, and Debian's docker.io, containerd, runc: a private dockerd, watched from outside while it runs a container.
import assert from 'node:assert/strict';
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Causes } from '../../src/explain/causes.ts';
import { effectsOfFlag } from '../../src/explain/flag-effects.ts';
import { readCalls } from '../../src/trace/calls.ts';
import type { Trace, TraceEvent } from '../../src/trace/file.ts';
import { orderViolations } from '../../src/trace/order.ts';
import { readTraceFile } from '../../src/trace/read.ts';
import { tlabProgram } from '../helpers/engine.ts';
import { type RealDocker, startRealDocker } from '../helpers/real-docker.ts';
import { root } from '../helpers/root.ts';
import { type Ran, type RunOptions, run, start } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const secret = 'a-secret-value-of-the-test';

describe('the X-ray of a real Docker', root(), () => {
  let docker: RealDocker;
  let folder: string;
  let trace: Trace;
  let calls: TraceEvent[];
  let ran: Ran;

  const environment = (): Record<string, string> => ({
    TLAB_DATA_ROOT: `${folder}/data`,
    TLAB_RUN_ROOT: `${folder}/run`,
    TLAB_CONFIG: `${folder}/daemon.json`,
    DOCKER_HOST: docker.host[1] ?? '',
    NO_COLOR: '1',
  });
  const tlab = (args: readonly string[], options: RunOptions = {}): Promise<Ran> =>
    run(tlabProgram, args, { timeoutMs: 120_000, ...options, env: { ...environment(), ...options.env } });

  /** The newest trace, read. */
  async function newest(): Promise<Trace> {
    const file = `${folder}/exported.jsonl`;
    const exported = await tlab(['trace', 'export', '-o', file]);
    assert.equal(exported.status, 0, exported.stderr);
    return await readTraceFile(file);
  }

  before(async () => {
    folder = mkdtempSync('/var/tmp/tlab-xray-');
    docker = await startRealDocker();
    const secrets = [
      '-e',
      `A=${secret}`,
      `-eB=${secret}`,
      '--env',
      `C=${secret}`,
      `--env=D=${secret}`,
      '-ie',
      `E=${secret}`,
    ];
    const flags = ['--rm', '--memory', '64m', '-p', '8095:80', ...secrets];
    const line = ['run', ...flags, 'busybox', 'sh', '-c', 'echo said; echo aside >&2; exit 7'];
    ran = await tlab(['trace', '--engine', 'docker', ...line]);
    trace = await newest();
    calls = [...readCalls(trace)];
  });
  after(async () => {
    await docker?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  const find = (matches: (event: TraceEvent) => boolean): TraceEvent => {
    const found = trace.events.find(matches);
    assert.ok(found !== undefined, `no such event among ${trace.events.length}`);
    return found;
  };
  const chainOf = (event: TraceEvent) => new Causes(trace).chainOf(event).links;

  test("hands on docker's streams and status, and tells the story", () => {
    assert.equal(ran.status, 7, ran.stderr);
    assert.equal(ran.stdout, 'said\n');
    assert.match(ran.stderr, /^aside$/m);
    assert.match(ran.stderr, /shim +calls the OCI runtime: runc create/);
    assert.match(ran.stderr, /pivot_root/);
  });

  test('says what it is, what it lost and what it cannot see', () => {
    assert.equal(trace.header.engine, 'docker');
    assert.equal(trace.header.lost, 0);
    assert.equal(trace.header.status, 7);
    assert.deepEqual([trace.unreadable, trace.flaws ?? []], [0, []]);
    assert.match(trace.header.blind.join('\n'), /HTTP, gRPC and ttrpc/);
    assert.deepEqual(orderViolations(trace.events), []);
  });

  test('names the stages by their processes', () => {
    const pidOf = (stage: string): number | undefined => trace.header.processes.find((one) => one.stage === stage)?.pid;
    const commandOf = (pid: number | undefined): string => readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
    assert.equal(commandOf(pidOf('daemon')), 'dockerd');
    assert.equal(commandOf(pidOf('containerd')), 'containerd');
    const processes = new Set(calls.map(({ data }) => data.process));
    for (const name of ['cli', 'daemon', 'containerd', 'shim', 'runc', 'container', 'iptables', 'docker-proxy']) {
      assert.ok(processes.has(name), `${name} among ${[...processes].join(', ')}`);
    }
    const doors = trace.events
      .filter(({ type }) => type.endsWith('.request-sent'))
      .map(({ type, data }) => `${type} ${data.method}`);
    assert.deepEqual(doors.slice(0, 4), [
      'cli.request-sent POST /containers/create',
      'containerd.request-sent start',
      'shim.request-sent create',
      'shim.request-sent start',
    ]);
  });

  test("sees runc's child leave the host in the right order", () => {
    const named =
      (name: string, holds: RegExp) =>
      (event: TraceEvent): boolean =>
        new RegExp(`^${name}$`).test(String(event.data.name)) &&
        event.data.errno === undefined &&
        holds.test(JSON.stringify(event.data.args));
    const steps = [
      named('unshare', /CLONE_NEWPID/),
      named('mount', /"proc/),
      named('pivot_root', /./),
      named('(seccomp|prctl)', /SECCOMP_(SET_)?MODE_FILTER/),
      named('capset', /./),
      named('execve', /bin\/sh/),
    ].map((matches) => calls.findLast((event) => event.data.process === 'runc' && matches(event))?.seq ?? 0);
    assert.ok(
      steps.every((seq, i) => seq > (steps[i - 1] ?? 0)),
      steps.join(' '),
    );
  });

  test('leads from a mount to config.json and the default behind it', () => {
    const proc = find(({ type, data }) => type === 'kernel.mount-attached' && data.target === '/proc');
    assert.equal(proc.truth, 'derived');
    const [line, ...rest] = chainOf(proc);
    assert.match(line ?? '', /^config:\/mounts\/\d+$/);
    assert.deepEqual(rest, ['default:default-mounts']);
  });

  test('leads from the call that writes the memory limit to the flag of docker', () => {
    const limit = find(
      ({ type, data }) => type === 'kernel.cgroup-written' && /memory\.(limit_in_bytes|max)$/.test(String(data.path)),
    );
    assert.equal(limit.data.value, String(64 * 1024 * 1024));
    const chain = ['config:/linux/resources/memory/limit', 'api:/HostConfig/Memory', 'flag:--memory'];
    assert.deepEqual(chainOf(limit), chain);
    const call = calls.find(({ data }) => data.operation === limit.seq && data.name === 'write');
    assert.equal(call?.data.process, 'runc');
    assert.deepEqual(call && chainOf(call), chain);
  });

  test('leads from a rule of iptables and a veth pair to what asked for them', () => {
    const rule = find(
      ({ type, data }) => type === 'kernel.rule-added' && /--dport 8095 -j DNAT/.test(String(data.rule)),
    );
    assert.equal(chainOf(rule).at(-1), 'flag:--publish');
    const pair = find(
      ({ type, data }) => type === 'kernel.netlink-sent' && /"veth"/.test(JSON.stringify(data.attributes)),
    );
    assert.equal(chainOf(pair).at(-1), 'default:cli-network');
  });

  test('counts as calls of a rule what hands it to the kernel, and not how iptables comes to run', async () => {
    const rules = new Set(trace.events.filter(({ type }) => type === 'kernel.rule-added').map(({ seq }) => seq));
    const all = effectsOfFlag(trace, '--publish', (isWanted) =>
      readCalls(trace, { mayWant: (call) => isWanted(call.operation) }),
    );
    const counts = [...rules].flatMap((seq) => all.calls.ofEvent.get(seq) ?? []);
    assert.deepEqual(counts, [2, 2, 2], 'an execve of iptables and its batch, each');
    const batches = all.calls.first.filter(({ data }) => data.name === 'sendmsg' && rules.has(Number(data.operation)));
    assert.match(JSON.stringify(batches[0]?.data.args), /NFT_MSG_NEWRULE/);
  });

  test("tells that dockerd keeps the network namespace that runc's child has made", () => {
    const kept = find(({ type }) => type === 'kernel.network-namespace-created');
    const cloned = calls.find(
      ({ data }) =>
        data.process === 'runc' &&
        /^(unshare|clone)$/.test(String(data.name)) &&
        /CLONE_NEWNET/.test(String(data.args)),
    );
    assert.ok(cloned !== undefined && kept.seq > cloned.seq);
    assert.ok(
      calls.some(({ pid }) => pid === kept.data.of),
      `a process ${kept.data.of}`,
    );
    assert.match(ran.stderr.replace(/\s+/g, ' '), /dockerd keeps the child's network namespace: it bind-mounts/);
    assert.equal(chainOf(kept).at(-1), 'default:cli-network');
  });

  test('finds a root for every call', () => {
    const causes = new Causes(trace);
    const orphans = calls.filter((call) => !causes.chainOf(call).complete);
    assert.deepEqual(
      orphans.slice(0, 5).map(({ seq, data }) => `${seq} ${data.process} ${data.name}`),
      [],
    );
  });

  test("sees the container's own calls", () => {
    const own = calls.filter(({ data }) => data.process === 'container').map(({ data }) => `${data.name} ${data.args}`);
    assert.ok(
      own.some((text) => /^write 1/.test(text)),
      own.slice(0, 20).join('\n'),
    );
    assert.ok(own.some((text) => /^exit_group 7/.test(text)));
  });

  test('writes the value of an environment variable nowhere', () => {
    const files = globSync(`${folder}/**`, { withFileTypes: true }).filter((entry) => entry.isFile());
    assert.ok(files.length > 3);
    for (const { parentPath, name } of files) {
      assert.ok(!readFileSync(`${parentPath}/${name}`).includes(secret), `${parentPath}/${name}`);
    }
  });

  test('prints only what a flag changed when two of them are compared', async () => {
    for (const flags of [[], ['--read-only']]) {
      const { status, stderr } = await tlab(['trace', 'run', '--engine=docker', '--rm', ...flags, 'busybox', 'true']);
      assert.equal(status, 0, stderr);
    }
    const ids = (await tlab(['trace', 'ls', '--json'])).stdout;
    const [second, first] = [...ids.matchAll(/"id": ?"([0-9a-f]{32})"/g)].map(([, id]) => id ?? '');
    const { stdout, stderr } = await tlab(['trace', 'diff', first ?? '', second ?? '']);
    assert.match(stdout, /because of --read-only/, stderr);
    assert.match(stdout, /\+ root file system: read-only/);
    assert.doesNotMatch(stdout, /event_control|veth|172\.17\.|overlay2/);
  });

  test('goes on with docker flags that this tlab does not know, and says what it cannot tell', async () => {
    const { status, stderr } = await tlab([
      'trace',
      '--engine',
      'docker',
      'run',
      '--rm',
      '--isolation',
      'default',
      'busybox',
      'true',
    ]);
    assert.equal(status, 0, stderr);
    assert.match((await newest()).header.blind.join('\n'), /which flag caused what: .*unknown flag: --isolation/);
  });

  /** Tracers and clients of this test, waiting or stopped ones too. */
  const ours = (): string[] =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => {
        try {
          const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
          const isOurs =
            line.includes(folder) || readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`${folder}/data`);
          return isOurs ? [`${pid} ${line.replaceAll('\0', ' ')}`] : [];
        } catch {
          return []; // it has ended meanwhile
        }
      });

  test('leaves no tracer and no waiting process behind', () => assert.deepEqual(ours(), []));

  /** SIGKILL to the tlab that runs `sleep` in a container, once it is time. */
  async function killed(isTime: () => boolean | Promise<boolean>): Promise<void> {
    const argv = ['trace', '--engine', 'docker', 'run', '--rm', '--init', 'busybox', 'sleep', '3'];
    const traced = start(tlabProgram, argv, { env: environment() });
    await waitUntil(isTime, { what: 'the moment to kill it', deadlineMs: 20_000 });
    await traced.stop('SIGKILL');
    await waitUntil(() => !ours().some((line) => /tlab-tracer|read -r line/.test(line)), {
      what: 'the tracer and the waiting client to be gone',
      deadlineMs: 5_000,
    });
  }

  test('killed as soon as there is a client, it leaves no process that waits', async () => {
    await killed(() => ours().some((line) => /read -r line|^\d+ \S*docker run/.test(line)));
    await waitUntil(() => ours().length === 0, { what: 'all of it to end', deadlineMs: 20_000 });
  });

  test('killed while docker runs, it leaves docker to its end, and the trace says so', async () => {
    await killed(async () => (await docker.docker('ps', '--quiet')) !== '');
    await waitUntil(() => ours().length === 0, { what: 'docker to end by itself', deadlineMs: 20_000 });
    const { header, events } = await newest();
    assert.match(header.blind.join('\n'), /was killed; the trace is not complete/);
    assert.equal(header.status, undefined);
    assert.ok(header.calls !== undefined && header.calls > 100, `${header.calls} calls`);
    assert.ok(events.some(({ type }) => type === 'cli.command-started'));
  });

  const refused: Array<[what: string, args: string[], env: Record<string, string>, form: RegExp]> = [
    ['no docker', ['run', 'busybox'], { PATH: '/nowhere' }, /docker: no program of that name on PATH/],
    ['no dockerd', ['run', 'busybox'], { DOCKER_HOST: 'unix:///nowhere' }, /no dockerd listens at \/nowhere/],
    ['a remote one', ['run', 'busybox'], { DOCKER_HOST: 'tcp://10.0.0.1:2375' }, /expected unix:/],
    ['another verb', ['ps'], {}, /expected run, got "ps"/],
  ];
  const bundle = new URL('../../dist/tlab.cjs', import.meta.url).pathname;
  for (const [what, args, env, form] of refused) {
    test(`refuses ${what} with what is missing`, async () => {
      const { status, stderr } = await run(process.execPath, [bundle, 'trace', '--engine', 'docker', ...args], {
        env: { ...environment(), ...env },
      });
      assert.equal(status, 125, stderr);
      assert.match(stderr, form);
    });
  }

  test('refuses who is not root', async () => {
    const argv = [
      '--reuid=65534',
      '--clear-groups',
      process.execPath,
      bundle,
      'trace',
      '--engine=docker',
      'run',
      'busybox',
    ];
    const { status, stderr } = await run('setpriv', argv, { env: environment() });
    assert.equal(status, 125, stderr);
    assert.match(stderr, /needs root/);
  });
});
