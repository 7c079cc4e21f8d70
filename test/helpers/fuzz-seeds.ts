// Seeds of the fuzzers, made by the encoders that speak to the native code for real: plans of bundles, frames of every request, state files.
import { mkdirSync, writeFileSync } from 'node:fs';
import { create, type DescMessage, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { type TarEntry, writeTar } from '../../src/library/tar.ts';
import { compileBundle } from '../../src/runc/compile.ts';
import { defaultSpec } from '../../src/runc/default-spec.ts';
import { encodeFrame, frameTypes } from '../../src/shim/codec.ts';
import * as task from '../../src/shim/proto/gen/task_pb.ts';
import { RequestSchema } from '../../src/shim/proto/gen/ttrpc_pb.ts';
import { hostWith, version1, version2 } from '../runc/host.ts';

/** A seed: its name, and its bytes. */
type Seeds = Record<string, Uint8Array>;

const text = (value: string): Uint8Array => Buffer.from(value);

function plans(): Seeds {
  const config = JSON.stringify({ ...defaultSpec(), hostname: 'fuzz' });
  const compile = (cgroups: typeof version1): Uint8Array =>
    compileBundle({ id: 'web', bundle: '/bun', config, host: hostWith({ cgroups }) }).bytes;
  return { version1: compile(version1), version2: compile(version2) };
}

const requests: ReadonlyArray<[string, Uint8Array]> = (() => {
  const of = <D extends DescMessage>(method: string, schema: D, value: MessageInitShape<D>): [string, Uint8Array] => [
    method,
    toBinary(schema, create(schema, value)),
  ];
  const id = 'web';
  const any = { typeUrl: 'containerd.runc.v1.Options', value: new Uint8Array([8, 1, 16, 1, 50, 4, 47, 114, 117, 110]) };
  const mount = { type: 'overlay', source: 'overlay', options: ['ro', 'lowerdir=/a:/b', 'upperdir=/u', 'workdir=/w'] };
  return [
    of('Create', task.CreateTaskRequestSchema, {
      id: 'two',
      bundle: '/bun',
      rootfs: [mount],
      stdout: '/bun/out',
      options: any,
    }),
    of('Create', task.CreateTaskRequestSchema, {
      id: 'three',
      bundle: '/bun',
      terminal: true,
      checkpoint: 'x',
    } as never),
    of('State', task.StateRequestSchema, { id }),
    of('Start', task.StartRequestSchema, { id, execId: 'e' }),
    of('Delete', task.DeleteRequestSchema, { id, execId: 'e' }),
    of('Pids', task.PidsRequestSchema, { id }),
    of('Pause', task.PauseRequestSchema, { id }),
    of('Resume', task.ResumeRequestSchema, { id }),
    of('Checkpoint', task.CheckpointTaskRequestSchema, { id, path: '/c' }),
    of('Kill', task.KillRequestSchema, { id, signal: 15, all: true }),
    of('Exec', task.ExecProcessRequestSchema, {
      id,
      execId: 'e',
      spec: { typeUrl: 'x', value: text('{"args":["true"]}') },
    }),
    of('ResizePty', task.ResizePtyRequestSchema, { id, width: 80, height: 24 }),
    of('CloseIO', task.CloseIORequestSchema, { id, stdin: true }),
    of('Update', task.UpdateTaskRequestSchema, { id, resources: { typeUrl: 'x', value: text('{}') } }),
    of('Wait', task.WaitRequestSchema, { id }),
    of('Stats', task.StatsRequestSchema, { id }),
    of('Connect', task.ConnectRequestSchema, { id }),
    of('Shutdown', task.ShutdownRequestSchema, { id }),
  ];
})();

function frameOf([method, payload]: [string, Uint8Array], streamId: number): Buffer {
  const metadata = [{ key: 'traceparent', value: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` }];
  const message = create(RequestSchema, { service: 'containerd.task.v2.Task', method, payload, metadata });
  return encodeFrame({ streamId, type: frameTypes.request, payload: toBinary(RequestSchema, message) });
}

/** Each request alone, to a shim with and without a container, and all of them in one connection. */
function frames(): Seeds {
  const alone = requests.flatMap((request, at) =>
    [0, 1, 3].map((flags) => [
      `${request[0]}-${at}-${flags}`,
      Buffer.concat([Buffer.from([flags]), frameOf(request, 1)]),
    ]),
  );
  const all = Buffer.concat([Buffer.from([1]), ...requests.map((request, at) => frameOf(request, 2 * at + 1))]);
  return { ...Object.fromEntries(alone), all };
}

/** `container` as native/runc/state.h has it, then the plan; the size of the first before both. */
function states(): Seeds {
  const saved = Buffer.alloc(48 + 2 * 4096 - 8);
  saved.write('TLABCONT');
  saved.writeUInt32LE(1, 8);
  saved.write('/bun', 40);
  saved.write('/bun/rootfs', 40 + 4096);
  const size = Buffer.alloc(2);
  size.writeUInt16LE(saved.length);
  return Object.fromEntries(Object.entries(plans()).map(([name, plan]) => [name, Buffer.concat([size, saved, plan])]));
}

const words = (...argv: string[]): Uint8Array => text(`${argv.join('\0')}\0`);

const entry = (path: string, more: Partial<TarEntry> = {}): TarEntry => ({
  ...{ path, type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 1, link: '', data: new Uint8Array() },
  ...more,
});

/** Layers: the byte that says what whiteouts become, then a tar. */
function layers(): Seeds {
  const directory = (path: string) => entry(path, { type: 'directory', mode: 0o755 });
  const tree = [
    directory('a'),
    entry('a/file', { data: text('content') }),
    entry('a/link', { type: 'symlink', link: '../../beside' }),
    entry('a/hard', { type: 'hardlink', link: 'a/file' }),
    entry('a/link/secret', { data: text('x') }),
    entry('a/fifo', { type: 'fifo' }),
    entry('c/made/on/the/way', { data: text('y') }),
    directory('a'),
  ];
  const whiteouts = [directory('a'), entry('a/f'), entry('a/.wh.f'), entry('b/.wh..wh..opq'), entry('.wh.a')];
  const long = [entry(`${'d'.repeat(120)}/${'e'.repeat(120)}`, { uid: 3_000_000, link: '' })];
  const link = (path: string, to: string) => entry(path, { type: 'hardlink', link: to });
  const below = [link('h2', 'secret'), link('a/h3', 'h'), link('x', 'l/secret'), entry('.wh.a'), entry('a/b/new')];
  const tars = { tree, whiteouts, long, below, up: [entry('../beside/new'), entry('/beside/secret')] };
  return Object.fromEntries(
    Object.entries(tars).flatMap(([name, entries]) => {
      const tar = Buffer.from(writeTar(entries));
      return [0, 1, 2].map((mode) => [`${name}-${mode}`, Buffer.concat([Buffer.from([mode]), tar])]);
    }),
  );
}

/** By the name of the harness. */
export const seedsOf: Readonly<Record<string, () => Seeds>> = {
  plan: plans,
  unpack: layers,
  task: frames,
  state: states,
  options: () => ({
    create: words(
      '--root',
      '/r',
      '--log=/l',
      '--log-format',
      'json',
      'create',
      '-b',
      '/bun',
      '--pid-file',
      '/p',
      'web',
    ),
    exec: words('exec', '--process', '/p', '--preserve-fds=3', '-d', '-t', 'web', 'sh', '-c', 'true'),
    kill: words('--systemd-cgroup', 'kill', '--all', 'web', 'KILL'),
  }),
  log: () => ({
    json: text('{"level":"warning","msg":"a"}\n{"level":"error","msg":"b \\"c\\" \\u00e9\\n","time":"t"}\n'),
    fatal: text('{"msg": "x\\\\", "level": "fatal"}'),
  }),
  spec: () => ({
    group: text('{"annotations":{"a":"b","io.kubernetes.cri.sandbox-id":"pod"},"x":[{"y":"}"}]}'),
    none: text('{"process":{"args":["\\"]"]},"annotations":null}'),
  }),
  'runtime-options': () => ({ runtime: text('\0/usr/bin/runc\n/run/runc/moby\n1\n'), pid: text('\x014711\n') }),
};

/** Writes a harness's seeds into a folder. */
export function writeSeeds(name: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [seed, bytes] of Object.entries(seedsOf[name]?.() ?? {})) writeFileSync(`${folder}/${seed}`, bytes);
}
