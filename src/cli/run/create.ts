// Creates the container of a run or create line, pulling its image when it is missing.
import { existsSync, writeFileSync } from 'node:fs';
import { LabError } from '../../base/errors.ts';
import type { DaemonClient } from '../../daemon/client.ts';
import type { CreateResponse } from '../../daemon/protocol.ts';
import type { CreateLine, PreparedCreate } from '../create/request.ts';
import { say } from '../terminal.ts';
import { pull, splitReference } from './pull.ts';

/** The new container's id. Warnings of the daemon go to stderr. */
export async function createContainer(
  client: DaemonClient,
  line: CreateLine,
  prepared: PreparedCreate,
): Promise<string> {
  const { cidfile, platform } = line.flags;
  if (cidfile !== undefined && existsSync(cidfile)) {
    throw new LabError('conflict', `--cidfile "${cidfile}": the file exists already`, {
      hint: 'remove it, or name another file',
    });
  }
  const image = prepared.body.Image;
  if (line.flags.pull === 'always') await pull(client, image, { to: process.stderr, platform });
  const answer = await sendCreate(client, line, prepared);
  for (const warning of answer.Warnings ?? []) say(`warning: ${warning}`);
  if (cidfile !== undefined) writeFileSync(cidfile, answer.Id);
  return answer.Id;
}

async function sendCreate(client: DaemonClient, line: CreateLine, prepared: PreparedCreate): Promise<CreateResponse> {
  const create = () =>
    client.json<CreateResponse>({
      method: 'POST',
      path: '/containers/create',
      query: { name: line.flags.name, platform: line.flags.platform },
      body: prepared.body,
      provenance: prepared.provenance,
    });
  try {
    return await create();
  } catch (error) {
    if (!isMissingImage(error) || line.flags.pull === 'never') throw error;
    const { fromImage, tag } = splitReference(prepared.body.Image);
    say(`Unable to find image '${fromImage}${tag.includes(':') ? '@' : ':'}${tag}' locally`);
    await pull(client, prepared.body.Image, { to: process.stderr, platform: line.flags.platform });
    return await create();
  }
}

const isMissingImage = (error: unknown): boolean =>
  error instanceof LabError && error.kind === 'notFound' && /no such image|image .*not found/i.test(error.message);
