// A lesson's Markdown, cut into its header, its introduction and its steps; nothing is interpreted yet.
//   header:  YAML between two lines of ---
//   step:    ## Title {#id}; what stands before the first one is the introduction. {#id .alone}: it builds on no earlier step
//   block:   a fence whose info string has two words, ```yaml check; with one word or none it is part of the text.
//            ```dockerfile file NAME is a file of the step, written for the learner
//   debrief: the text behind ### Why
// Rule: a plain Markdown viewer shows the same lesson; every part knows its line.
import type { Finding } from './finding.ts';

export const blockTypes = ['do', 'predict', 'check', 'hints', 'wrong', 'interview', 'solve', 'also', 'file'] as const;
export type BlockType = (typeof blockTypes)[number];

export interface Block {
  kind: 'block';
  type: BlockType;
  language: string;
  text: string;
  /** Of a file: its path below the attempt's folder. */
  name: string;
  /** Of its first line of content, from 1. */
  line: number;
}

export interface Prose {
  kind: 'say' | 'why';
  /** Markdown. */
  text: string;
  line: number;
}

export interface SourceStep {
  id: string;
  isAlone: boolean;
  title: string;
  line: number;
  parts: Array<Prose | Block>;
}

export interface LessonSource {
  file: string;
  header: { text: string; line: number };
  introduction: string;
  steps: SourceStep[];
  findings: Finding[];
}

const stepForm = /^##\s+(.*?)\s*(?:\{#([^}]*)\})?\s*$/;
const whyForm = /^###\s+why\s*$/i;
const fenceForm = /^(`{3,}|~{3,})\s*(\S*)(?:[ \t]+(.*?))?[ \t]*$/;
const idForm = /^[a-z][a-z0-9-]*$/;
/** Below the folder of the attempt, whatever it says. */
const fileForm = /^(?!\.{1,2}(\/|$))[\w.-]+(\/(?!\.{1,2}(\/|$))[\w.-]+)*$/;

export function cutLesson(file: string, text: string): LessonSource {
  return new Cutter(file, text.split(/\r?\n/)).cut();
}

class Cutter {
  readonly #lines: readonly string[];
  readonly #source: LessonSource;
  #at = 0;
  #kind: Prose['kind'] = 'say';
  #prose: string[] = [];
  #proseLine = 1;

  constructor(file: string, lines: readonly string[]) {
    this.#lines = lines;
    this.#source = { file, header: { text: '', line: 2 }, introduction: '', steps: [], findings: [] };
  }

  cut(): LessonSource {
    this.#header();
    for (; this.#at < this.#lines.length; this.#at++) this.#line(this.#lines[this.#at] ?? '');
    this.#endProse();
    return this.#source;
  }

  #find(line: number, says: string): void {
    this.#source.findings.push({ file: this.#source.file, line, column: 1, says });
  }

  #header(): void {
    const end = this.#lines[0]?.trimEnd() === '---' ? this.#lines.indexOf('---', 1) : -1;
    if (end < 0) {
      this.#find(1, 'no header: expected YAML between two lines of ---');
      return;
    }
    this.#source.header.text = this.#lines.slice(1, end).join('\n');
    this.#at = end + 1;
  }

  #line(line: string): void {
    const [, fence, language = '', rest] = fenceForm.exec(line) ?? [];
    const [, title, id] = stepForm.exec(line) ?? [];
    if (fence !== undefined) this.#fence(fence, language, rest);
    else if (title !== undefined) this.#step(title, id);
    else if (whyForm.test(line)) this.#debrief();
    else this.#keep(line);
  }

  #debrief(): void {
    this.#endProse();
    this.#kind = 'why';
  }

  #keep(...lines: string[]): void {
    if (this.#prose.length === 0) this.#proseLine = this.#at + 1;
    this.#prose.push(...lines);
  }

  #step(title: string, attributes: string | undefined): void {
    const id = attributes?.replace(/\s+\.alone$/, '');
    this.#endProse();
    this.#kind = 'say';
    const line = this.#at + 1;
    if (id === undefined) this.#find(line, `step "${title}" has no id: expected ## ${title} {#its-id}`);
    else if (!idForm.test(id)) this.#find(line, `step id "${id}": expected small letters, digits and hyphens`);
    else if (this.#source.steps.some((step) => step.id === id))
      this.#find(line, `step id "${id}" is taken in this lesson`);
    this.#source.steps.push({ id: id ?? '', isAlone: id !== attributes, title, line, parts: [] });
  }

  #fence(fence: string, language: string, rest: string | undefined): void {
    const first = this.#at + 1;
    const isEnd = (line: string): boolean => line.trimEnd().startsWith(fence) && /^[`~]+$/.test(line.trimEnd());
    let end = first;
    while (end < this.#lines.length && !isEnd(this.#lines[end] ?? '')) end++;
    if (end === this.#lines.length) this.#find(first, `the fence ${fence} is not closed`);
    const content = this.#lines.slice(first, end);
    if (rest === undefined) this.#keep(...this.#lines.slice(this.#at, end + 1));
    else this.#block(rest, { kind: 'block', language, text: content.join('\n'), line: first + 1, name: '' });
    this.#at = end;
  }

  #block(info: string, block: Omit<Block, 'type'>): void {
    this.#endProse();
    const step = this.#source.steps.at(-1);
    const [type, ...words] = info.split(/\s+/);
    const name = words.join(' ');
    const known = blockTypes.find((one) => one === type && (one === 'file' || name === ''));
    if (known === undefined) {
      this.#find(
        block.line - 1,
        `block "${info}": expected ${blockTypes.join(', ')}, or a fence with one word for an example`,
      );
    } else if (step === undefined) {
      this.#find(block.line - 1, `block "${type}" stands before the first step`);
    } else if (known === 'file' && !fileForm.test(name)) {
      this.#find(block.line - 1, `file "${name}": expected a path below the folder of the attempt, as app/Dockerfile`);
    } else {
      step.parts.push({ ...block, type: known, name });
    }
  }

  #endProse(): void {
    const text = this.#prose.join('\n').trim();
    this.#prose = [];
    if (text === '') return;
    const step = this.#source.steps.at(-1);
    if (step === undefined) this.#source.introduction = text;
    else step.parts.push({ kind: this.#kind, text, line: this.#proseLine });
  }
}
