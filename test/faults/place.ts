// A place for containers whose commands a controller fails or kills: who is asked, what is answered, and what is left afterwards.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { type Answer, type Controller, control, type Question } from '../../src/engine/control.ts';
import { compileProcessDocument } from '../../src/runc/compile.ts';
import { decodePlan } from '../../src/runc/plan/decode.ts';
import type { Operation } from '../../src/runc/plan/operations.ts';
import { keyringsOf, leftBehind } from '../helpers/left-behind.ts';
import { hasEnded } from '../helpers/real-containerd.ts';
import { RuntimePlace, type TestContainer } from '../helpers/runtime.ts';
import type { Ran } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';
import type { FaultPlan } from './plans.ts';

export const errnos = ['EIO', 'ENOSPC', 'EPERM', 'ENOMEM', 'EACCES', 'EINVAL'] as const;

/** An operation by its place in the plan, a step by its name. */
export type Point = number | string;

export interface Subject {
  container: TestContainer;
  plan: readonly Operation[];
  terminal: boolean;
}

/** What a bundle has before anything is created from it, and what the tests themselves write there. */
const own = ['config.json', 'plans', 'rootfs', 'output', 'errors', 'pid', 'process.json'];

export class FaultPlace {
  readonly #prefix = `fault${process.pid}-`;
  readonly #place = new RuntimePlace(this.#prefix);
  readonly #consoleSocket = `${this.#place.folder}/console`;
  readonly #consoles = createServer((stream) => stream.on('error', () => undefined));
  #controller: Controller | undefined;
  #decide: (question: Question) => Answer | Promise<Answer> = () => 'go';

  async open(): Promise<void> {
    this.#controller = await control(`${this.#place.folder}/control`, (question) => this.#decide(question));
    await new Promise<void>((resolve) => this.#consoles.listen(this.#consoleSocket, resolve));
  }

  async close(): Promise<void> {
    await this.#controller?.close();
    this.#consoles.close();
    await this.#place.remove();
  }

  /** From now on: nothing is failed. */
  calm(): void {
    this.#decide = () => 'go';
  }

  failAt(point: Point, errno: Answer): void {
    this.#decide = ({ index, name }) => ((index ?? name) === point ? errno : 'go');
  }

  /**
   * Kills the runtime that asks at the point, or whose child asks, once. A child that has a seccomp filter, which may forbid to be told of
   * the runtime's death by a signal, is let go then, and must see for itself. The function returned says whether it came to that. */
  killAt(point: Point): () => boolean {
    let killed = false;
    this.#decide = ({ pid, index, name }) => {
      if (killed || (index ?? name) !== point) return 'go';
      killed = true;
      process.kill(pid, 'SIGKILL');
      return waitUntil(() => hasEnded(pid), { what: 'the end of tlab-runc' }).then(() => 'go' as const);
    };
    return () => killed;
  }

  async subject({ edit }: FaultPlan, args: string[]): Promise<Subject> {
    const container = await this.#place.bundle(args, { edit: (config) => edit(config, this.#consoleSocket) });
    const [file = ''] = readdirSync(`${container.bundle}/plans`);
    const { operations, terminal } = decodePlan(readFileSync(`${container.bundle}/plans/${file}`));
    return { container, plan: operations, terminal };
  }

  /** One more process for a subject's container: its document in the bundle, with its plan. */
  process({ container }: Subject, changes: Record<string, unknown>): readonly Operation[] {
    const config = readFileSync(`${container.bundle}/config.json`, 'utf8');
    const process = JSON.stringify({ ...JSON.parse(config).process, ...changes });
    writeFileSync(`${container.bundle}/process.json`, process);
    const { bytes, sha256, operations } = compileProcessDocument({ ...container, config, process });
    writeFileSync(`${container.bundle}/plans/${sha256}.plan`, bytes);
    return operations;
  }

  /** A verb with the controller, and with the mark in its environment by which leftBehind finds its processes. */
  async runc({ container, terminal }: Subject, verb: string, ...more: string[]): Promise<Ran> {
    const makes = verb === 'create' || verb === 'run';
    const enters = makes || verb === 'exec';
    if (enters) rmSync(`${container.bundle}/pid`, { force: true });
    const options = [
      ...(makes ? ['--bundle', container.bundle] : []),
      ...(enters ? ['--pid-file', `${container.bundle}/pid`] : []),
      ...(verb === 'exec' ? ['--process', `${container.bundle}/process.json`] : []),
      ...(terminal && enters ? ['--console-socket', this.#consoleSocket] : []),
    ];
    const env = { TLAB_CONTROL: this.#controller?.path ?? '', MARK: `${container.bundle}/` };
    return this.#place.runc([verb, ...options, ...more, container.id], { bundle: container.bundle, env });
  }

  /** The same, when it must succeed. */
  async must(one: Subject, verb: string, ...more: string[]): Promise<void> {
    const { status, stderr } = await this.runc(one, verb, ...more);
    assert.equal(status, 0, `${verb}: ${stderr}`);
  }

  async status({ container }: Subject): Promise<unknown> {
    return (await this.#place.state(container)).status;
  }

  reaches({ container }: Subject, status: string): Promise<unknown> {
    return this.#place.reaches(container, status);
  }

  /** What the last verb, or the container's own first process, has written to standard error. */
  said = ({ container }: Subject): string => readFileSync(`${container.bundle}/errors`, 'utf8');

  left = ({ container }: Subject): Record<string, string[]> => leftBehind(this.#place, container, own);

  async assertNothingLeft(one: Subject, when: string): Promise<void> {
    await waitUntil(() => Object.keys(this.left(one)).length === 0, {
      what: 'nothing to be left',
      deadlineMs: 5000,
    }).catch(() => assert.deepEqual(this.left(one), {}, when));
  }

  /** What is there of a container becomes what it was. */
  async reachesLeft(one: Subject, before: Record<string, string[]>, when: string): Promise<void> {
    const wanted = JSON.stringify(before);
    await waitUntil(() => JSON.stringify(this.left(one)) === wanted, {
      what: 'the container alone',
      deadlineMs: 5000,
    }).catch(() => assert.deepEqual(this.left(one), before, when));
  }

  async assertKeyringsGone(): Promise<void> {
    await waitUntil(() => keyringsOf(this.#prefix).length === 0, {
      what: 'keyrings to be collected',
      deadlineMs: 20_000,
    });
  }
}

/** Text that names the operation, the errno and, where a line of the document asked for it, that line. */
export function assertCause(text: string, operation: Operation, errno: string, document = 'config.json'): void {
  assert.ok(text.includes(`operation "${operation.name}": injected: ${errno} `), `${operation.name}: ${text}`);
  if (operation.cause.startsWith('/')) assert.ok(text.includes(`(${document} ${operation.cause})`), text);
}
