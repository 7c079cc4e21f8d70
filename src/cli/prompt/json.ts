// The JSON renderer: one document a line on standard output, answers as lines on standard input: the text itself, or {"answer": "…"}.
import { print } from '../terminal.ts';
import { InputLines } from './lines.ts';
import { type Ask, type Prompter, type Reply, replyOf, type Tone } from './prompter.ts';

export const promptSchema = 'tlab.prompt/1';

export class JsonPrompter implements Prompter {
  readonly mode = 'json';
  readonly #input = new InputLines();

  tell(tone: Tone, text: string, word?: string): void {
    print(JSON.stringify({ schema: promptSchema, type: 'tell', tone, ...(word !== undefined && { word }), text }));
  }

  async ask(question: Ask): Promise<Reply> {
    print(JSON.stringify({ schema: promptSchema, type: 'ask', ...question }));
    return replyOf(question, textOf(await this.#input.next()));
  }

  close(): void {
    this.#input.close();
  }
}

function textOf(line: string): string {
  if (!line.trimStart().startsWith('{')) return line;
  try {
    const { answer } = JSON.parse(line) as { answer?: unknown };
    return answer === undefined ? line : String(answer);
  } catch {
    return line;
  }
}
