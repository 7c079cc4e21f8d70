// The plain renderer: append-only lines, numbered choices, answers typed. For pipes, screen readers and terminals that can no more.
// Rule: no cursor movement, no box; each thing that is said begins on a line of its own.
import { paint, type Style } from '../../base/colour.ts';
import { printable, wrap } from '../../base/text.ts';
import { print, terminalColumns } from '../terminal.ts';
import { InputLines } from './lines.ts';
import { type Ask, type Prompter, type Reply, replyOf, type Tone } from './prompter.ts';

const styles: Partial<Record<Tone, Style>> = { title: 'bold', good: 'green', bad: 'red', note: 'dim', evidence: 'dim' };

/** Text of a tone as lines; evidence stands in from the margin. */
export function tellLines(tone: Tone, text: string, word: string | undefined, width: number): string[] {
  const style = styles[tone];
  const indent = tone === 'evidence' ? '  ' : '';
  const room = width - indent.length - (word === undefined ? 0 : word.length + 2);
  const lines = text.split('\n').flatMap((line) => (line === '' ? [''] : wrap(printable(line), room)));
  const painted = lines.map(
    (line) => indent + (style === undefined || word !== undefined ? line : paint.out(style, line)),
  );
  if (word === undefined) return painted;
  return [
    `${style === undefined ? word : paint.out(style, word)}  ${painted[0] ?? ''}`,
    ...painted.slice(1).map((line) => ' '.repeat(word.length + 2) + line),
  ];
}

export const promptWidth = (): number => Math.min(terminalColumns(), 90);

/** The question, and what it shows: each thing stands in from the margin, and what is left of it further in. */
export function questionLines([first = '', ...shown]: readonly string[], width: number): string[] {
  const things = shown.flatMap((text) =>
    wrap(printable(text.trim()), width - 4).map((line, at) => (at === 0 ? '  ' : '    ') + line),
  );
  return [...wrap(printable(first), width), ...things, ...(shown.length > 0 ? [''] : [])];
}

export function askLines({ asks, choices, how, keys = [] }: Ask): string[] {
  const width = promptWidth();
  return [
    ...questionLines(asks, width),
    ...choices.flatMap((choice, i) => {
      const lines = wrap(printable(choice), width - 5);
      return lines.map((line, at) => (at === 0 ? `  ${i + 1}  ` : '     ') + line);
    }),
    ...wrap([how, ...keys.map(({ key, says }) => `${key}: ${says}`)].join(' · '), width),
  ];
}

export class PlainPrompter implements Prompter {
  readonly mode = 'plain';
  readonly #input = new InputLines();

  /** Leaves the input to others, until the next question. */
  rest(): void {
    this.#input.rest();
  }

  tell(tone: Tone, text: string, word?: string): void {
    for (const line of tellLines(tone, text, word, promptWidth())) print(line);
  }

  async ask(question: Ask): Promise<Reply> {
    for (const line of askLines(question)) print(line);
    process.stdout.write('> ');
    const first = await this.#input.next().catch((error) => {
      print('');
      throw error;
    });
    // A pipe shows no line break that somebody has typed.
    if (process.stdin.isTTY !== true) print('');
    const reply = replyOf(question, first);
    if (question.form !== 'lines' || reply.kind === 'key' || reply.text === '') return reply;
    const lines = [reply.text];
    for (let line = await this.#input.next(); line.trim() !== ''; line = await this.#input.next()) lines.push(line);
    return { kind: 'answer', text: lines.join('\n') };
  }

  close(): void {
    this.#input.close();
  }
}
