// A whole tlab engine of a test's own: its folders below one root, its own network namespace, and nothing left at the end.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { must, type Ran, type RunOptions, run, start } from './shell.ts';
import { waitUntil } from './wait.ts';

export interface TestEngine {
  root: string;
  /** Environment that leads every tlab program to this engine. */
  env: Record<string, string>;
  /** Runs `tlab …` in the engine's network namespace. */
  tlab(args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** The same, when it must succeed; its output without the last line break. */
  must(...args: string[]): Promise<string>;
  /** Arguments of nsenter that lead into its network namespace. */
  enter: string[];
  /** Any program in the engine's network namespace. */
  inside(program: string, args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** Arguments that lead the real docker command line here. */
  dockerHost: string[];
  stop(): Promise<void>;
}

export interface EngineOptions {
  /** A mount namespace without the version 2 hierarchy of a hybrid host: crun 1.8 refuses to run where it sees one. */
  withoutUnified?: boolean;
  /** The content of its daemon.json. */
  configuration?: Record<string, unknown>;
  /** The socket of a controller, below the engine's root: daemon, containerd, shims and runtimes ask there. */
  controlled?: boolean;
}

export const tlabProgram = new URL('../../bin/tlab', import.meta.url).pathname;

/** The offline images that tests use, built once a checkout; the host's own library is left alone. */
export async function builtLibrary(): Promise<string> {
  const dataRoot = new URL('../../dist/test', import.meta.url).pathname;
  await must(tlabProgram, ['library', 'build', 'busybox', 'nginx'], {
    env: { TLAB_DATA_ROOT: dataRoot },
    timeoutMs: 300_000,
  });
  return `${dataRoot}/library`;
}

/** Starts a daemon in a network namespace of its own, with the offline images busybox and nginx. */
export async function startEngine({
  withoutUnified = false,
  configuration,
  controlled = false,
}: EngineOptions = {}): Promise<TestEngine> {
  const root = mkdtempSync('/var/tmp/tlab-test-');
  chmodSync(root, 0o711); // as the real folders: root of a mapped container is nobody here
  const env: Record<string, string> = {
    TLAB_RUN_ROOT: `${root}/run`,
    TLAB_DATA_ROOT: `${root}/data`,
    TLAB_CONFIG: `${root}/daemon.json`,
    NO_COLOR: '1',
    ...(controlled ? { TLAB_CONTROL: `${root}/control` } : {}),
  };
  // A process that only holds the namespaces open.
  const hide = withoutUnified ? 'umount /sys/fs/cgroup/unified 2>/dev/null;' : '';
  const namespaces = ['--net', ...(withoutUnified ? ['--mount'] : [])];
  // A new network has the host's ip_forward, which is 1 where Docker runs. @source Documentation/admin-guide/sysctl/net.rst devconf_inherit_init_net
  const calm = 'ip link set lo up && echo 0 >/proc/sys/net/ipv4/ip_forward';
  const holder = start('unshare', [...namespaces, 'sh', '-c', `${hide} ${calm} && exec sleep infinity`]);
  await waitUntil(() => readFileSync(`/proc/${holder.pid}/comm`, 'utf8').trim() === 'sleep', {
    what: 'a network namespace',
  });
  const enter = [`--net=/proc/${holder.pid}/ns/net`];
  if (withoutUnified) enter.push(`--mount=/proc/${holder.pid}/ns/mnt`);
  const inside: TestEngine['inside'] = (program, args, options = {}) =>
    run('nsenter', [...enter, program, ...args], { ...options, env: { ...env, ...options.env } });
  const tlab: TestEngine['tlab'] = (args, options) => inside(tlabProgram, args, options);
  const checked = async (...args: string[]): Promise<string> => {
    const ran = await tlab(args);
    if (ran.status !== 0) throw new Error(`tlab ${args.join(' ')}: status ${ran.status}\n${ran.stdout}${ran.stderr}`);
    return ran.stdout.trimEnd();
  };
  const stop = async (): Promise<void> => {
    await tlab(['system', 'reset', '--yes'], { timeoutMs: 60_000 });
    await holder.stop('SIGKILL');
    rmSync(root, { recursive: true, force: true });
  };
  try {
    await must('mkdir', ['-p', `${root}/data`]);
    await must('cp', ['-a', await builtLibrary(), `${root}/data/library`]);
    if (configuration !== undefined) writeFileSync(`${root}/daemon.json`, JSON.stringify(configuration));
    await checked('system', 'start');
  } catch (error) {
    await stop();
    throw error;
  }
  return { root, env, enter, tlab, must: checked, inside, dockerHost: ['-H', `unix://${root}/run/tlab.sock`], stop };
}
