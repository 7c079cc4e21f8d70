// What containerd has in one of its namespaces, asked over its own API: the daemon need not run for it.
// Rule: asking starts nothing; a containerd that does not answer is "cannot tell".
import { LabError } from '../../base/errors.ts';
import { paths } from '../../base/paths.ts';
import { CannotTell, type Facts } from './verdict.ts';

/** So long a restart of containerd may be waited for. */
const timeoutMs = 3_000;

export interface ContainerdObject {
  namespace: string;
  image?: string | undefined;
  container?: string | undefined;
  task?: string | undefined;
  snapshot?: string | undefined;
}

const taskStates = ['unknown', 'created', 'running', 'stopped', 'paused', 'pausing'] as const;
const snapshotKinds = ['unknown', 'view', 'active', 'committed'] as const;

/** No facts for what is not there. */
export async function containerdFacts(wanted: ContainerdObject): Promise<Facts> {
  // Loaded when it is asked for: most commands never are.
  const { connectContainerd } = await import('../../containerd/client.ts');
  const client = connectContainerd({ address: paths.containerdSocket, namespace: wanted.namespace, stage: 'cli' });
  try {
    return await found(client, wanted);
  } catch (error) {
    if (error instanceof LabError && error.kind === 'notFound') return {};
    throw new CannotTell(`containerd does not answer at ${paths.containerdSocket}: ${(error as Error).message}`);
  } finally {
    client.close();
  }
}

type Client = ReturnType<typeof import('../../containerd/client.ts').connectContainerd>;

async function found(client: Client, { image, container, task, snapshot }: ContainerdObject): Promise<Facts> {
  const options = { timeoutMs };
  if (image !== undefined) {
    const answer = await client.images.get({ name: image }, options);
    return { name: image, digest: answer.image?.target?.digest, labels: answer.image?.labels };
  }
  if (container !== undefined) {
    const answer = await client.containers.get({ id: container }, options);
    const { id, image: from, runtime, snapshotter, snapshotKey, labels } = answer.container ?? {};
    return { id, image: from, runtime: runtime?.name, snapshotter, snapshotKey, labels };
  }
  if (task !== undefined) {
    const { process } = await client.tasks.get({ containerId: task }, options);
    return { pid: process?.pid, status: taskStates[process?.status ?? 0] };
  }
  const { info } = await client.snapshots.stat({ snapshotter: 'overlayfs', key: snapshot ?? '' }, options);
  return { name: info?.name, parent: info?.parent, kind: snapshotKinds[info?.kind ?? 0] };
}
