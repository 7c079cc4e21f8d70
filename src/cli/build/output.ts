// --output: the files of an image as a folder or a tar, or the image as an archive, by the API's own verbs.
import { createWriteStream, mkdirSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { DaemonClient } from '../../daemon/client.ts';
import type { CreateResponse } from '../../daemon/protocol.ts';
import { unpacked } from '../copy/programs.ts';
import { Expected } from '../flags/spec.ts';

export interface BuildOutput {
  type: 'local' | 'tar' | 'oci';
  /** A path; `-` is the standard output. */
  dest: string;
}

/** `DIR`, `-`, or `type=local|tar|oci,dest=PATH`. @source docker-build --output */
export function outputOf(text: string): BuildOutput {
  if (!text.includes('=')) return text === '-' ? { type: 'tar', dest: '-' } : { type: 'local', dest: text };
  const fields = new Map(
    text.split(',').map((field): [string, string] => {
      const equals = field.indexOf('=');
      return [field.slice(0, equals), field.slice(equals + 1)];
    }),
  );
  const type = fields.get('type');
  const dest = fields.get('dest') ?? '';
  if (type !== 'local' && type !== 'tar' && type !== 'oci') throw new Expected('type=local, type=tar or type=oci');
  if (dest === '' || (type === 'local' && dest === '-')) throw new Expected(`dest=PATH with type=${type}`);
  return { type, dest };
}

/** An image that has no name was made only for this, and goes afterwards. */
export async function exportImage(
  client: DaemonClient,
  { id, isKept }: { id: string; isKept: boolean },
  output: BuildOutput,
): Promise<void> {
  try {
    if (output.type === 'oci')
      await write(await client.stream({ method: 'GET', path: `/images/${id}/get` }), output.dest);
    else await exportFiles(client, id, output);
  } finally {
    if (!isKept) await client.json({ method: 'DELETE', path: `/images/${id}`, query: { force: true } });
  }
}

/** A container that never starts has the files of the image. */
async function exportFiles(client: DaemonClient, image: string, { type, dest }: BuildOutput): Promise<void> {
  const body = { Image: image, Cmd: ['/'], Entrypoint: [] as string[] };
  const { Id } = await client.json<CreateResponse>({ method: 'POST', path: '/containers/create', body });
  try {
    const files = await client.stream({ method: 'GET', path: `/containers/${Id}/export` });
    if (type === 'tar') await write(files, dest);
    else await unpack(files, dest);
  } finally {
    await client.json({ method: 'DELETE', path: `/containers/${Id}`, query: { force: true, v: true } });
  }
}

async function write(stream: Readable, dest: string): Promise<void> {
  if (dest === '-') await pipeline(stream, process.stdout, { end: false });
  else await pipeline(stream, createWriteStream(dest));
}

/** By the native unpacker: whatever an image's archive says stays in the folder. */
async function unpack(stream: Readable, directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const args = ['--directory', directory, '--whiteouts', 'literal', '--devices', 'skip'];
  await unpacked(stream, args, `writing the files to "${directory}"`);
}
