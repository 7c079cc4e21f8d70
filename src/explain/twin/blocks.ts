// Steps as blocks of the script, each with a comment: the stage that did it, its events, its cause.
import { printable } from '../../base/text.ts';
import type { Cause } from '../../trace/cause.ts';
import { type DefaultName, defaults } from '../../trace/defaults.ts';
import type { Trace, TraceEvent } from '../../trace/file.ts';
import { Causes } from '../causes.ts';
import type { RunFacts } from './run.ts';

/** What one event becomes. */
export interface Step {
  event: TraceEvent;
  lines: string[];
}

export class Blocks {
  readonly #run: RunFacts;
  readonly #causes: Causes;
  readonly #stages: Map<number, string>;

  constructor(trace: Trace, run: RunFacts) {
    this.#run = run;
    this.#causes = new Causes(trace);
    this.#stages = new Map(trace.header.processes.map(({ pid, stage }) => [pid, stage]));
  }

  /** `# event 214, runc: because of --memory (config.json /linux/resources/memory/limit)`. */
  comment(first: TraceEvent, last = first): string {
    const numbers = first === last ? `event ${first.seq}` : `events ${first.seq} to ${last.seq}`;
    return `# ${numbers}, ${this.#stageOf(first)}: ${this.#because(first)}`;
  }

  /** Steps of one stage and one cause share their comment. */
  of(steps: readonly Step[]): string[] {
    const groups: Step[][] = [];
    let before = '';
    for (const step of steps) {
      const key = `${this.#stageOf(step.event)}\0${this.#because(step.event)}`;
      if (key === before) groups.at(-1)?.push(step);
      else groups.push([step]);
      before = key;
    }
    return groups.flatMap((group) => {
      const [first, last] = [group[0]?.event, group.at(-1)?.event];
      if (first === undefined || last === undefined) return [];
      return ['', this.comment(first, last), ...group.flatMap((step) => step.lines)];
    });
  }

  #stageOf(event: TraceEvent): string {
    if (event.stage !== 'kernel') return event.stage;
    if (event.pid === this.#run.initPid) return "runc's child";
    return printable(this.#stages.get(event.pid) ?? 'kernel');
  }

  /** The root, and the line of config.json without its position in a list. */
  #because(event: TraceEvent): string {
    const { links } = this.#causes.chainOf(event);
    const line = links.find((link) => link.startsWith('config:/'))?.slice('config:'.length);
    const pointer = line?.replace(/\/(\d+|net\.[^/]+)$/, '');
    return `${shortWords(links.at(-1))}${pointer === undefined ? '' : ` (config.json ${printable(pointer)})`}`;
  }
}

/** A root in a few words. */
function shortWords(cause: Cause | undefined): string {
  if (cause === undefined) return 'part of this run';
  const colon = cause.indexOf(':');
  const kind = cause.slice(0, colon);
  const rest = printable(cause.slice(colon + 1));
  if (kind === 'flag') return `because of ${rest}`;
  if (kind === 'argument') return `because you named ${rest}`;
  if (kind === 'command') return `because you ran \`tlab ${rest}\``;
  if (kind === 'image') return `because the image's configuration has ${rest}`;
  if (kind === 'default')
    return `by default ${rest}: ${defaults[rest as DefaultName]?.says ?? 'unknown to this version'}`;
  return `because of ${kind} ${rest}`;
}
