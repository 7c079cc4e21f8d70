// `tlab cp` both ways: an archive out of a container or into it. What the ends are called is decided here, by what is there on either side;
// the daemon only packs and unpacks. @source docker cli command/container/cp.go
import { mkdirSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as v from 'valibot';
import { LabError } from '../../base/errors.ts';
import type { DaemonClient } from '../../daemon/client.ts';
import { containerPath } from '../each.ts';
import { humanSize } from '../format/words.ts';
import { archiveFrom } from '../run/archive.ts';
import { say } from '../terminal.ts';
import { destinationOf, sourceOf } from './local.ts';
import {
  absolutePath,
  type Destination,
  linkTargetOf,
  type Placing,
  placing,
  rebased,
  type Source,
  sideOf,
  splitEntry,
} from './paths.ts';
import { counted, packed, unpacked } from './programs.ts';

export interface CopyOptions {
  /** Files come to belong to the container's user. */
  archive: boolean;
  /** A symlink that is asked for is followed. */
  follow: boolean;
  quiet: boolean;
}

/** Errors: invalidArgument for two ends on one side; those of the daemon and of this machine's files. */
export async function copy(
  client: DaemonClient,
  ends: [from: string, to: string],
  options: CopyOptions,
): Promise<void> {
  const [from, to] = [sideOf(ends[0]), sideOf(ends[1])];
  if (from.container !== undefined && to.container !== undefined)
    throw new LabError('invalidArgument', 'copying between containers is not supported', {
      hint: 'tlab cp A:PATH - | tlab cp - B:PATH',
    });
  if (from.container !== undefined)
    return await copyOut({ client, container: from.container, options }, from.path, to.path);
  if (to.container !== undefined) return await copyIn({ client, container: to.container, options }, from.path, to.path);
  throw new LabError('invalidArgument', 'must specify at least one container source', {
    hint: 'tlab cp CONTAINER:PATH PATH',
  });
}

interface Copying {
  client: DaemonClient;
  container: string;
  options: CopyOptions;
}

/** Go's os.FileMode. @source go os#FileMode */
const directoryBit = 2 ** 31;
const linkBit = 2 ** 27;
const deviceBit = 2 ** 26;

const statSchema = v.object({ mode: v.number(), linkTarget: v.string() });

/** @source docker-api HEAD /containers/{id}/archive */
function statOf({ headers }: IncomingMessage) {
  const text = Buffer.from(`${headers['x-docker-container-path-stat'] ?? ''}`, 'base64').toString();
  const { mode, linkTarget } = v.parse(statSchema, JSON.parse(text));
  const has = (bit: number): boolean => Math.floor(mode / bit) % 2 === 1;
  return { isDirectory: has(directoryBit), isLink: has(linkBit), isDevice: has(deviceBit), linkTarget };
}

const archiveOf = ({ container }: Copying, path: string) => ({
  path: `${containerPath(container)}/archive`,
  query: { path },
});

/** Undefined when it is not there; whether the container is, the copying itself will tell. */
async function lookAt(copying: Copying, path: string) {
  try {
    const answer = await copying.client.stream({ method: 'HEAD', ...archiveOf(copying, path) });
    answer.resume();
    return statOf(answer);
  } catch (error) {
    if (error instanceof LabError && error.kind === 'notFound') return undefined;
    throw error;
  }
}

async function copyOut(copying: Copying, from: string, to: string): Promise<void> {
  const asked = copying.options.follow ? await followed(copying, from) : { path: from, name: undefined };
  if (to === '-' && process.stdout.isTTY)
    throw new LabError('usage', 'an archive is not for a terminal', { hint: 'redirect it, or name a path' });
  const destination = to === '-' ? undefined : destinationOf(to);
  const answer = await copying.client.stream({ method: 'GET', ...archiveOf(copying, asked.path) });
  try {
    if (destination === undefined) await pipeline(answer, process.stdout, { end: false });
    else await writeOut(copying, { answer, asked, destination }, absolutePath(to));
  } finally {
    answer.destroy();
  }
}

async function followed(copying: Copying, path: string): Promise<Omit<Source, 'isDirectory'>> {
  const stat = await lookAt(copying, path);
  return stat?.isLink === true ? rebased(path, linkTargetOf(path, stat.linkTarget)) : { path, name: undefined };
}

interface Arriving {
  answer: IncomingMessage;
  asked: Omit<Source, 'isDirectory'>;
  destination: Destination;
}

async function writeOut(copying: Copying, { answer, asked, destination }: Arriving, shown: string): Promise<void> {
  const source = { ...asked, isDirectory: statOf(answer).isDirectory };
  const counter = counted();
  answer.on('error', (error) => counter.destroy(error));
  const args = unpackArguments(splitEntry(asked.path).base, placing(source, destination));
  await unpacked(answer.pipe(counter), args, `copying ${asked.path} of container "${copying.container}" to ${shown}`);
  finished(copying, counter.bytes, shown);
}

/** Files become the person's own, as docker's client has it with and without -a. @source docker pkg/archive/copy.go CopyTo: NoLchown */
function unpackArguments(base: string, { directory, name }: Placing): string[] {
  const always = ['--whiteouts', 'literal', '--no-owner', '--keep-kind'];
  if (name === undefined) return ['--directory', directory, ...always];
  if (base !== '.' && base !== '/') return ['--directory', directory, ...always, '--rename', base, name];
  // What is in a directory has no name of its own: it goes into a new one.
  const made = join(directory, name);
  mkdirSync(made);
  return ['--directory', made, ...always];
}

async function copyIn(copying: Copying, from: string, to: string): Promise<void> {
  const destination = await destinationIn(copying, to);
  const place = `${copying.container}:${to}`;
  if (from === '-') {
    if (!destination.isDirectory) throw new LabError('invalidArgument', `destination "${place}" must be a directory`);
    return await send(copying, archiveFrom(undefined), { directory: destination.path, shown: place });
  }
  const source = sourceOf(from, copying.options.follow);
  const { directory, name = splitEntry(source.path).base } = placing(source, destination);
  const archive = packed(['--directory', '/', '--path', source.path, '--name', name], `reading ${from}`);
  await send(copying, archive, { directory, shown: place });
}

/** A symlink is followed once, as docker's client does. What is not there yet may be made, if its directory is there. */
async function destinationIn(copying: Copying, to: string): Promise<Destination> {
  let path = to;
  let stat = await lookAt(copying, path);
  if (stat?.isLink === true) {
    path = linkTargetOf(path, stat.linkTarget);
    stat = await lookAt(copying, path);
  }
  if (stat?.isDevice === true)
    throw new LabError(
      'invalidArgument',
      `destination "${copying.container}:${to}" must be a directory or a regular file: got a device`,
    );
  return { path, exists: stat !== undefined, isDirectory: stat?.isDirectory === true };
}

async function send(copying: Copying, archive: Readable, to: { directory: string; shown: string }): Promise<void> {
  const counter = counted();
  archive.on('error', (error) => counter.destroy(error));
  const { path, query } = archiveOf(copying, to.directory);
  await copying.client.json({
    method: 'PUT',
    path,
    query: { ...query, noOverwriteDirNonDir: true, copyUIDGID: copying.options.archive },
    upload: { stream: archive.pipe(counter), type: 'application/x-tar' },
  });
  finished(copying, counter.bytes, to.shown);
}

function finished({ options }: Copying, bytes: number, to: string): void {
  if (!options.quiet) say(`Successfully copied ${humanSize(bytes, 3)} to ${to}`);
}
