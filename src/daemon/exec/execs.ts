// Execs: further processes in a running container. They live in memory only, until a while after their end.
import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import { LabError } from '../../base/errors.ts';
import type { Container } from '../container/container.ts';
import type { ExecInspect } from '../protocol.ts';
import { command, flag, integer, maybe, text, texts } from '../schema/fields.ts';
import type { Streams } from '../stdio/streams.ts';

/** @source docker-api POST /containers/{id}/exec */
export const execSchema = v.object({
  AttachStdin: maybe(flag),
  AttachStdout: maybe(flag),
  AttachStderr: maybe(flag),
  DetachKeys: maybe(text),
  Tty: maybe(flag),
  Cmd: maybe(command),
  Env: maybe(texts),
  User: maybe(text),
  WorkingDir: maybe(text),
  Privileged: maybe(flag),
  ConsoleSize: maybe(v.array(integer)),
});
export type ExecConfig = v.InferOutput<typeof execSchema>;

export interface Exec {
  id: string;
  container: Container;
  config: ExecConfig;
  status: 'created' | 'running' | 'exited';
  exitCode: number | null;
  pid: number;
  streams: Streams | undefined;
  exited: PromiseWithResolvers<void>;
}

export class Execs {
  readonly #byId = new Map<string, Exec>();
  /** Over for the daemon, but containerd was away when the shim was to forget them. */
  readonly left = new Set<Exec>();

  add(container: Container, config: ExecConfig): Exec {
    const exec: Exec = {
      id: randomBytes(32).toString('hex'),
      container,
      config,
      status: 'created',
      exitCode: null,
      pid: 0,
      streams: undefined,
      exited: Promise.withResolvers<void>(),
    };
    this.#byId.set(exec.id, exec);
    container.execIds.add(exec.id);
    return exec;
  }

  /** Errors: notFound in Docker's words. */
  find(id: string): Exec {
    const exec = this.#byId.get(id) ?? [...this.#byId.values()].find((candidate) => candidate.id.startsWith(id));
    if (exec !== undefined && id !== '') return exec;
    throw new LabError('notFound', `No such exec instance: ${id}`);
  }

  get(id: string): Exec | undefined {
    return this.#byId.get(id);
  }

  /** It has ended, or its container has and every process in it. */
  remove(id: string): void {
    const exec = this.#byId.get(id);
    if (exec === undefined) return;
    exec.container.execIds.delete(id);
    if (exec.status === 'running') {
      exec.status = 'exited';
      exec.exitCode = 137;
    }
    exec.streams?.close();
    exec.exited.resolve();
    // Clients ask for the exit status after the output has ended: the answer must outlive the process by a little.
    setTimeout(() => this.#byId.delete(id), keptMs).unref();
  }
}

/** @source moby daemon/exec.go containerExecGC */
const keptMs = 300_000;

export function inspectExec(exec: Exec): ExecInspect {
  const [entrypoint = '', ...rest] = exec.config.Cmd ?? [];
  return {
    ID: exec.id,
    Running: exec.status === 'running',
    ExitCode: exec.exitCode,
    Pid: exec.pid,
    ContainerID: exec.container.id,
    OpenStdin: exec.config.AttachStdin ?? false,
    OpenStdout: exec.config.AttachStdout ?? false,
    OpenStderr: exec.config.AttachStderr ?? false,
    CanRemove: exec.status === 'exited',
    DetachKeys: exec.config.DetachKeys ?? '',
    ProcessConfig: {
      tty: exec.config.Tty ?? false,
      entrypoint,
      arguments: rest,
      privileged: exec.config.Privileged ?? false,
      user: exec.config.User ?? '',
    },
  };
}
