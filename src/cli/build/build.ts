// One `tlab build`: secrets first, then the request with the context as its body, and the events of the answer as they come.
// Rule: progress goes to the standard error; the standard output has the image's id with -q, and nothing else.
import { readFileSync, writeFileSync } from 'node:fs';
import { paint } from '../../base/colour.ts';
import { LabError } from '../../base/errors.ts';
import { type DaemonClient, jsonLines } from '../../daemon/client.ts';
import type { BuildEvent } from '../../daemon/protocol.ts';
import { withCause } from '../../trace/context.ts';
import { connect, ensureDaemon } from '../connection.ts';
import { errorLines } from '../errors.ts';
import { pair, sizeBytes } from '../flags/readers.ts';
import { boolean, list, many, one, oneOf, refusedFlag, text } from '../flags/spec.ts';
import { print, say, terminalColumns } from '../terminal.ts';
import { packContext } from './context.ts';
import { excerptOf } from './excerpt.ts';
import { type BuildOutput, exportImage, outputOf } from './output.ts';
import { type BuildSecret, secretOf } from './secret.ts';
import { sendingReport } from './sending.ts';
import { BuildView } from './view.ts';

export const buildFlags = {
  tag: list('Name of the image, NAME[:TAG]', { short: 't' }),
  file: text('The Dockerfile; - is the standard input', { short: 'f', value: 'path' }),
  target: text('Build only up to this stage'),
  'build-arg': list('Value of an ARG: NAME=VALUE, or NAME from the environment'),
  'no-cache': boolean('Build every step anew'),
  pull: boolean('Ask the registry for a newer base image'),
  secret: many('For RUN --mount=type=secret: id=NAME,src=FILE or id=NAME,env=VARIABLE', secretOf),
  platform: text('Platform of the image, such as linux/amd64'),
  label: many('Label of the image, KEY=VALUE', pair),
  network: text('Network of RUN: default, none or host'),
  'add-host': list('A line for /etc/hosts of RUN, NAME:ADDRESS'),
  memory: one('Memory that a RUN may use', sizeBytes, { short: 'm', value: 'bytes' }),
  'shm-size': one('Size of /dev/shm of RUN', sizeBytes, { value: 'bytes' }),
  output: one('What becomes of the result: DIR, or type=local|tar|oci,dest=PATH; - is the standard output', outputOf, {
    short: 'o',
  }),
  quiet: boolean('Print only the id of the image', { short: 'q' }),
  progress: one('plain (lines) or quiet', oneOf('auto', 'plain', 'quiet')),
  why: boolean('Say for each step why it was or was not taken from the cache'),
  iidfile: text('Write the id of the image to this file', { value: 'path' }),
  // Of docker build. A step leaves no container behind here, whatever is asked.
  rm: boolean('', { hidden: true, initial: true }),
  'force-rm': boolean('', { hidden: true }),
  'cache-from': refusedFlag(
    'cache-from',
    'leave it out: what was built here is used by itself, and --why says what was found',
  ),
  squash: refusedFlag('squash', 'end with FROM scratch and COPY --from=STAGE / / in the Dockerfile: one layer', {
    arity: 'boolean',
  }),
  ssh: refusedFlag('ssh', 'give the key to one RUN by --secret, or clone before the build'),
  isolation: refusedFlag('isolation', 'leave it out: a RUN is a container as tlab run makes it'),
  'cgroup-parent': refusedFlag('cgroup-parent', 'set "cgroup-parent" in daemon.json, or bound a RUN by --memory'),
  compress: refusedFlag('compress', 'leave it out: the context goes through a socket of this machine', {
    arity: 'boolean',
  }),
};

export interface BuildFlags {
  tag: string[];
  file: string | undefined;
  target: string | undefined;
  'build-arg': string[];
  'no-cache': boolean;
  pull: boolean;
  secret: BuildSecret[];
  platform: string | undefined;
  label: Array<[string, string]>;
  network: string | undefined;
  'add-host': string[];
  memory: number | undefined;
  'shm-size': number | undefined;
  output: BuildOutput | undefined;
  quiet: boolean;
  progress: 'auto' | 'plain' | 'quiet' | undefined;
  why: boolean;
  iidfile: string | undefined;
}

/** The exit status: that of the command that failed, as with docker. */
export async function build(context: string, flags: BuildFlags): Promise<number> {
  await ensureDaemon();
  const client = connect();
  const buildArguments = argumentsOf(flags['build-arg']);
  const packed = await packContext({
    context,
    file: flags.file,
    stdin: process.stdin,
    target: flags.target,
    buildArgs: buildArguments,
    triggersOf: (image) => triggersOf(client, image),
    ...(isQuiet(flags) ? {} : { onProgress: sendingReport(say) }),
  });
  const secrets = await sendSecrets(client, flags.secret);
  const query = queryOf(flags, { dockerfile: packed.dockerfile, buildArguments, secrets });
  const stream = await withCause('argument:PATH', () =>
    client.stream({
      method: 'POST',
      path: '/build',
      query,
      upload: { stream: packed.stream, type: 'application/x-tar' },
    }),
  ).catch((error: unknown) => {
    explain(error, { context, file: flags.file });
    throw error;
  });
  const { id, failure } = await follow(jsonLines<BuildEvent>(stream), flags);
  if (failure !== undefined) return failed(failure, { context, file: flags.file });
  if (id === undefined) throw new LabError('unavailable', 'the daemon ended the build without an answer');
  if (flags.iidfile !== undefined) writeFileSync(flags.iidfile, id);
  if (flags.output !== undefined) await exportImage(client, { id, isKept: flags.tag.length > 0 }, flags.output);
  if (flags.quiet) print(id);
  return 0;
}

