// A small world for network tests: a "host" namespace with networking in it, and an "outside" one that is its neighbour.
//   outside 10.88.0.2 ── veth ── 10.88.0.1 host ── tlab0 ── sandboxes
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Sandbox } from '../../src/daemon/network/networking.ts';
import { must, type Ran, run, start } from './shell.ts';
import { waitUntil } from './wait.ts';

const driver = new URL('./network-driver.ts', import.meta.url).pathname;

export const hostAddress = '10.88.0.1';

/** Networking inside the host namespace. `kill` is kill -9. */
export interface Driver {
  call<T>(method: string, argument?: unknown): Promise<T>;
  kill(): Promise<void>;
}

export interface NetworkLab {
  host: string;
  outside: string;
  root: string;
  drive(): Driver;
  /** Runs a program in a namespace: `host`, `outside`, or a sandbox's path. */
  inside(namespace: string, ...argv: string[]): Promise<Ran>;
  /** HTTP status and the client's address as the server saw it; 'none' when there is no answer. */
  get(namespace: string, url: string): Promise<string>;
  /** A server that answers with its client's address, until the lab is closed. */
  serve(namespace: string, port: number): Promise<void>;
  /** Runs shell commands on the host, one after the other; each must succeed. */
  typeByHand(commands: readonly string[]): Promise<void>;
  /** What tlab could leave behind. */
  traces(): Promise<string>;
  close(): Promise<void>;
}

const serverScript =
  'const [port] = process.argv.slice(1);' +
  'require("node:http").createServer((q, r) => r.end(q.socket.remoteAddress)).listen(Number(port), "0.0.0.0",' +
  ' () => console.log("ready"));';

function startDriver(namespace: string, argv: string[]): Driver {
  const child = spawn('nsenter', [`--net=/run/netns/${namespace}`, process.execPath, driver, ...argv], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let last: Promise<unknown> = Promise.resolve();
  const ask = async (method: string, argument: unknown): Promise<unknown> => {
    child.stdin.write(`${JSON.stringify({ method, argument })}\n`);
    const answer = await answers.next();
    if (answer.done === true) throw new Error(`the driver ended during ${method}`);
    const { result, error } = JSON.parse(answer.value);
    if (error !== undefined) throw Object.assign(new Error(error.message), { kind: error.kind });
    return result;
  };
  return {
    call<T>(method: string, argument?: unknown) {
      const next = last.then(() => ask(method, argument));
      last = next.catch(() => undefined);
      return next as Promise<T>;
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function connectNeighbours(host: string, outside: string): Promise<void> {
  for (const name of [host, outside]) {
    await must('ip', ['netns', 'add', name]);
    await must('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
  }
  await must('ip', ['-n', host, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', outside]);
  await must('ip', ['-n', host, 'addr', 'add', `${hostAddress}/24`, 'dev', 'eth0']);
  await must('ip', ['-n', outside, 'addr', 'add', '10.88.0.2/24', 'dev', 'eth0']);
  for (const name of [host, outside]) await must('ip', ['-n', name, 'link', 'set', 'eth0', 'up']);
}

/** `iptables` is the backend by its programs' prefix. Needs root. */
export async function openNetworkLab(iptables: string): Promise<NetworkLab> {
  const host = `tlabtest${process.pid}h`;
  const outside = `tlabtest${process.pid}o`;
  const root = mkdtempSync('/tmp/tlab-network-');
  await connectNeighbours(host, outside);
  const stops: Array<() => Promise<void>> = [];
  const enter = (namespace: string): string =>
    namespace.startsWith('/') ? `--net=${namespace}` : `--net=/run/netns/${namespace === 'outside' ? outside : host}`;
  const inside: NetworkLab['inside'] = (namespace, ...argv) => run('nsenter', [enter(namespace), ...argv]);
  return {
    host,
    outside,
    root,
    inside,
    drive() {
      const started = startDriver(host, [root, iptables]);
      stops.push(() => started.kill());
      return started;
    },
    async get(namespace, url) {
      const ran = await inside(namespace, 'curl', '-s', '-m', '0.7', '-w', ' %{http_code}', url);
      return ran.status === 0 ? ran.stdout : 'none';
    },
    async serve(namespace, port) {
      const server = start('nsenter', [enter(namespace), process.execPath, '-e', serverScript, String(port)]);
      stops.push(() => server.stop('SIGKILL'));
      const isListening = async () => (await inside(namespace, 'ss', '-Hltn', `sport = :${port}`)).stdout !== '';
      await waitUntil(isListening, { what: `a server on port ${port}` });
    },
    async typeByHand(commands) {
      await must('mkdir', ['-p', `${root}/run/netns`]);
      for (const command of commands) {
        const typed = command.replaceAll('iptables -t', `${iptables} -t`);
        await must('nsenter', [enter('host'), 'sh', '-c', typed]);
      }
    },
    async traces() {
      const links = await inside('host', 'ip', '-br', 'link');
      const rules = await inside('host', `${iptables}-save`);
      const mounts = await run('grep', [root, '/proc/self/mountinfo']);
      const forwarding = await inside('host', 'cat', '/proc/sys/net/ipv4/ip_forward');
      const kept = rules.stdout.split('\n').filter((line) => line.startsWith('-') || line.includes('TLAB'));
      const names = links.stdout.split('\n').map((line) => line.split(/[\s@]/)[0]);
      return [...names, ...kept, mounts.stdout, forwarding.stdout].join('\n');
    },
    async close() {
      for (const stop of stops.reverse()) await stop();
      for (const name of [host, outside]) await run('ip', ['netns', 'delete', name]);
      await run('sh', ['-c', `for f in ${root}/run/netns/*; do umount -l "$f" 2>/dev/null; done`]);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

export const idOf = (digit: string): string => digit.repeat(64);

/** A request for a container on the bridge. */
export const onBridge = (digit: string, portBindings: Record<string, unknown> = {}) => ({
  id: idOf(digit),
  name: `web-${digit}`,
  hostname: 'web',
  networkMode: 'bridge',
  exposedPorts: ['80/tcp'],
  portBindings,
});

export const pathOf = (sandbox: Sandbox): string => {
  if (sandbox.path === undefined) throw new Error('the sandbox has no namespace');
  return sandbox.path;
};
