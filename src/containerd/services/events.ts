// events.v1
import { create } from '@bufbuild/protobuf';
import { timestampNow } from '@bufbuild/protobuf/wkt';
import type { ServiceImplementation } from '../grpc/server.ts';
import { EnvelopeSchema, type Events } from '../proto/gen/events_pb.ts';
import type { Stage } from '../stage.ts';
import { required } from './wire.ts';

export function eventsService({ exchange }: Stage): ServiceImplementation<typeof Events> {
  return {
    publish({ topic, event }, { namespace }) {
      exchange.forward(
        create(EnvelopeSchema, { timestamp: timestampNow(), namespace, topic, event: required('event', event) }),
      );
      return {};
    },
    forward({ envelope }) {
      exchange.forward(required('envelope', envelope));
      return {};
    },
    subscribe: ({ filters }, { signal }) => exchange.subscribe(filters, signal),
  };
}
