// BuildEvents as the lines of Docker's classic builder: what docker's client prints as it is. Stages may run side by side; their steps are told in
// the order of the Dockerfile, and what a later one says meanwhile is kept, up to a bound.
// @source docker builder/dockerfile; docker-api POST /build
import { shortId } from '../../base/ids.ts';
import type { BuildEvent } from '../protocol.ts';

export interface StreamLine {
  stream?: string;
  aux?: { ID: string };
  status?: string;
  id?: string;
  progress?: string;
  progressDetail?: object;
  error?: string;
  errorDetail?: { code?: number; message: string };
}

/** Characters of output that are kept for a step whose turn has not come. */
const mostKept = 2 * 1024 * 1024;

const red = (text: string): string => `\x1b[91m${text}\x1b[0m`;

export class ClassicText {
  readonly #write: (line: StreamLine) => boolean;
  #total = 0;
  /** Whose output is told as it comes: every step before it has ended. */
  #current = 1;
  readonly #kept = new Map<number, BuildEvent[]>();
  readonly #keptCharacters = new Map<number, number>();

  constructor(write: (line: StreamLine) => boolean) {
    this.#write = write;
  }

  report(event: BuildEvent): boolean {
    if (!('step' in event) || event.step <= this.#current) return this.#tell(event);
    this.#keep(event.step, event);
    return true;
  }

  /** The build has failed: what the steps that did not get their turn have said is told now. */
  flush(): void {
    for (const step of [...this.#kept.keys()].sort((a, b) => a - b)) this.#tellKept(step);
  }

  #keep(step: number, event: BuildEvent): void {
    const size = event.kind === 'output' ? event.text.length : 0;
    const before = this.#keptCharacters.get(step) ?? 0;
    if (before + size > mostKept) return;
    this.#keptCharacters.set(step, before + size);
    const kept = this.#kept.get(step);
    if (kept === undefined) this.#kept.set(step, [event]);
    else kept.push(event);
  }

  #tell(event: BuildEvent): boolean {
    const isReady = this.#lines(event)
      .map((line) => this.#write(line))
      .every(Boolean);
    if (event.kind === 'step-finished' && event.step === this.#current) this.#advance();
    return isReady;
  }

  #advance(): void {
    this.#current += 1;
    while (this.#kept.has(this.#current)) {
      const step = this.#current;
      this.#tellKept(step);
      if (this.#current === step) return;
    }
  }

  #tellKept(step: number): void {
    const events = this.#kept.get(step) ?? [];
    this.#kept.delete(step);
    this.#keptCharacters.delete(step);
    for (const event of events) this.#tell(event);
  }

  #lines(event: BuildEvent): StreamLine[] {
    const stream = (text: string): StreamLine[] => [{ stream: text }];
    switch (event.kind) {
      case 'queued':
        return stream(
          `Waiting for ${event.position === 1 ? 'a build' : `${event.position} builds`} to end (${event.running} are running)\n`,
        );
      case 'planned':
        this.#total = event.total;
        return [];
      case 'step-started':
        return stream(`Step ${event.step}/${this.#total} : ${event.text}\n`);
      case 'cache':
        return event.hit ? stream(' ---> Using cache\n') : [];
      case 'container':
        return stream(` ---> Running in ${shortId(event.id)}\n`);
      case 'container-removed':
        return stream(`Removing intermediate container ${shortId(event.id)}\n`);
      case 'output':
        return stream(event.stream === 'stderr' ? red(event.text) : event.text);
      case 'pull':
        return [event.line as StreamLine];
      case 'step-finished':
        return stream(` ---> ${shortId(event.id)}\n`);
      case 'warning':
        return stream(`[Warning] ${event.text}\n`);
      case 'built':
        return [{ aux: { ID: event.id } }, ...stream(`Successfully built ${shortId(event.id)}\n`)];
      case 'tagged':
        return stream(`Successfully tagged ${event.name}\n`);
      case 'error':
        return [
          {
            errorDetail: { ...(event.code === 0 ? {} : { code: event.code }), message: event.message },
            error: event.message,
          },
        ];
      default:
        return [];
    }
  }
}