const isQuiet = ({ quiet, progress }: BuildFlags): boolean => quiet || progress === 'quiet';

interface Outcome {
  id: string | undefined;
  failure: Extract<BuildEvent, { kind: 'error' }> | undefined;
}

async function follow(events: AsyncIterable<BuildEvent>, flags: BuildFlags): Promise<Outcome> {
  const view = new BuildView({
    width: terminalColumns(),
    why: flags.why,
    print: isQuiet(flags) ? () => {} : say,
    paint: paint.err,
  });
  const outcome: Outcome = { id: undefined, failure: undefined };
  for await (const event of events) {
    if (event.kind === 'built') outcome.id = event.id;
    if (event.kind === 'error') outcome.failure = event;
    view.show(event);
  }
  return outcome;
}

interface Place {
  context: string;
  file: string | undefined;
}

/** @source docker-build: the status of a failed RUN is that of its command */
function failed(failure: Extract<BuildEvent, { kind: 'error' }>, place: Place): number {
  const error = new LabError(failure.errorKind, failure.message, {
    ...(failure.hint === undefined ? {} : { hint: failure.hint }),
    ...(failure.data === undefined ? {} : { data: failure.data }),
  });
  if (failure.code === 0) {
    explain(error, place);
    throw error;
  }
  explain(error, place);
  for (const line of errorLines(error)) say(line);
  return failure.code;
}

/** The lines of the Dockerfile that an error belongs to. */
function explain(error: unknown, { context, file }: Place): void {
  if (!(error instanceof LabError) || file === '-' || context === '-') return;
  const path = file ?? `${context}/Dockerfile`;
  try {
    for (const line of excerptOf(readFileSync(path, 'utf8'), error.data, terminalColumns())) say(line);
  } catch {
    // The error is told anyway.
  }
}

/** `NAME` alone is the environment's, or nothing. SOURCE_DATE_EPOCH of the environment holds for builds. @source reproducible-builds.org SOURCE_DATE_EPOCH */
function argumentsOf(given: readonly string[]): Record<string, string | undefined> {
  const epoch = process.env.SOURCE_DATE_EPOCH;
  const pairs = given.map((word): [string, string | undefined] => {
    const equals = word.indexOf('=');
    return equals < 0 ? [word, process.env[word]] : [word.slice(0, equals), word.slice(equals + 1)];
  });
  return { ...(epoch ? { SOURCE_DATE_EPOCH: epoch } : {}), ...Object.fromEntries(pairs) };
}

interface Prepared {
  dockerfile: string;
  buildArguments: Record<string, string | undefined>;
  secrets: string | undefined;
}

function queryOf(flags: BuildFlags, { dockerfile, buildArguments, secrets }: Prepared) {
  const json = (value: object): string | undefined =>
    Object.keys(value).length === 0 ? undefined : JSON.stringify(value);
  return {
    t: flags.tag,
    dockerfile,
    target: flags.target,
    buildargs: json(buildArguments),
    labels: json(Object.fromEntries(flags.label)),
    nocache: flags['no-cache'] || undefined,
    pull: flags.pull || undefined,
    platform: flags.platform,
    networkmode: flags.network,
    extrahosts: flags['add-host'].length === 0 ? undefined : JSON.stringify(flags['add-host']),
    memory: flags.memory,
    shmsize: flags['shm-size'],
    secrets,
    events: 1,
  };
}

async function sendSecrets(client: DaemonClient, secrets: readonly BuildSecret[]): Promise<string | undefined> {
  if (secrets.length === 0) return undefined;
  const body = { secrets: secrets.map(({ id, value }) => ({ id, secret: value().toString('base64') })) };
  const { Name } = await client.json<{ Name: string }>({ method: 'POST', path: '/tlab/build/secrets', body });
  return Name;
}

/** Undefined when the image is not here. */
async function triggersOf(client: DaemonClient, image: string): Promise<readonly string[] | undefined> {
  try {
    const { Config } = await client.json<{ Config: { OnBuild?: unknown } }>({
      method: 'GET',
      path: `/images/${encodeURIComponent(image)}/json`,
    });
    return Array.isArray(Config.OnBuild) ? (Config.OnBuild as string[]) : [];
  } catch {
    return undefined;
  }
}
