// Attaching to a container: its past output when asked, then what comes, and its standard input.
import type { Duplex } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { asLabError } from '../../base/errors.ts';
import type { Engine } from '../engine.ts';
import { readLog } from '../log/reader.ts';
import { frameOf, type OutputName, streamWatcher, unframed } from '../stdio/output.ts';
import type { Streams } from '../stdio/streams.ts';
import type { Container } from './container.ts';
import { ignoreMissing } from './missing.ts';
import { openStreams } from './open-streams.ts';

export interface AttachOptions {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  stream: boolean;
  logs: boolean;
}

/** A container that does not run yet gets its streams now, so that the first byte of a start is not missed. */
export async function attachContainer(
  engine: Engine,
  { container, connection, options }: { container: Container; connection: Duplex; options: AttachOptions },
): Promise<void> {
  if (container.status === 'created' || container.status === 'exited') openStreams(container);
  engine.events.publish('container', 'attach', container.id, container.eventAttributes());
  if (options.logs) await sendPast(container, connection, options);
  const { streams } = container;
  if (!options.stream || streams === undefined) {
    connection.end();
    return;
  }
  pipeOutput(streams, connection, { names: namesOf(options), isTerminal: container.record.config.Tty ?? false });
  if (!options.stdin) return;
  const join = (): void => pipeInput(streams, connection, () => inputEnded(engine, container));
  // Nobody reads the FIFO before the start: what the client sends waits in its socket.
  if (container.isRunning) join();
  else container.once('started', join);
}

/**
 * Without StdinOnce the program's input stays open for the next who attaches; a terminal stays open in any case: who was there may
 * have detached. @source moby container/stream/attach.go
 */
async function inputEnded(engine: Engine, container: Container): Promise<void> {
  const { StdinOnce = false, Tty = false } = container.record.config;
  if (!StdinOnce || Tty) return;
  const { streams } = container;
  await streams?.closeStdin();
  const isOpen = (): boolean => container.isRunning && container.streams === streams;
  await tellInputEnd(engine, { containerId: container.id, execId: '' }, isOpen);
}

const retryMs = 200;

/** The shim holds the input open until it is told. While containerd is away it is not, and the program would read for ever. */
export async function tellInputEnd(
  engine: Engine,
  ids: { containerId: string; execId: string },
  isOpen: () => boolean,
): Promise<void> {
  while (isOpen()) {
    try {
      return await ignoreMissing(engine.containerd.tasks.closeIO({ ...ids, stdin: true }));
    } catch (error) {
      if (asLabError(error).kind !== 'unavailable') throw error;
    }
    await setTimeout(retryMs);
  }
}

const namesOf = (options: AttachOptions): OutputName[] =>
  (['stdout', 'stderr'] as const).filter((name) => options[name]);

export interface OutputOptions {
  names: readonly OutputName[];
  isTerminal: boolean;
  /** The connection stays open until then, even when every output has ended. */
  until?: Promise<void>;
}

/** The connection ends when every wanted output has; a client that goes away is forgotten. */
export function pipeOutput(streams: Streams, connection: Duplex, { names, isTerminal, until }: OutputOptions): void {
  const outputs = streams.outputs.filter((output) => names.includes(output.name));
  if (outputs.length === 0) return;
  const frame = isTerminal ? unframed : frameOf;
  const stop = streams.watch(
    names,
    streamWatcher({ stream: connection, outputs, frame, until: until ?? Promise.resolve() }),
  );
  connection.once('close', stop);
}

/** The client's half-close is the end of the program's input. */
export function pipeInput(streams: Streams, connection: Duplex, atEnd: () => Promise<void>): void {
  const stdin = streams.stdin;
  if (stdin === undefined) return;
  connection.on('data', (chunk: Buffer) => {
    if (!stdin.destroyed && !stdin.write(chunk)) {
      connection.pause();
      stdin.once('drain', () => connection.resume());
    }
  });
  // Nobody takes it any more: it is read on and dropped, or the client's going would never be seen.
  stdin.once('close', () => connection.resume());
  let isOver = false;
  const finish = (): void => {
    if (isOver) return;
    isOver = true;
    atEnd().catch(() => {});
  };
  connection.once('end', finish);
  connection.once('close', finish);
  // The input had ended, or its client gone, before it was joined: neither event comes again.
  if (connection.readableEnded || connection.destroyed) finish();
}

async function sendPast(container: Container, connection: Duplex, options: AttachOptions): Promise<void> {
  const frame = container.record.config.Tty ? unframed : frameOf;
  const { signal } = new AbortController();
  const past = readLog({
    path: container.logPath,
    tail: undefined,
    sinceNs: undefined,
    untilNs: undefined,
    follow: undefined,
    signal,
  });
  for await (const entry of past) {
    if (options[entry.stream]) connection.write(frame(entry.stream, Buffer.from(entry.log)));
  }
}
