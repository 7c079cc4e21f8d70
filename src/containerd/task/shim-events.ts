// What shims say by events, for the machines of their tasks: an exit that nobody waited for must still be seen as one.
import { fromBinary } from '@bufbuild/protobuf';
import type { Exchange } from '../events/exchange.ts';
import { TaskExitSchema } from '../proto/gen/event_types_pb.ts';
import type { Tasks } from './tasks.ts';

export function watchShimEvents({ exchange, tasks }: { exchange: Exchange; tasks: Tasks }): void {
  exchange.onEvent(({ namespace, topic, event }) => {
    if (topic !== '/tasks/exit' || event === undefined || !event.typeUrl.endsWith(TaskExitSchema.typeName)) return;
    const { containerId, id, pid, exitStatus } = fromBinary(TaskExitSchema, event.value);
    const task = tasks.find(namespace, containerId);
    task?.process(id === containerId ? '' : id).take({ type: 'exit' }, { pid, exitStatus });
  });
}
