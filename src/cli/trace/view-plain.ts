// The viewer in plain mode: lines are only added, nothing moves, commands are typed. For screen readers, dumb terminals and pipes.
// The same keys, as words too; each answer is the event that the cursor is on, or the pane that was asked for.
import { createInterface } from 'node:readline';
import { wrap } from '../../base/text.ts';
import type { Events } from '../../viewer/screen/events.ts';
import type { Model } from '../../viewer/screen/model.ts';
import { paneLines } from '../../viewer/screen/panes.ts';
import { update } from '../../viewer/screen/update.ts';
import { print } from '../terminal.ts';
import type { Save } from './view.ts';

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
  compare: 'v',
  bookmarks: 'B',
  'next bookmark': "'",
  copy: 'y',
  predict: '?',
  help: 'h',
  first: 'home',
  last: 'end',
  back: 'escape',
  quit: 'q',
};

/** What is typed after one of these is taken whole. */
const prompts: Readonly<Record<string, string>> = { search: '/', filter: '&', jump: ':', bookmark: 'b', name: 'F' };

/** What may stand before the words instead. */
const signs = [':', '/', '&', 'b ', 'F '] as const;

/** The keys that a typed line stands for. */
export function keysOfLine(line: string): string[] {
  const text = line.trim();
  if (text === '') return ['n'];
  const [, word = '', rest = ''] = /^(\S+)\s*(.*)$/s.exec(text) ?? [];
  const sign = prompts[word] ?? signs.find((one) => text.startsWith(one));
  if (sign !== undefined) return [sign.trim(), ...(prompts[word] === undefined ? text.slice(1).trim() : rest), 'enter'];
  const [, name = text, times = '1'] = /^(.*?)\s+(\d{1,3})$/.exec(text) ?? [];
  const key = words[name.toLowerCase()] ?? (name.length === 1 || words[name] !== undefined ? name : undefined);
  return key === undefined ? [text] : Array.from({ length: Number(times) }, () => key);
}

export async function viewPlain(events: Events, first: Model, save: Save = () => undefined): Promise<number> {
  const width = first.columns;
  let model: Model = { ...first, message: '' };
  print('plain mode: type a command and Enter; Enter alone is the next event; help lists the commands; quit ends');
  for (const line of answer(events, model, width)) print(line);
  using lines = createInterface({ input: process.stdin, terminal: false });
  for await (const line of lines) {
    // What was opened before is told once: the next step is about the event again.
    if (!asking.includes(model.pane)) model = { ...model, pane: 'summary' };
    const before = model;
    for (const key of keysOfLine(line)) model = typedInto(model, key) ? fresh(events, model, key) : model;
    // A prompt of the screen is a command with its words here.
    if (model.prompt !== undefined) model = update(events, model, 'enter');
    const failure = save(before, model);
    if (failure !== undefined) model = { ...model, message: failure };
    if (model.quit) return 0;
    if (model.copied !== undefined) for (const text of model.copied.split('\n')) print(text);
    for (const text of answer(events, model, width)) print(text);
  }
  return 0;
}

/** Panes that wait for a digit. */
const asking: readonly string[] = ['predict', 'follow', 'marks', 'copy'];

/** A space is a key of its own only where something is being typed. */
const typedInto = (model: Model, key: string): boolean => key !== ' ' || model.prompt !== undefined;

/** What stood in a prompt before is not what somebody types on from. */
function fresh(events: Events, model: Model, key: string): Model {
  const next = update(events, model, key);
  return model.prompt === undefined && next.prompt !== undefined
    ? { ...next, prompt: { ...next.prompt, text: '' } }
    : next;
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
      'with words after them: search (/) WORDS, filter (&) EXPRESSION, jump (:) EVENT, bookmark (b) NOTE, name (F) NAME for the filter; a number after a command repeats it',
      width,
    );
    return;
  }
  for (const line of paneLines(events, model, width)) if (line !== '' && !line.includes('x: explain')) yield line;
}
