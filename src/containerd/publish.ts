// The publish verb: a shim that has no ttrpc connection hands one event to the server through its command line.
// @source containerd cmd/containerd/command/publish.go
import { fromBinary } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import { LabError } from '../base/errors.ts';
import { connectContainerd } from './client.ts';

const largestEventBytes = 1 << 20;

/** Reads an Any from standard input and publishes it. Errors: usage, invalidArgument, unavailable. */
export async function publish(what: {
  address: string;
  topic: string | undefined;
  namespace: string | undefined;
}): Promise<void> {
  const { address, topic, namespace } = what;
  if (topic === undefined || namespace === undefined)
    throw new LabError('usage', 'publish: --topic and --namespace are needed');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestEventBytes)
      throw new LabError('invalidArgument', `publish: an event of more than ${largestEventBytes} bytes`);
    chunks.push(chunk);
  }
  const client = connectContainerd({ address, namespace, stage: 'shim' });
  try {
    await client.events.publish({ topic, event: fromBinary(AnySchema, Buffer.concat(chunks)) }, { timeoutMs: 5_000 });
  } finally {
    client.close();
  }
}
