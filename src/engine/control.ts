// The controller of hold and inject: stages with TLAB_CONTROL in their environment ask before each step, and wait for the answer.
// Protocol: native/common/control.h. Whoever decides may take its time: until it answers, the stage stands before that step.
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** What a stage is about to do. */
export interface Question {
  stage: string;
  /** Of the process that asks; for operations of a container's first process, of its runtime. */
  pid: number;
  verb: string;
  /** The container's id; an exec's is `container/exec`. */
  id: string;
  /** The place in the plan; undefined for a step that no plan has. */
  index: number | undefined;
  name: string;
  /** `runtime` or `init` in a plan, otherwise the stage. */
  actor: string;
  /** A JSON pointer, a named default, or what the step works on. */
  cause: string;
}

/** `go`, or the name of the errno that the step fails with, e.g. `EIO`. */
export type Answer = 'go' | Errno;
type Errno = `E${string}`;

export interface Controller {
  /** What TLAB_CONTROL must be. */
  path: string;
  /** Stages that ask, or wait for an answer, go on. */
  close(): Promise<void>;
}

/** Undefined for a line that is not a question. */
export function parseQuestion(line: string): Question | undefined {
  const form = /^ask (\S+) (\d+) (\S+) (\S+) (\d+|-) (\S+) (\S+)(?: (.*))?$/.exec(line);
  if (form === null) return undefined;
  const [, stage = '', pid, verb = '', id = '', index, name = '', actor = '', cause = ''] = form;
  return { stage, pid: Number(pid), verb, id, index: index === '-' ? undefined : Number(index), name, actor, cause };
}

/** Listens at `path` (mode 0600) and asks `decide` for each answer. */
export function control(path: string, decide: (question: Question) => Answer | Promise<Answer>): Promise<Controller> {
  const { promise, resolve, reject } = Promise.withResolvers<Controller>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    const lines = createInterface({ input: socket }).on('line', (line) => void answer(socket, line, decide));
    // A stage that was killed while it waited: both emit it.
    for (const emitter of [socket, lines]) emitter.on('error', () => socket.destroy());
  });
  server.on('error', reject);
  const before = process.umask(0o177);
  server.listen(path, () => resolve({ path, close: () => close(server, sockets, path) }));
  process.umask(before);
  return promise;
}

async function answer(socket: Socket, line: string, decide: (question: Question) => Answer | Promise<Answer>) {
  const question = parseQuestion(line);
  if (question === undefined) {
    socket.destroy();
    return;
  }
  const decision = await decide(question);
  if (socket.writable) socket.write(decision === 'go' ? 'go\n' : `fail ${decision}\n`);
}

async function close(server: Server, sockets: Set<Socket>, path: string): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const socket of sockets) socket.destroy();
  await closed;
  rmSync(path, { force: true });
}
