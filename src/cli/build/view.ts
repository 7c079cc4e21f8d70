// How a build shows: one line a step, what its command prints below it, and with --why the part of the key that changed. One form for terminals
// and logs alike; lines fit the width, and what comes from the build cannot move the cursor.
import { fit, fitMiddle, printable } from '../../base/text.ts';
import type { BuildEvent, FileChange, KeyChange } from '../../daemon/protocol.ts';
import { counted, humanSize } from '../format/words.ts';

export interface BuildViewOptions {
  width: number;
  why: boolean;
  print: (line: string) => void;
  paint: (style: 'dim' | 'green' | 'yellow' | 'cyan', text: string) => string;
}

interface Step {
  text: string;
  stage: string;
  isFrom: boolean;
}

export class BuildView {
  readonly #options: BuildViewOptions;
  readonly #steps = new Map<number, Step>();
  readonly #rest = new Map<string, string>();
  /** Steps of the plan. */
  #total = 0;
  #hits = 0;
  #stages = 1;
  /** Whose lines are above the cursor. */
  #shown: number | undefined;
  readonly #startedMs = performance.now();

  constructor(options: BuildViewOptions) {
    this.#options = options;
  }

  show(event: BuildEvent): void {
    switch (event.kind) {
      case 'queued':
        this.#say(`waiting: ${counted(event.running, 'build')} running, number ${event.position} in the queue`);
        return;
      case 'context':
        this.#say(
          `context: ${humanSize(event.sentBytes, 3)} in ${counted(event.entries, 'entry').replace('entrys', 'entries')}`,
        );
        return;
      case 'planned':
        this.#plan(event);
        return;
      case 'step-started':
        this.#steps.set(event.step, { text: event.text, stage: event.stage, isFrom: /^from\s/i.test(event.text) });
        if (/^from\s/i.test(event.text)) this.#head(event.step, '');
        return;
      case 'cache':
        this.#cache(event);
        return;
      case 'output':
        this.#output(event);
        return;
      case 'pull':
        if (event.line.id === undefined && event.line.status) this.#below(event.step, event.line.status);
        return;
      case 'step-finished':
        this.#finished(event);
        return;
      case 'warning':
        this.#options.print(this.#options.paint('yellow', `warning: ${printable(event.text)}`));
        return;
      case 'built':
        this.#built(event.id);
        return;
      case 'tagged':
        this.#options.print(`tagged ${printable(event.name)}`);
        return;
      default:
    }
  }

  #say(text: string): void {
    this.#options.print(this.#options.paint('dim', fit(text, this.#options.width)));
  }

  #plan({ total, stages }: Extract<BuildEvent, { kind: 'planned' }>): void {
    this.#total = total;
    const needed = stages.filter(({ isNeeded }) => isNeeded);
    const skipped = stages.filter(({ isNeeded }) => !isNeeded);
    this.#stages = needed.length;
    if (stages.length === 1) return;
    const names = needed.map(({ name }) => printable(name)).join(', ');
    const left = skipped.length === 0 ? '' : `; not needed: ${skipped.map(({ name }) => printable(name)).join(', ')}`;
    this.#say(`${counted(needed.length, 'stage')}: ${names}${left}`);
  }

  /** `[2/6] RUN make                         cached` */
  #head(number: number, word: string): void {
    const { width, print, paint } = this.#options;
    const step = this.#steps.get(number);
    const stage = this.#stages > 1 ? ` ${printable(step?.stage ?? '')}` : '';
    const place = `[${String(number).padStart(String(this.#total).length)}/${this.#total}${stage}]`;
    const room = width - place.length - 2 - (word === '' ? 0 : word.length + 2);
    const text = fit(printable(step?.text.replace(/\s+/g, ' ') ?? ''), room);
    const gap = word === '' ? '' : ' '.repeat(Math.max(2, width - place.length - 1 - text.length - word.length));
    print(`${paint('cyan', place)} ${text}${gap}${paint('green', word)}`);
    this.#shown = number;
  }

  #cache({ step, hit, reason, changes }: Extract<BuildEvent, { kind: 'cache' }>): void {
    if (hit) this.#hits += 1;
    this.#head(step, hit ? 'cached' : '');
    if (!this.#options.why) return;
    this.#below(step, `${hit ? 'hit' : 'miss'}: ${reason}`);
    for (const change of changes) for (const line of changeLines(change)) this.#below(step, line);
  }

  #output({ step, stream, text }: Extract<BuildEvent, { kind: 'output' }>): void {
    const key = `${step} ${stream}`;
    const lines = `${this.#rest.get(key) ?? ''}${text}`.split('\n');
    this.#rest.set(key, lines.pop() ?? '');
    for (const line of lines) this.#below(step, line.replace(/\r$/, ''));
  }

  #below(step: number, text: string): void {
    if (this.#shown !== step) this.#head(step, '…');
    this.#options.print(`${this.#options.paint('dim', '  │')} ${printable(text).replaceAll('\\t', '    ')}`);
  }

  #finished({ step, durationMs, sizeBytes }: Extract<BuildEvent, { kind: 'step-finished' }>): void {
    for (const stream of ['stdout', 'stderr']) {
      const rest = this.#rest.get(`${step} ${stream}`) ?? '';
      if (rest !== '') this.#below(step, rest);
      this.#rest.delete(`${step} ${stream}`);
    }
    if (durationMs < quickMs || this.#steps.get(step)?.isFrom === true) return;
    const layer = sizeBytes > 0 ? `, layer of ${humanSize(sizeBytes, 3)}` : '';
    if (this.#shown !== step) this.#head(step, '…');
    this.#options.print(this.#options.paint('dim', `  └ ${(durationMs / 1000).toFixed(1)} s${layer}`));
  }

  #built(id: string): void {
    const seconds = ((performance.now() - this.#startedMs) / 1000).toFixed(1);
    const cached = this.#hits === 0 ? '' : `, ${this.#hits} from the cache`;
    this.#options.print(`built ${id.slice(7, 19)} in ${seconds} s: ${counted(this.#total, 'step')}${cached}`);
  }
}

/** Steps that are quicker need no line about their time. */
const quickMs = 50;
const longestPart = 60;

/** A change of a part of the key: values when they are short, else what of them differs. */
function changeLines({ part, before, now, files }: KeyChange): string[] {
  if (files !== undefined && files.length > 0) return fileLines(part, files);
  const [was, is] = [elementsOf(before), elementsOf(now)];
  if (was !== undefined && is !== undefined) {
    const gone = was.filter((entry) => !is.includes(entry)).map((entry) => `  - ${fit(entry, longestPart)}`);
    const come = is.filter((entry) => !was.includes(entry)).map((entry) => `  + ${fit(entry, longestPart)}`);
    return [`${part}:`, ...gone, ...come];
  }
  return [`${part}: ${shortened(before)} → ${shortened(now)}`];
}

/** `src/app.js changed`: the first of them by name, the others by number. */
function fileLines(part: string, files: readonly FileChange[]): string[] {
  const named = files.slice(0, mostNamed).map(({ path, how }) => `  ${fitMiddle(printable(path), longestPart)} ${how}`);
  const rest = files.length - named.length;
  return [`${part}:`, ...named, ...(rest > 0 ? [`  and ${rest} more`] : [])];
}

const mostNamed = 10;

/** A variable as it is, an argument with its value, a command's words, a mount by what counts of it. */
function elementText(entry: unknown): string[] {
  if (typeof entry === 'string') return entry === '' ? [] : [entry];
  if (Array.isArray(entry)) return [entry.length === 2 ? entry.join('=') : entry.join(' ')];
  if (typeof entry !== 'object' || entry === null) return [String(entry)];
  const { type, target, from, source, id, checksum } = entry as Record<string, string | undefined>;
  const words = [from, source, id, checksum?.slice(0, 19)].filter((word) => word !== undefined && word !== '');
  return [`${type} ${target}: ${words.join(' ')}`];
}

/** Parts that are lists: variables, arguments. */
function elementsOf(text: string): string[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value)) return undefined;
    return value.flatMap(elementText);
  } catch {
    return undefined;
  }
}

const shortened = (text: string): string =>
  text === '' ? '(none)' : fit(text.replace(/sha256:([0-9a-f]{12})[0-9a-f]{52}/g, 'sha256:$1'), longestPart);
