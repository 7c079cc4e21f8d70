// tasks.v1: everything that a shim can do, for one task at a time.
import { timestampNow } from '@bufbuild/protobuf/wkt';
import { asLabError, LabError } from '../../base/errors.ts';
import type { ServiceImplementation } from '../grpc/server.ts';
import { parseFilters } from '../metadata/filter.ts';
import type { Tasks } from '../proto/gen/tasks_pb.ts';
import type { Stage } from '../stage.ts';
import type { Task } from '../task/task.ts';

export function tasksService({ tasks, containers }: Stage): ServiceImplementation<typeof Tasks> {
  return {
    async create(request, { namespace }) {
      if (request.checkpoint !== undefined)
        throw new LabError('notImplemented', 'creating a task from a checkpoint is not there');
      const container = containers.get(namespace, request.containerId);
      const { pid } = await tasks.create(namespace, { ...request, container });
      return { containerId: container.id, pid };
    },
    async start({ containerId, execId }, { namespace }) {
      return { pid: await tasks.get(namespace, containerId).start(execId) };
    },
    async delete({ containerId }, { namespace }) {
      const { pid, exitStatus, exitedAt } = await tasks.delete(namespace, containerId);
      return { id: containerId, pid, exitStatus, ...at(exitedAt) };
    },
    async deleteProcess({ containerId, execId }, { namespace }) {
      const { pid, exitStatus, exitedAt } = await tasks.get(namespace, containerId).deleteExec(execId);
      return { id: execId, pid, exitStatus, ...at(exitedAt) };
    },
    get: async ({ containerId, execId }, { namespace }) => ({
      process: await processMessage(tasks.get(namespace, containerId), execId),
    }),
    async list(_request, { namespace }) {
      const found = await Promise.all(
        tasks.list(namespace).map((task) => processMessage(task, '').catch(() => undefined)),
      );
      return { tasks: found.filter((process) => process !== undefined) };
    },
    async kill({ containerId, execId, signal, all }, { namespace }) {
      const task = tasks.get(namespace, containerId);
      await task.parts.shim.task.kill({ id: task.id, execId, signal, all });
      return {};
    },
    async exec(request, { namespace }) {
      await tasks.get(namespace, request.containerId).exec(request);
      return {};
    },
    async resizePty({ containerId, execId, width, height }, { namespace }) {
      const task = tasks.get(namespace, containerId);
      await task.parts.shim.task.resizePty({ id: task.id, execId, width, height });
      return {};
    },
    async closeIO({ containerId, execId, stdin }, { namespace }) {
      const task = tasks.get(namespace, containerId);
      await task.parts.shim.task.closeIO({ id: task.id, execId, stdin });
      return {};
    },
    async pause({ containerId }, { namespace }) {
      await tasks.get(namespace, containerId).pause();
      return {};
    },
    async resume({ containerId }, { namespace }) {
      await tasks.get(namespace, containerId).resume();
      return {};
    },
    async listPids({ containerId }, { namespace }) {
      const task = tasks.get(namespace, containerId);
      const { processes } = await task.parts.shim.task.pids({ id: task.id });
      return { processes };
    },
    checkpoint() {
      throw new LabError('notImplemented', 'checkpointing a task is not there');
    },
    async update({ containerId, resources, annotations }, { namespace }) {
      const task = tasks.get(namespace, containerId);
      await task.parts.shim.task.update({
        id: task.id,
        annotations,
        ...(resources === undefined ? {} : { resources }),
      });
      return {};
    },
    async metrics({ filters }, { namespace }) {
      const filter = parseFilters(filters);
      const asked = tasks
        .list(namespace)
        .filter(({ id }) => filter((path) => (path.join('.') === 'id' ? id : undefined)));
      const metrics = await Promise.all(asked.map(metricMessage));
      return { metrics: metrics.filter((metric) => metric !== undefined) };
    },
    async wait({ containerId, execId }, { namespace }) {
      const { exitStatus, exitedAt } = await tasks.get(namespace, containerId).wait(execId);
      return { exitStatus, ...at(exitedAt) };
    },
  };
}

const at = <T>(exitedAt: T | undefined) => (exitedAt === undefined ? {} : { exitedAt });

async function processMessage(task: Task, execId: string) {
  const state = await task.state(execId);
  const { pid, status, stdin, stdout, stderr, terminal, exitStatus, exitedAt } = state;
  return {
    containerId: task.id,
    id: execId === '' ? task.id : execId,
    pid,
    status,
    stdin,
    stdout,
    stderr,
    terminal,
    exitStatus,
    ...at(exitedAt),
  };
}

/** A task that has ended meanwhile has no measurements. */
async function metricMessage(task: Task) {
  try {
    const { stats } = await task.parts.shim.task.stats({ id: task.id });
    return { id: task.id, timestamp: timestampNow(), ...(stats === undefined ? {} : { data: stats }) };
  } catch (error) {
    if (['notFound', 'unavailable', 'internal', 'conflict'].includes(asLabError(error).kind)) return undefined;
    throw error;
  }
}
