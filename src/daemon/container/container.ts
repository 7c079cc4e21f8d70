// One container in the daemon's memory: its record, its streams and log while it runs, and the queue of verbs on it.
// Rule: a verb that changes the container runs inside `exclusively`; whoever waits for an exit waits outside.
import { EventEmitter } from 'node:events';
import { type Actor, createActor } from 'xstate';
import { asLabError } from '../../base/errors.ts';
import { paths } from '../../base/paths.ts';
import { emit } from '../../trace/recorder.ts';
import type { JsonFileLog } from '../log/json-file.ts';
import type { ContainerStatus } from '../protocol.ts';
import type { Streams } from '../stdio/streams.ts';
import { type LifeEvent, nextStatus, requireState, type Verb } from './container.machine.ts';
import { type ContainerRecord, saveRecord } from './record.ts';
import { restartMachine } from './restart.machine.ts';

interface ContainerEvents {
  /** The program runs. */
  started: [];
  /** The task ended and the state says so, or the next one that was promised will not come. */
  exited: [];
  /** Nothing is left of the container. */
  removed: [];
  /** Its removal failed, for this reason. */
  kept: [string];
}

export class Container extends EventEmitter<ContainerEvents> {
  readonly record: ContainerRecord;
  /** Of the current or last run. */
  streams: Streams | undefined;
  log: JsonFileLog | undefined;
  readonly execIds = new Set<string>();
  readonly restart: Actor<typeof restartMachine>;
  /** Runs the end of a run under the trace of its start, so that the story has its last beats. */
  inTraceOfStart: <T>(body: () => T) => T = (body) => body();
  #queue: Promise<unknown> = Promise.resolve();

  constructor(record: ContainerRecord, onRestart: (container: Container) => void) {
    super();
    this.setMaxListeners(0);
    this.record = record;
    const machine = restartMachine.provide({ actions: { restart: () => onRestart(this) } });
    const policy = record.host.RestartPolicy ?? { Name: 'no' };
    this.restart = createActor(machine, {
      input: { policy: { Name: policy.Name, MaximumRetryCount: policy.MaximumRetryCount ?? 0 } },
    });
    this.restart.start();
  }

  get id(): string {
    return this.record.id;
  }
  get name(): string {
    return this.record.name;
  }
  get status(): ContainerStatus {
    return this.record.lifecycle.status;
  }
  get isRunning(): boolean {
    return this.status === 'running' || this.status === 'paused';
  }
  /** Everything that is kept of it: record, log, hosts, hostname, resolv.conf. */
  get folder(): string {
    return `${paths.containers}/${this.id}`;
  }
  get logPath(): string {
    return `${this.folder}/${this.id}-json.log`;
  }
  get streamsFolder(): string {
    return `${paths.runRoot}/fifo/${this.id}`;
  }

  /** Runs verbs on this container one after the other. */
  exclusively<T>(body: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(body, body);
    this.#queue = turn.catch(() => {});
    return turn;
  }

  /** Errors: conflict, in words that name the states that would do. */
  require(verb: Verb): void {
    requireState(verb, { name: this.name, status: this.status });
  }

  /** Moves along the machine; a step that it does not have is a defect of the engine. */
  move(event: LifeEvent): void {
    const from = this.status;
    const to = nextStatus(from, event);
    if (to === undefined) throw new Error(`container ${this.id}: ${from} does not take ${event.type}`);
    if (to !== 'removed') this.record.lifecycle.status = to;
    emit('daemon.container-state-changed', {
      data: { id: this.id, name: this.name, from, to, event: event.type },
      truth: 'observed',
    });
    // No task ends here, and whoever waits for one of the restarts to come would wait for ever.
    if (from === 'restarting' && to === 'exited') this.emit('exited');
  }

  save(): void {
    saveRecord(this.folder, this.record);
  }

  /** Of what has happened already: a full disk cannot undo it, and those who wait for it must hear of it. */
  saveOrWarn(): void {
    try {
      this.save();
    } catch (error) {
      process.emitWarning(`saving container ${this.id}: ${asLabError(error).message}`);
    }
  }

  /** Before the signal, and on disk: whichever daemon sees the exit leaves it to the person. @source moby daemon/kill.go HasBeenManuallyStopped */
  stoppedByUser(): void {
    this.record.lifecycle.isStoppedByUser = true;
    this.saveOrWarn();
  }

  /** What Docker puts on every event of a container. */
  eventAttributes(more: Record<string, string> = {}): Record<string, string> {
    return { image: this.record.config.Image, name: this.name, ...this.record.config.Labels, ...more };
  }
}
