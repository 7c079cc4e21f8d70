// The viewer in plain mode: lines are only added, nothing moves, commands are typed. For screen readers, dumb terminals and pipes.
// The same keys, as words too; each answer is the event that the cursor is on, or the pane that was asked for.
import { createInterface } from 'node:readline';
import { wrap } from '../../base/text.ts';
import type { Events } from '../../viewer/screen/events.ts';
import type { Model } from '../../viewer/screen/model.ts';
import { paneLines } from '../../viewer/screen/panes.ts';
import { update } from '../../viewer/screen/update.ts';
import { print } from '../terminal.ts';

/** Words for keys; a number after them is how often. */
const words: Readonly<Record<string, string>> = {
  next: 'n',
  previous: 'p',
  'next beat': 'N',
  'previous beat': 'P',
  'next stage': ']',
  'previous stage': '[',
  error: 'e',
  change: 's',
  deeper: '+',
  higher: '-',
  follow: 'f',
  explain: 'x',
  mounts: 'm',
  cgroup: 'c',
  rules: 'r',
  layers: 'l',
  processes: 't',
  predict: '?',
  help: 'h',
  first: 'home',
  last: 'end',
  back: 'escape',
  quit: 'q',
};

/** What is typed after one of these is taken whole. */
const prompts: Readonly<Record<string, string>> = { search: '/', filter: '&', jump: ':' };

/** The keys that a typed line stands for. */
export function keysOfLine(line: string): string[] {
  const text = line.trim();
  if (text === '') return ['n'];
  const [, word = '', rest = ''] = /^(\S+)\s*(.*)$/s.exec(text) ?? [];
  const sign = prompts[word] ?? ([':', '/', '&'].includes(text[0] ?? '') ? (text[0] ?? '') : undefined);
  if (sign !== undefined) return [sign, ...(prompts[word] === undefined ? text.slice(1).trim() : rest), 'enter'];
  const [, name = text, times = '1'] = /^(.*?)\s+(\d{1,3})$/.exec(text) ?? [];
  const key = words[name.toLowerCase()] ?? (name.length === 1 || words[name] !== undefined ? name : undefined);
  return key === undefined ? [text] : Array.from({ length: Number(times) }, () => key);
}

export async function viewPlain(events: Events, first: Model): Promise<number> {
  const width = first.columns;
  let model: Model = { ...first, message: '' };
  print('plain mode: type a command and Enter; Enter alone is the next event; help lists the commands; quit ends');
  for (const line of answer(events, model, width)) print(line);
  using lines = createInterface({ input: process.stdin, terminal: false });
  for await (const line of lines) {
    // What was opened before is told once: the next step is about the event again.
    if (model.pane !== 'predict' && model.pane !== 'follow') model = { ...model, pane: 'summary' };
    for (const key of keysOfLine(line)) model = key === ' ' ? model : filterless(update(events, model, key), line);
    if (model.quit) return 0;
    for (const text of answer(events, model, width)) print(text);
  }
  return 0;
}

/** The old filter is not what somebody types on from. */
function filterless(model: Model, line: string): Model {
  return model.prompt?.kind === 'filter' && /^(&|filter)/.test(line.trim()) && model.prompt.text === model.filter?.text
    ? { ...model, prompt: { kind: 'filter', text: '' } }
    : model;
}

function* answer(events: Events, model: Model, width: number): Generator<string> {
  if (model.message !== '') yield* wrap(model.message, width);
  if (model.pane === 'help') {
    yield* wrap(
      `commands: ${Object.entries(words)
        .map(([word, key]) => `${word} (${key})`)
        .join(', ')}`,
      width,
    );
    yield* wrap(
      'with words after them: search (/) WORDS, filter (&) EXPRESSION, jump (:) EVENT; a number after a command repeats it',
      width,
    );
    return;
  }
  for (const line of paneLines(events, model, width)) if (line !== '' && !line.includes('x: explain')) yield line;
}
