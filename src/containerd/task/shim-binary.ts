// A shim's two command-line verbs: `start` forks the shim and prints its address, `delete` cleans up after one that died.
// @source containerd runtime/v2/README (shim start protocol); runtime/v2/shim/util.go
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { type Any, AnySchema } from '@bufbuild/protobuf/wkt';
import { LabError } from '../../base/errors.ts';
import { paths } from '../../base/paths.ts';
import { type DeleteResponse, DeleteResponseSchema } from '../../shim/proto/gen/task_pb.ts';
import { childSpan } from '../../trace/context.ts';
import { emit } from '../../trace/recorder.ts';
import type { Bundle } from './bundle.ts';

export interface ShimSettings {
  /** Our gRPC socket; the ttrpc one is beside it. */
  address: string;
  /** Program that a shim may call when its ttrpc connection is gone. */
  publishBinary: string;
  /** Looked in before PATH. */
  binaryFolder: string;
}

const longestOutputBytes = 1 << 20;
const startTimeoutMs = 60_000;

/** `io.containerd.tlab.v2` → `containerd-shim-tlab-v2`; an absolute path is taken as it is. Errors: notFound, invalidArgument. */
export function shimBinary(runtime: string, folder: string): string {
  if (runtime.startsWith('/')) return executable(runtime) ? runtime : missing(runtime);
  const [name, version] = runtime.split('.').slice(-2);
  if (!/^[\w.-]+$/.test(runtime) || !name || !version) {
    throw new LabError('invalidArgument', `runtime "${runtime}": expected a name like io.containerd.tlab.v2`);
  }
  const binary = `containerd-shim-${name}-${version}`;
  const folders = [folder, ...(process.env.PATH ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin').split(':')];
  const path = folders.map((place) => `${place}/${binary}`).find(executable);
  return path ?? missing(binary);
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function missing(binary: string): never {
  throw new LabError('notFound', `runtime binary "${binary}": not found in dist/bin or PATH`);
}

/** Starts the bundle's shim and returns the address that it listens at. Errors: internal with what the shim said. */
export async function startShim(
  bundle: Bundle,
  binary: string,
  shim: { settings: ShimSettings; options: Any | undefined },
): Promise<string> {
  const startedMs = performance.now();
  const input = shim.options === undefined ? new Uint8Array() : toBinary(AnySchema, shim.options);
  const { stdout, stderr } = await runShim({ bundle, binary, settings: shim.settings, verb: ['start'], input });
  const address = stdout.toString().trim().split('\n').at(-1) ?? '';
  if (!/^(unix:\/\/|\/|@)/.test(address)) {
    throw new LabError(
      'internal',
      `starting the shim of "${bundle.id}": it printed no address: ${stdout.toString().trim()}${stderr}`,
    );
  }
  const durationMs = Math.round(performance.now() - startedMs);
  emit('containerd.shim-started', { data: { id: bundle.id, binary, address, durationMs } });
  return address;
}

/** Cleans up after a dead shim: what it left, and what its process's end was. Undefined when even that cannot be told. */
export async function deleteShim(
  bundle: Bundle,
  binary: string,
  settings: ShimSettings,
): Promise<DeleteResponse | undefined> {
  try {
    const verb = ['-bundle', bundle.path, 'delete'];
    const { stdout } = await runShim({ bundle, binary, settings, verb, input: new Uint8Array() });
    return fromBinary(DeleteResponseSchema, stdout);
  } catch {
    return undefined;
  }
}

interface ShimRun {
  bundle: Bundle;
  binary: string;
  settings: ShimSettings;
  verb: string[];
  input: Uint8Array;
}

function runShim({ bundle, binary, settings, verb, input }: ShimRun): Promise<{ stdout: Buffer; stderr: string }> {
  const argv = [
    '-namespace',
    bundle.namespace,
    '-address',
    settings.address,
    '-publish-binary',
    settings.publishBinary,
    '-id',
    bundle.id,
    ...verb,
  ];
  const span = childSpan();
  const common = { door: 'exec', peer: 'shim', method: verb.at(-1) ?? '' } as const;
  if (span !== undefined) {
    emit('containerd.request-sent', {
      span: span.context.spanId,
      data: { ...common, parent: span.parent, body: { argv: [binary, ...argv] } },
      twin: `cd ${bundle.path} && TTRPC_ADDRESS=${settings.address}.ttrpc ${binary} ${argv.join(' ')}`,
    });
  }
  const child = spawn(binary, argv, {
    cwd: bundle.path,
    env: shimEnvironment(bundle, settings, span?.traceparent),
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: startTimeoutMs,
    killSignal: 'SIGKILL',
    detached: true,
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const stdout = collected(child.stdout);
  const stderr = collected(child.stderr);
  return new Promise((resolve, reject) => {
    child.once('error', (error) =>
      reject(new LabError('internal', `executing ${binary}: ${error.message}`, { cause: error })),
    );
    child.once('close', (code, signal) => {
      const text = Buffer.concat(stderr).toString().trim();
      if (span !== undefined)
        emit('containerd.response-received', {
          span: span.context.spanId,
          data: { ...common, status: code ?? 128, ...(text === '' ? {} : { error: text }) },
        });
      if (code === 0) resolve({ stdout: Buffer.concat(stdout), stderr: text });
      else
        reject(
          new LabError(
            'internal',
            `${binary.split('/').at(-1)} ${common.method}: ${text || Buffer.concat(stdout).toString().trim() || `ended with ${signal ?? code}`}`,
          ),
        );
    });
  });
}

function collected(stream: NodeJS.ReadableStream): Buffer[] {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= longestOutputBytes) chunks.push(chunk);
  });
  return chunks;
}

/** @source containerd runtime/v2/shim/util.go; 1.7 adds NAMESPACE, GRPC_ADDRESS, MAX_SHIM_VERSION */
function shimEnvironment(bundle: Bundle, settings: ShimSettings, traceparent: string | undefined): NodeJS.ProcessEnv {
  const { TRACEPARENT: _, ...inherited } = process.env;
  return {
    ...inherited,
    GOMAXPROCS: '2',
    TTRPC_ADDRESS: `${settings.address}.ttrpc`,
    GRPC_ADDRESS: settings.address,
    NAMESPACE: bundle.namespace,
    MAX_SHIM_VERSION: '2',
    TLAB_RUN_ROOT: paths.runRoot,
    TLAB_DATA_ROOT: paths.dataRoot,
    TLAB_TRACES: paths.traces,
    ...(traceparent === undefined ? {} : { TRACEPARENT: traceparent }),
  };
}
