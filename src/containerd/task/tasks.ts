// All tasks of this server. create: bundle, plan, shim, process, undone in reverse when a step fails. adopt: what ran on while this
// server was down. A shim's death is noticed by its connection: what it left is cleaned up and the task's end published.
import { readFileSync, writeFileSync } from 'node:fs';
import { type Any, timestampNow } from '@bufbuild/protobuf/wkt';
import { asLabError, LabError } from '../../base/errors.ts';
import { UndoStack } from '../../base/undo.ts';
import { connectShim } from '../../shim/client.ts';
import type { DeleteResponse } from '../../shim/proto/gen/task_pb.ts';
import type { Mount } from '../../shim/proto/gen/types_pb.ts';
import { emit } from '../../trace/recorder.ts';
import type { Exchange } from '../events/exchange.ts';
import type { Container } from '../proto/gen/containers_pb.ts';
import { TaskDeleteSchema, TaskExitSchema } from '../proto/gen/event_types_pb.ts';
import { type Bundle, bundleOf, listBundles, makeBundle, openBundle, removeBundle } from './bundle.ts';
import { cgroupDriverOf, plansMark, wantsPlan, writeContainerPlan } from './plan.ts';
import { deleteShim, type ShimSettings, shimBinary, startShim } from './shim-binary.ts';
import { Task } from './task.ts';

/** The extension of a container that says where the fields of its config.json come from. */
export const provenanceExtension = 'io.tlab.provenance';
/** What we keep in a bundle for our next start; the first two names are containerd's. */
const files = { binary: 'shim-binary-path', address: 'address', plans: plansMark } as const;

export interface CreateRequest {
  container: Container;
  rootfs: Mount[];
  stdin: string;
  stdout: string;
  stderr: string;
  terminal: boolean;
  options?: Any | undefined;
  /** Instead of the container's runtime. */
  runtimePath: string;
}

export class Tasks {
  readonly #tasks = new Map<string, Task>();
  readonly #creating = new Set<string>();
  readonly #state: string;
  readonly #settings: ShimSettings;
  readonly #exchange: Exchange;

  constructor(state: string, settings: ShimSettings, exchange: Exchange) {
    this.#state = state;
    this.#settings = settings;
    this.#exchange = exchange;
  }

  find = (namespace: string, id: string): Task | undefined => this.#tasks.get(keyOf(namespace, id));

  /** Errors: notFound, in containerd's words. */
  get(namespace: string, id: string): Task {
    const task = this.find(namespace, id);
    if (task === undefined) throw new LabError('notFound', `task ${id} not found: not found`);
    return task;
  }

