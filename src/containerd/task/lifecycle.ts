// One process's place in its life: runs a machine of task.machine.ts and says each change in the trace.
import { type AnyStateMachine, initialTransition, transition } from 'xstate';
import { LabError } from '../../base/errors.ts';
import { emit } from '../../trace/recorder.ts';
import { execMachine, type ProcessEvent, taskMachine } from './task.machine.ts';

export type ProcessState = 'absent' | 'created' | 'running' | 'paused' | 'stopped' | 'deleted';

export interface ProcessName {
  namespace: string;
  id: string;
  /** Undefined for the task's own process. */
  exec: string | undefined;
}

export interface ChangeFacts {
  pid?: number;
  exitStatus?: number;
}

export class Lifecycle {
  readonly name: ProcessName;
  /** Of its program; undefined until its shim has told it, by an answer or an event. */
  pid: number | undefined;
  readonly #machine: AnyStateMachine;
  #snapshot: ReturnType<typeof initialTransition>[0];

  constructor(name: ProcessName) {
    this.name = name;
    this.#machine = name.exec === undefined ? taskMachine : execMachine;
    [this.#snapshot] = initialTransition(this.#machine);
  }

  get state(): ProcessState {
    return this.#snapshot.value as ProcessState;
  }

  can = (event: ProcessEvent): boolean => this.#snapshot.can(event);

  /** Takes the event if the state has it; what arrives twice (an answer and an event saying the same) changes nothing. */
  take(event: ProcessEvent, facts: ChangeFacts = {}): void {
    const from = this.state;
    if (!this.can(event)) return;
    this.pid = facts.pid || this.pid;
    [this.#snapshot] = transition(this.#machine, this.#snapshot, event);
    if (this.state === from) return;
    const { namespace, id, exec } = this.name;
    emit('containerd.task-state-changed', {
      data: { namespace, id, ...(exec === undefined ? {} : { exec }), from, to: this.state, by: event.type, ...facts },
    });
  }

  /** The refusal of a verb that this state does not have. */
  refusal(doing: string, must: string): LabError {
    const { id, exec } = this.name;
    const what = exec === undefined ? `task "${id}"` : `exec "${exec}" of task "${id}"`;
    return new LabError('conflict', `${doing} ${what}: it is ${this.state}, must be ${must}`);
  }
}
