// What shims say by events, for the machines of their tasks: an exit that nobody waited for must still be seen as one.
import { fromBinary } from '@bufbuild/protobuf';
import type { Exchange } from '../events/exchange.ts';
import { TaskExitSchema } from '../proto/gen/event_types_pb.ts';
import type { Tasks } from './tasks.ts';

export function watchShimEvents({ exchange, tasks }: { exchange: Exchange; tasks: Tasks }): void {
  exchange.onEvent(({ namespace, topic, event }) => {
    if (topic !== '/tasks/exit' || event === undefined || !event.typeUrl.endsWith(TaskExitSchema.typeName)) return;
    const { containerId, id, pid, exitStatus } = fromBinary(TaskExitSchema, event.value);
    const process = tasks.find(namespace, containerId)?.process(id === containerId ? '' : id);
    // A shim that was kept from telling may do so when its container has another task.
    if (process?.pid !== undefined && pid !== 0 && pid !== process.pid) return;
    process?.take({ type: 'exit' }, { pid, exitStatus });
  });
}
