// Pulls or pushes an image and shows how it goes. On a terminal each layer has a line that is redrawn; elsewhere a layer gets one
// line when it is there, so that a log is no wall of text. The words of each line are the daemon's.

import { fit, printable } from '../../base/text.ts';
import { type ApiRequest, type DaemonClient, jsonLines } from '../../daemon/client.ts';
import type { PullProgress } from '../../daemon/protocol.ts';
import { withCause } from '../../trace/context.ts';
import { terminalColumns } from '../terminal.ts';
import { throwIfFailed } from './archive.ts';

export interface PullOptions {
  platform?: string | undefined;
  /** Where progress goes: stderr below run, stdout below pull. */
  to: NodeJS.WriteStream;
  quiet?: boolean;
  /** Every tag of the repository. */
  allTags?: boolean;
}

/** Name and tag or digest of a reference as the API wants them. @source docker-api POST /images/create */
export function splitReference(image: string): { fromImage: string; tag: string } {
  const digest = image.indexOf('@');
  if (digest > 0) return { fromImage: image.slice(0, digest), tag: image.slice(digest + 1) };
  const colon = image.lastIndexOf(':');
  if (colon > image.lastIndexOf('/')) return { fromImage: image.slice(0, colon), tag: image.slice(colon + 1) };
  return { fromImage: image, tag: 'latest' };
}

/** Throws what the daemon says went wrong. */
export async function pull(client: DaemonClient, image: string, options: PullOptions): Promise<void> {
  const { fromImage, tag } = splitReference(image);
  const query = { fromImage, tag: options.allTags === true ? undefined : tag, platform: options.platform };
  await transfer(client, image, { path: '/images/create', query }, options);
}

/** The same the other way. */
export async function push(client: DaemonClient, image: string, options: PullOptions): Promise<void> {
  const { fromImage, tag } = splitReference(image);
  const query = { tag: options.allTags === true ? undefined : tag, platform: options.platform };
  await transfer(client, image, { path: `/images/${fromImage}/push`, query }, options);
}

async function transfer(
  client: DaemonClient,
  image: string,
  request: Pick<ApiRequest, 'path'> & { query: NonNullable<ApiRequest['query']> },
  options: PullOptions,
): Promise<void> {
  const { authHeader } = await import('../registry/auth-header.ts');
  const headers = await authHeader(image);
  const stream = await withCause('argument:IMAGE', () => client.stream({ method: 'POST', headers, ...request }));
  const show = options.quiet === true ? undefined : progressView(options.to);
  for await (const line of jsonLines<PullProgress>(stream)) {
    throwIfFailed(line, 'notFound');
    if (line.aux === undefined) show?.(line);
  }
}

type View = (line: PullProgress) => void;

function progressView(to: NodeJS.WriteStream): View {
  return to.isTTY ? redrawnView(to) : plainView(to);
}

/** States that say only "not yet". */
const passing =
  /^(Pulling fs layer|Waiting|Downloading|Verifying Checksum|Download complete|Extracting|Preparing|Pushing|Resuming)/;

const plainView = (to: NodeJS.WriteStream): View => {
  return (line) => {
    const status = line.status ?? '';
    if (status === '' || (line.id !== undefined && passing.test(status))) return;
    to.write(line.id === undefined ? `${status}\n` : `${line.id}: ${status}\n`);
  };
};

/** Lines with an id keep their place; the rest scrolls above the next block. */
const redrawnView = (to: NodeJS.WriteStream): View => {
  const rows = new Map<string, string>();
  return (line) => {
    const id = line.id;
    if (id === undefined) {
      if (line.status !== undefined) to.write(`${line.status}\n`);
      rows.clear();
      return;
    }
    const known = [...rows.keys()].indexOf(id);
    const text = `${id}: ${line.status ?? ''}${line.progress === undefined ? '' : ` ${line.progress}`}`;
    const shown = fit(printable(text), terminalColumns());
    rows.set(id, shown);
    if (known < 0) to.write(`${shown}\n`);
    else to.write(`\x1b[${rows.size - known}A\r\x1b[2K${shown}\x1b[${rows.size - known}B\r`);
  };
};
