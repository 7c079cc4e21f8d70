// The viewer on a terminal: raw keys in, whole screens out, only lines that changed written. What is shown is viewer/screen/.
// Rule: however it ends (q, Ctrl-C, SIGTERM, SIGHUP, a defect), the terminal is as it was before.

import { draw } from '../../viewer/screen/draw.ts';
import type { Events } from '../../viewer/screen/events.ts';
import { keysOf } from '../../viewer/screen/keys.ts';
import type { Model } from '../../viewer/screen/model.ts';
import { pauseMs, resized, update } from '../../viewer/screen/update.ts';
import { interrupted } from '../interrupt.ts';

/** @source xterm control sequences: alternate screen 1049, cursor 25, synchronized output 2026 */
const enter = '\x1b[?1049h\x1b[?25l\x1b[2J';
const leave = '\x1b[?25h\x1b[?1049l';
const together = (text: string): string => `\x1b[?2026h${text}\x1b[?2026l`;

/** The terminal takes it into its clipboard, where it allows that. @source xterm control sequences, Operating System Commands: Ps = 52 */
export const clipboard = (text: string): string => `\x1b]52;c;${Buffer.from(text).toString('base64')}\x07`;

/** Keeps what a key has changed; says when it cannot. */
export type Save = (before: Model, after: Model) => string | undefined;

/** Runs until the person leaves; the exit status. What was copied is printed then too: not every terminal has taken it. */
export function view(events: Events, first: Model, save: Save = () => undefined): Promise<number> {
  const { stdin, stdout } = process;
  const { promise, resolve } = Promise.withResolvers<number>();
  let model = first;
  let shown: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  const copied: string[] = [];

  const restore = (): void => {
    clearTimeout(timer);
    stdout.write(leave);
    stdin.setRawMode(false);
    stdin.pause();
  };
  const show = (): void => {
    const lines = draw(events, model);
    const changed = lines.flatMap((line, i) => (line === shown[i] ? [] : [`\x1b[${i + 1};1H${line}\x1b[0m\x1b[K`]));
    shown = lines;
    if (changed.length > 0) stdout.write(together(changed.join('')));
  };
  const play = (): void => {
    clearTimeout(timer);
    if (model.speed > 0) timer = setTimeout(() => take(['tick']), pauseMs(events, model));
  };
  /** Keys that came together are shown together: who holds one down waits for no screen in between. */
  const take = (keys: readonly string[]): void => {
    for (const key of keys) {
      if (key === 'ctrl-l') shown = [];
      const before = model;
      model = update(events, model, key);
      const failure = save(before, model);
      if (failure !== undefined) model = { ...model, message: failure };
      if (model.copied !== undefined) {
        copied.push(model.copied);
        stdout.write(clipboard(model.copied));
      }
      if (!model.quit) continue;
      finish(key === 'ctrl-c' ? interrupted : 0);
      return;
    }
    show();
    play();
  };
  const read = (bytes: string): void => take(keysOf(bytes));
  const resize = (): void => {
    model = resized(model, stdout.columns, stdout.rows);
    shown = [];
    stdout.write('\x1b[2J');
    show();
  };
  const ended = (): void => finish(interrupted);
  const crashed = (): void => restore();
  const finish = (status: number): void => {
    stdin.off('data', read);
    stdin.off('end', ended);
    stdout.off('resize', resize);
    process.off('uncaughtExceptionMonitor', crashed);
    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.off(signal, ended);
    restore();
    for (const text of copied) stdout.write(`${text}\n`);
    resolve(status);
  };

  stdin.setRawMode(true);
  stdin.setEncoding('utf8').on('data', read).on('end', ended);
  stdout.on('resize', resize);
  process.on('uncaughtExceptionMonitor', crashed);
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.on(signal, ended);
  stdout.write(enter);
  show();
  return promise;
}
