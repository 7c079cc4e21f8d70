// A hundred containers at once, through the Docker API of each engine: created and started side by side, then removed side by side;
// what their shims hold in memory meanwhile, and what is left afterwards.
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import type { TestEngine } from '../helpers/engine.ts';
import { leavesNothing } from '../helpers/nothing-left.ts';
import type { RealDocker } from '../helpers/real-docker.ts';
import { type Figure, median } from './measure.ts';

const size = 100;

/** In KiB. Unique: pages that no other process has, so what one more shim costs. @source man proc(5) smaps_rollup */
interface Memory {
  resident: number;
  unique: number;
}

interface Crowd {
  startMs: number;
  removeMs: number;
  one: Memory;
  many: Memory;
}

/** Prints figures of both engines; ours also must leave nothing. */
export async function crowdFigures(engine: TestEngine, docker: RealDocker): Promise<Figure[]> {
  const theirs = await crowdOf(docker.host[1]?.replace('unix://', '') ?? '');
  const ours: Crowd[] = [];
  await leavesNothing(engine, async () => {
    ours.push(await crowdOf(`${engine.root}/run/tlab.sock`));
  });
  return ours.flatMap((one) => [
    duration(`${size} containers started at once`, one.startMs, theirs.startMs),
    duration('the same removed at once; nothing left', one.removeMs, theirs.removeMs),
    memory('shim of an idle container, resident', one.one.resident, theirs.one.resident),
    memory('the same, unique', one.one.unique, theirs.one.unique),
    memory(`one of ${size} shims, resident`, one.many.resident, theirs.many.resident),
    memory('the same, unique', one.many.unique, theirs.many.unique),
    { ...memory('resident against its limit', one.many.resident, 1536), beside: 'limit 1.50 MiB', budget: 1 },
  ]);
}

async function crowdOf(socket: string): Promise<Crowd> {
  const first = await startOne(socket);
  const one = memoryOf([first]);
  await removeOne(socket, first);
  const begin = performance.now();
  const ids = await Promise.all(Array.from({ length: size }, () => startOne(socket)));
  const startMs = performance.now() - begin;
  const many = memoryOf(ids);
  const removal = performance.now();
  await Promise.all(ids.map((id) => removeOne(socket, id)));
  return { startMs, removeMs: performance.now() - removal, one, many };
}

async function startOne(socket: string): Promise<string> {
  const { Id } = JSON.parse(await call(socket, 'POST /containers/create', { Image: 'busybox', Cmd: ['sleep', '600'] }));
  await call(socket, `POST /containers/${Id}/start`);
  return Id;
}

const removeOne = (socket: string, id: string): Promise<string> => call(socket, `DELETE /containers/${id}?force=1`);

function call(socketPath: string, what: string, body?: object): Promise<string> {
  const [method, path] = what.split(' ');
  const text = body === undefined ? '' : JSON.stringify(body);
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, method, path, headers, agent: false }, async (response) => {
      let answer = '';
      for await (const part of response) answer += part;
      if ((response.statusCode ?? 500) < 300) resolve(answer);
      else reject(new Error(`${what}: ${response.statusCode} ${answer}`));
    });
    sent.once('error', reject);
    sent.end(text);
  });
}

/** Medians over the shims of these containers: a shim is the process whose arguments name the container's id. */
function memoryOf(ids: readonly string[]): Memory {
  const wanted = new Set(ids);
  const shims = readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    const argv = readOrEmpty(`/proc/${name}/cmdline`).split('\0');
    return (argv[0] ?? '').includes('containerd-shim') && argv.some((word) => wanted.has(word));
  });
  if (shims.length !== ids.length) throw new Error(`${shims.length} shims for ${ids.length} containers`);
  const sums = shims.map((pid) => readOrEmpty(`/proc/${pid}/smaps_rollup`));
  const kib = (text: string, name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? Number.NaN);
  return {
    resident: median(sums.map((text) => kib(text, 'Rss'))),
    unique: median(sums.map((text) => kib(text, 'Private_Clean') + kib(text, 'Private_Dirty'))),
  };
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // gone meanwhile
  }
}

const duration = (what: string, ours: number, theirs: number): Figure => ({
  what,
  value: `${ours.toFixed(0)} ms`,
  beside: `docker ${theirs.toFixed(0)} ms`,
  ratio: ours / theirs,
  budget: undefined,
});

const memory = (what: string, ours: number, theirs: number): Figure => ({
  what,
  value: `${(ours / 1024).toFixed(2)} MiB`,
  beside: `containerd-shim-runc-v2 ${(theirs / 1024).toFixed(2)} MiB`,
  ratio: ours / theirs,
  budget: undefined,
});
