// What a learner did, appended line by line: the truth of all progress. Everything else is computed from it (state.ts).
// Rule: a line is written at once, with one write and a newline in front of a cut one, so that kill -9 loses at most the entry that was
// being written. Lines of other versions or other programs stay where they are. Logs of two machines merge by union: each entry has an id.
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { LabError } from '../../base/errors.ts';
import { xdgFolder } from '../../base/xdg.ts';

export const logSchema = 'tlab.progress';
export const logVersion = 1;

const step = { lesson: v.string(), step: v.string() };
/** On what it was taken, when it was not the engine. */
const way = v.optional(v.picklist(['replay', 'simulated']));
const entries = {
  /** A lesson begins, with what its variables are made from. */
  began: v.object({ lesson: v.string(), seed: v.string() }),
  /** A step is shown. */
  opened: v.object({ ...step, content: v.optional(v.string()), way }),
  /** Checks were asked: which of them passed. */
  checked: v.object({
    ...step,
    passed: v.array(v.string()),
    failed: v.array(v.string()),
    unknown: v.array(v.string()),
  }),
  passed: v.object({ ...step, content: v.optional(v.string()), way }),
  predicted: v.object({ ...step, prediction: v.string(), answer: v.string(), isRight: v.boolean() }),
  hinted: v.object({ ...step, rung: v.number() }),
  skipped: v.object(step),
  /** What was done is to be done again: of a step, a lesson (no step), or everything (neither). */
  reset: v.object({ lesson: v.optional(v.string()), step: v.optional(v.string()) }),
  /** A card of the quiz was answered; `rating` is computed from the evidence, 1 again to 4 easy. */
  reviewed: v.object({
    card: v.string(),
    isRight: v.boolean(),
    tries: v.number(),
    hints: v.number(),
    seconds: v.number(),
    rating: v.number(),
  }),
  /** A lesson that the placement found known. */
  placed: v.object({ lesson: v.string() }),
  /** A note of the learner's own. */
  noted: v.object({ text: v.string(), lesson: v.optional(v.string()), step: v.optional(v.string()) }),
  /** An interview begins: its questions by the ids of their entries, in their order. */
  invited: v.object({ session: v.string(), minutes: v.number(), questions: v.array(v.string()), seed: v.string() }),
  /** A question of it was answered: which of the key points were said. */
  interviewed: v.object({
    session: v.string(),
    entry: v.string(),
    answer: v.string(),
    said: v.array(v.string()),
    missed: v.array(v.string()),
    seconds: v.number(),
  }),
  /** It is over, by its time, its questions or by hand. */
  ended: v.object({ session: v.string() }),
} as const;
export type EntryKind = keyof typeof entries;
export type EntryData<Kind extends EntryKind> = v.InferOutput<(typeof entries)[Kind]>;

export type Entry = { [Kind in EntryKind]: { id: string; at: string; kind: Kind } & EntryData<Kind> }[EntryKind];

const envelope = v.object({
  id: v.string(),
  at: v.pipe(v.string(), v.isoTimestamp()),
  kind: v.picklist(Object.keys(entries) as EntryKind[]),
});
const head = v.object({ schema: v.literal(logSchema), version: v.pipe(v.number(), v.safeInteger()) });

/** Progress is a person's: it follows the XDG folders. @source XDG Base Directory Specification, XDG_STATE_HOME */
export const progressFile = (env: NodeJS.ProcessEnv = process.env): string =>
  env.TLAB_PROGRESS || join(xdgFolder('XDG_STATE_HOME', env), 'progress.jsonl');

export interface ProgressLog {
  entries: Entry[];
  /** Lines that are no entries: kept in the file, said on the first screen. */
  unreadable: number;
}

/** An empty log when there is no file. @throws LabError invalidArgument for a file of a newer version */
export function readLog(file: string): ProgressLog {
  const text = readText(file);
  const log: ProgressLog = { entries: [], unreadable: 0 };
  if (text === '') return log;
  // Two shells that begin the file at once have both written its first line.
  const [first = '', ...lines] = text.split('\n');
  const header = v.safeParse(head, parse(first));
  if (header.success && header.output.version > logVersion) {
    throw new LabError(
      'invalidArgument',
      `progress ${file}: version ${header.output.version}, this tlab reads up to ${logVersion}`,
      {
        hint: 'use the tlab that wrote it, or a newer one',
      },
    );
  }
  if (!header.success)
    throw new LabError('dataLoss', `progress ${file}: its first line is not {"schema":"${logSchema}",…}`);
  for (const line of lines) {
    if (line === '') continue;
    const entry = parseEntry(line);
    if (entry !== undefined) log.entries.push(entry);
    else if (line !== first) log.unreadable++;
  }
  return log;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new LabError('permissionDenied', `progress ${file}: cannot be read`, {
      cause: error,
      hint: 'set TLAB_PROGRESS to a file of your own',
    });
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function parseEntry(line: string): Entry | undefined {
  const value = parse(line);
  const outer = v.safeParse(envelope, value);
  if (!outer.success) return undefined;
  const inner = v.safeParse(entries[outer.output.kind] as v.GenericSchema<object, object>, value);
  return inner.success ? ({ ...outer.output, ...inner.output } as Entry) : undefined;
}

export type NewEntry = { [Kind in EntryKind]: { kind: Kind } & EntryData<Kind> }[EntryKind];

/** Appends entries, durably: when this returns, they survive a power cut. */
export function append(file: string, added: readonly NewEntry[], now: Date = new Date()): void {
  const fd = openToAppend(file);
  try {
    const { size } = fstatSync(fd);
    const begin =
      size === 0 ? `${JSON.stringify({ schema: logSchema, version: logVersion })}\n` : isCut(fd, size) ? '\n' : '';
    const lines = added.map((entry) => `${JSON.stringify({ id: randomUUID(), at: now.toISOString(), ...entry })}\n`);
    // Until all of it is there: where a disk gets full, one write may end in the middle, and says so only in its result.
    writeFileSync(fd, begin + lines.join(''));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function openToAppend(file: string): number {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    return openSync(file, 'a+', 0o600);
  } catch (error) {
    throw new LabError('permissionDenied', `progress ${file}: cannot be written`, {
      cause: error,
      hint: 'set TLAB_PROGRESS to a file of your own',
    });
  }
}

/** A writer was killed in the middle of a line. */
function isCut(fd: number, size: number): boolean {
  const last = Buffer.alloc(1);
  readSync(fd, last, 0, 1, size - 1);
  return last[0] !== 0x0a;
}

/** A file that is no log is kept under another name. Returns that name. */
export function setAside(file: string, now: Date = new Date()): string {
  const kept = `${file}.${now.toISOString().replaceAll(/[:.]/g, '-')}.kept`;
  renameSync(file, kept);
  return kept;
}

/** Entries of another log that this one does not have, in the order of their time. */
export function missingFrom(log: ProgressLog, other: ProgressLog): Entry[] {
  const ids = new Set(log.entries.map(({ id }) => id));
  return other.entries.filter(({ id }) => !ids.has(id)).toSorted((a, b) => a.at.localeCompare(b.at));
}
