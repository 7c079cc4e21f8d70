// The rich renderer: a choice is moved to with the arrow keys or taken by its number, at once. What is written is answered as in plain mode.
// What is longer than the terminal is not drawn again: it is answered as in plain mode too.
// Rule: every key has its written form in plain mode; Ctrl-C ends the question, and the terminal is as it was before.
import { emitKeypressEvents } from 'node:readline';
import { paint } from '../../base/colour.ts';
import { printable, wrap } from '../../base/text.ts';
import { print } from '../terminal.ts';
import { PlainPrompter, promptWidth, questionLines, tellLines } from './plain.ts';
import { type Ask, Interrupted, type Prompter, type Reply, type Tone } from './prompter.ts';

interface Key {
  name?: string;
  ctrl?: boolean;
  sequence?: string;
}

export class RichPrompter implements Prompter {
  readonly mode = 'rich';
  readonly #plain = new PlainPrompter();

  tell(tone: Tone, text: string, word?: string): void {
    for (const line of tellLines(tone, text, word, promptWidth())) print(line);
  }

  async ask(question: Ask): Promise<Reply> {
    const { length } = question.choices;
    const isShort = choiceLines(question, 0).length + hintLines(question).length < process.stdout.rows;
    if (question.form !== 'one' || length === 0 || length > 9 || !isShort) return await this.#asked(question);
    for (const line of questionLines(question.asks, promptWidth()))
      print(line.startsWith(' ') ? line : paint.out('bold', line));
    return await this.#choose(question);
  }

  async #choose(question: Ask): Promise<Reply> {
    const { choices, keys = [] } = question;
    let at = 0;
    const hint = hintLines(question);
    const draw = (isAgain: boolean): void => {
      const lines = choiceLines(question, at);
      const rows = lines.length + hint.length;
      process.stdout.write(isAgain ? `\x1b[${rows}A` : '');
      for (const line of [...lines, ...hint.map((one) => paint.out('dim', one))])
        process.stdout.write(`\x1b[2K${line}\n`);
    };
    draw(false);
    const keypress = await keysOf((key): Reply | undefined => {
      const digit = /^[1-9]$/.test(key.sequence ?? '') ? Number(key.sequence) : 0;
      if (digit > 0 && digit <= choices.length) return { kind: 'answer', text: String(digit) };
      if (key.name === 'return' || key.name === 'enter') return { kind: 'answer', text: String(at + 1) };
      const named = keys.find((one) => one.key === key.sequence?.toLowerCase());
      if (named !== undefined) return { kind: 'key', key: named.key };
      if (key.name === 'up' || key.name === 'down') {
        at = (at + (key.name === 'up' ? choices.length - 1 : 1)) % choices.length;
        draw(true);
      }
      return undefined;
    });
    if (keypress.kind === 'answer') print(`> ${keypress.text}`);
    return keypress;
  }

  /** Lines and keys are not read at the same time: the reader of lines rests after each question. */
  async #asked(question: Ask): Promise<Reply> {
    try {
      return await this.#plain.ask(question);
    } finally {
      this.#plain.rest();
    }
  }

  close(): void {
    this.#plain.close();
  }
}

const choiceLines = ({ choices }: Ask, at: number): string[] =>
  choices.flatMap((choice, i) =>
    wrap(printable(choice), promptWidth() - 5).map((line, row) => {
      const text = `${row > 0 ? '     ' : `${i === at ? '>' : ' '} ${i + 1}  `}${line}`;
      return i === at ? paint.out('cyan', text) : text;
    }),
  );

const hintLines = ({ keys = [], how }: Ask): string[] =>
  wrap(['arrow keys and Enter', how, ...keys.map(({ key, says }) => `${key}: ${says}`)].join(' · '), promptWidth());

/** Keys, one by one, until one of them answers. The terminal is raw for that long only. */
async function keysOf(take: (key: Key) => Reply | undefined): Promise<Reply> {
  const { stdin } = process;
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const onKey = (_: string | undefined, key: Key): void => {
    const isStop = key.ctrl === true && (key.name === 'c' || key.name === 'd');
    const reply = isStop ? undefined : take(key);
    if (isStop) reject(new Interrupted('ctrl-c'));
    else if (reply !== undefined) resolve(reply);
  };
  const onEnd = (): void => reject(new Interrupted('end'));
  emitKeypressEvents(stdin);
  stdin.setRawMode(true);
  stdin.ref();
  stdin.resume();
  stdin.on('keypress', onKey).on('end', onEnd);
  try {
    return await promise;
  } finally {
    stdin.off('keypress', onKey).off('end', onEnd);
    stdin.setRawMode(false);
    stdin.pause();
  }
}