  list = (namespace: string): Task[] =>
    [...this.#tasks.values()].filter((task) => task.parts.bundle.namespace === namespace);

  /** Makes a task; its process exists and waits for start. Errors: alreadyExists; whatever plan, shim or runtime refuse. */
  async create(namespace: string, request: CreateRequest): Promise<{ pid: number }> {
    const { id } = request.container;
    const key = keyOf(namespace, id);
    if (this.#tasks.has(key) || this.#creating.has(key))
      throw new LabError('alreadyExists', `task ${id}: already exists`);
    this.#creating.add(key);
    await using undo = new UndoStack();
    try {
      const task = await this.#launch(bundleOf(this.#state, namespace, id), request, undo);
      const options = request.options ?? request.container.runtime?.options;
      const { rootfs, stdin, stdout, stderr, terminal } = request;
      const create = {
        id,
        bundle: task.parts.bundle.path,
        rootfs,
        stdin,
        stdout,
        stderr,
        terminal,
        ...(options === undefined ? {} : { options }),
      };
      const { pid } = await task.parts.shim.task.create(create, { timeoutMs: 0 });
      task.lifecycle.take({ type: 'create' }, { pid });
      this.#tasks.set(key, task);
      undo.keep();
      return { pid };
    } finally {
      this.#creating.delete(key);
    }
  }

  /** Deletes a task that is not running, its shim and its bundle. Errors: notFound, conflict. */
  async delete(namespace: string, id: string): Promise<DeleteResponse> {
    const task = this.get(namespace, id);
    let response: DeleteResponse;
    try {
      response = await task.delete();
    } catch (error) {
      return await deletedWithShim(task, error);
    }
    this.#tasks.delete(keyOf(namespace, id));
    emit('containerd.shim-stopped', { data: { id, isExpected: true } });
    await removeBundle(task.parts.bundle);
    return response;
  }

  /** Start-up: takes up the tasks whose shims run, cleans up after those that died. */
  async adopt(): Promise<{ adopted: number; cleaned: number }> {
    const outcomes = await Promise.all(listBundles(this.#state).map((bundle) => this.#adoptOne(bundle)));
    const adopted = outcomes.filter(Boolean).length;
    return { adopted, cleaned: outcomes.length - adopted };
  }

  /** Lets go of every shim; what they run goes on. */
  close(): void {
    for (const task of this.#tasks.values()) {
      task.isShutDown = true;
      task.parts.shim.close();
    }
  }

  async #launch(bundle: Bundle, request: CreateRequest, undo: UndoStack): Promise<Task> {
    const { container } = request;
    const runtime = request.runtimePath || (container.runtime?.name ?? '');
    const binary = shimBinary(runtime, this.#settings.binaryFolder);
    const config = container.spec?.value ?? new Uint8Array();
    const hasPlans = wantsPlan(runtime, request.options, container.runtime?.options);
    makeBundle(bundle, config, container.extensions[provenanceExtension]?.value);
    undo.push('the bundle', () => removeBundle(bundle));
    openBundle(bundle, request.rootfs);
    if (hasPlans) {
      const driver = cgroupDriverOf(request.options, container.runtime?.options);
      await writeContainerPlan(bundle, config, driver);
      writeFileSync(`${bundle.path}/${files.plans}`, driver);
    }
    writeFileSync(`${bundle.path}/${files.binary}`, binary);
    undo.push('the shim', () => deleteShim(bundle, binary, this.#settings));
    const address = await startShim(bundle, binary, { settings: this.#settings, options: container.runtime?.options });
    const task = new Task({ bundle, shim: await connectShim(address, bundle.namespace), binary, hasPlans });
    undo.push('the connection', () => task.shutdown());
    task.parts.shim.onClose(() => void this.#shimClosed(task));
    return task;
  }

  async #adoptOne(bundle: Bundle): Promise<boolean> {
    const binary = contentOf(`${bundle.path}/${files.binary}`);
    const address = contentOf(`${bundle.path}/${files.address}`);
    try {
      if (address === undefined || binary === undefined)
        throw new LabError('notFound', `bundle ${bundle.path}: it has no shim`);
      const shim = await connectShim(address, bundle.namespace);
      const task = new Task({
        bundle,
        shim,
        binary,
        hasPlans: contentOf(`${bundle.path}/${files.plans}`) !== undefined,
      });
      // A shim that is only slow is alive, and what it runs must not be deleted.
      await task.state('').catch((error: unknown) => {
        if (asLabError(error).kind !== 'deadlineExceeded') throw error;
      });
      shim.onClose(() => void this.#shimClosed(task));
      this.#tasks.set(keyOf(bundle.namespace, bundle.id), task);
      return true;
    } catch {
      const left = binary === undefined ? undefined : await deleteShim(bundle, binary, this.#settings);
      await removeBundle(bundle).catch(() => {});
      this.#publishEnd(bundle, left);
      return false;
    }
  }

  async #shimClosed(task: Task): Promise<void> {
    const { bundle, binary } = task.parts;
    if (task.isShutDown) return task.settleGone(undefined);
    emit('containerd.shim-stopped', { data: { id: task.id, isExpected: false } });
    const left = await deleteShim(bundle, binary, this.#settings);
    task.lifecycle.take({ type: 'exit' }, { exitStatus: left?.exitStatus ?? 255 });
    // What cannot be removed now is tried again at the next start.
    await removeBundle(bundle).catch((error: unknown) =>
      console.error(`tlab-containerd: ${asLabError(error).message}`),
    );
    const wasThere = this.#tasks.delete(keyOf(bundle.namespace, bundle.id));
    if (wasThere) this.#publishEnd(bundle, left);
    task.settleGone(left);
  }

  #publishEnd({ namespace, id }: Bundle, left: DeleteResponse | undefined): void {
    const pid = left?.pid ?? 0;
    const exitStatus = left?.exitStatus ?? 255;
    const exitedAt = left?.exitedAt ?? timestampNow();
    const message = { containerId: id, pid, exitStatus, exitedAt };
    this.#exchange.publish({ namespace, topic: '/tasks/exit', schema: TaskExitSchema, message: { ...message, id } });
    this.#exchange.publish({ namespace, topic: '/tasks/delete', schema: TaskDeleteSchema, message });
  }
}

/** A shim that dies during Delete leaves the rest to its clean-up: what that found is the answer. */
async function deletedWithShim(task: Task, error: unknown): Promise<DeleteResponse> {
  const left = asLabError(error).kind === 'unavailable' ? await task.gone : undefined;
  if (left === undefined) throw error;
  return left;
}

const keyOf = (namespace: string, id: string): string => `${namespace}/${id}`;

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
