// One task: its bundle, its shim, its process and its execs. Each verb asks the machine whether it may, then the shim to do it.
// Rule: the shim knows best. When the machine would refuse, the shim is asked for the state first: an exit may not have reached us yet.
import type { Any } from '@bufbuild/protobuf/wkt';
import { asLabError, LabError } from '../../base/errors.ts';
import type { ShimClient } from '../../shim/client.ts';
import { Status } from '../../shim/proto/gen/process_pb.ts';
import type { DeleteResponse, StateResponse, WaitResponse } from '../../shim/proto/gen/task_pb.ts';
import { checkIdentifier } from '../metadata/identifiers.ts';
import type { Bundle } from './bundle.ts';
import { Lifecycle } from './lifecycle.ts';
import { writeProcessPlan } from './plan.ts';
import type { ProcessEvent } from './task.machine.ts';

export interface TaskParts {
  bundle: Bundle;
  shim: ShimClient;
  /** Path of the shim's binary. */
  binary: string;
  /** True when the runtime is ours and wants plans. */
  hasPlans: boolean;
}

export interface ExecRequest {
  execId: string;
  stdin: string;
  stdout: string;
  stderr: string;
  terminal: boolean;
  spec?: Any | undefined;
}

const states: Partial<Record<Status, 'created' | 'running' | 'paused' | 'stopped'>> = {
  [Status.CREATED]: 'created',
  [Status.RUNNING]: 'running',
  [Status.PAUSED]: 'paused',
  [Status.PAUSING]: 'running',
  [Status.STOPPED]: 'stopped',
};

export class Task {
  readonly parts: TaskParts;
  readonly lifecycle: Lifecycle;
  readonly #execs = new Map<string, Lifecycle>();
  /** Resolves when the shim is gone and what it left is cleaned up. */
  readonly gone: Promise<DeleteResponse | undefined>;
  settleGone: (response: DeleteResponse | undefined) => void = () => {};
  /** Set before the shim is asked to go. */
  isShutDown = false;

  constructor(parts: TaskParts) {
    this.parts = parts;
    this.lifecycle = new Lifecycle({ namespace: parts.bundle.namespace, id: parts.bundle.id, exec: undefined });
    this.gone = new Promise((resolve) => {
      this.settleGone = resolve;
    });
  }

  get id(): string {
    return this.parts.bundle.id;
  }

  /** The life of the task's process, or of an exec; one that this server has not seen yet (it was restarted) begins as absent. */
  process(execId: string): Lifecycle {
    if (execId === '') return this.lifecycle;
    let exec = this.#execs.get(execId);
    if (exec === undefined) {
      exec = new Lifecycle({ ...this.lifecycle.name, exec: execId });
      this.#execs.set(execId, exec);
    }
    return exec;
  }

  /** The state as the shim has it; the machine follows. Errors: notFound. */
  async state(execId: string): Promise<StateResponse> {
    const known = this.process(execId);
    try {
      const state = await this.parts.shim.task.state({ id: this.id, execId }, { timeoutMs: 10_000 });
      const as = states[state.status];
      if (as !== undefined) known.take({ type: 'found', as }, { pid: state.pid });
      return state;
    } catch (error) {
      if (known.state === 'absent') this.#execs.delete(execId);
      throw error;
    }
  }

  async start(execId: string): Promise<number> {
    await this.#require(execId, { type: 'start' }, { doing: 'starting', must: 'created' });
    const { pid } = await this.parts.shim.task.start({ id: this.id, execId }, { timeoutMs: 0 });
    this.process(execId).take({ type: 'start' }, { pid });
    return pid > 0 ? pid : (await this.state(execId)).pid;
  }

  async exec(request: ExecRequest): Promise<void> {
    const { execId, spec } = request;
    checkIdentifier('exec', execId);
    if (spec === undefined) throw new LabError('invalidArgument', `exec "${execId}": its spec is missing`);
    await this.#require('', { type: 'pause' }, { doing: `adding exec "${execId}" to`, must: 'running' });
    if (this.process(execId).state !== 'absent')
      throw new LabError('alreadyExists', `exec "${execId}" of task "${this.id}": already exists`);
    if (this.parts.hasPlans) await writeProcessPlan(this.parts.bundle, execId, spec.value);
    await this.parts.shim.task.exec({ id: this.id, ...request, spec });
    this.process(execId).take({ type: 'create' });
  }

  async pause(): Promise<void> {
    await this.#require('', { type: 'pause' }, { doing: 'pausing', must: 'running' });
    await this.parts.shim.task.pause({ id: this.id });
    this.lifecycle.take({ type: 'pause' });
  }

  async resume(): Promise<void> {
    await this.#require('', { type: 'resume' }, { doing: 'resuming', must: 'paused' });
    await this.parts.shim.task.resume({ id: this.id });
    this.lifecycle.take({ type: 'resume' });
  }

  /** Waits for the end of a process, also through the death of its shim. */
  async wait(execId: string): Promise<Pick<WaitResponse, 'exitStatus' | 'exitedAt'>> {
    try {
      const response = await this.parts.shim.task.wait({ id: this.id, execId }, { timeoutMs: 0 });
      this.process(execId).take({ type: 'exit' }, { exitStatus: response.exitStatus });
      return response;
    } catch (error) {
      if (asLabError(error).kind !== 'unavailable') throw error;
      const left = await this.gone;
      return { exitStatus: left?.exitStatus ?? 255, exitedAt: left?.exitedAt };
    }
  }

  /** Deletes an exec. Errors: notFound, conflict while it runs. */
  async deleteExec(execId: string): Promise<DeleteResponse> {
    await this.#require(execId, { type: 'delete' }, { doing: 'deleting', must: 'created or stopped' });
    const response = await this.parts.shim.task.delete({ id: this.id, execId });
    this.process(execId).take({ type: 'delete' }, { exitStatus: response.exitStatus });
    this.#execs.delete(execId);
    return response;
  }

  /** Deletes the task's process; the shim has then nothing left to do and is shut down. */
  async delete(): Promise<DeleteResponse> {
    await this.#require('', { type: 'delete' }, { doing: 'deleting', must: 'created or stopped' });
    const response = await this.parts.shim.task.delete({ id: this.id });
    this.lifecycle.take({ type: 'delete' }, { exitStatus: response.exitStatus });
    await this.shutdown();
    return response;
  }

  async shutdown(): Promise<void> {
    this.isShutDown = true;
    // A shim that goes before it has answered has done what it was asked.
    await this.parts.shim.task.shutdown({ id: this.id }, { timeoutMs: 3_000 }).catch(() => {});
    this.parts.shim.close();
  }

  async #require(execId: string, event: ProcessEvent, words: { doing: string; must: string }): Promise<void> {
    const lifecycle = this.process(execId);
    if (lifecycle.can(event)) return;
    await this.state(execId);
    if (!this.process(execId).can(event)) throw this.process(execId).refusal(words.doing, words.must);
  }
}
