// tlab accessibility: how tlab speaks here, why, and how to change it. Nothing is detected: what is on was asked for, or follows from the terminal.
import { hasColor } from '../../base/colour.ts';
import { LabError } from '../../base/errors.ts';
import { defineCommand } from '../command.ts';
import { boolean, list } from '../flags/spec.ts';
import { plainReason } from '../prompt/open.ts';
import { learnerStatus } from '../prompt/prompter.ts';
import { readSettings, settings, settingsFile, writeSetting } from '../settings.ts';
import { print, terminalColumns } from '../terminal.ts';

export default defineCommand({
  says: 'Spinners, animation and emoji are not used at all. In plain mode every question is a few lines, and its answer is typed.',
  flags: {
    set: list('Keep a setting: plain=on, colour=off, width=60', { value: 'name=value' }),
    json: boolean('Print one JSON document'),
  },
  exitStatus: learnerStatus,
  examples: [{ says: 'plain mode from now on', line: 'tlab accessibility --set plain=on' }],
  run({ flags }) {
    for (const wish of flags.set) keep(wish);
    const reason = plainReason();
    const rows = [
      { name: 'plain', now: reason === undefined ? 'off' : 'on', why: reason ?? 'a terminal that can move its cursor' },
      { name: 'colour', now: hasColor(process.stdout) ? 'on' : 'off', why: colourReason() },
      {
        name: 'width',
        now: String(terminalColumns()),
        why: process.env.TLAB_WIDTH ? 'TLAB_WIDTH' : 'the terminal, COLUMNS, or 80',
      },
    ];
    if (flags.json) {
      print(JSON.stringify({ schema: 'tlab.accessibility/1', file: settingsFile(), kept: readSettings(), now: rows }));
      return 0;
    }
    for (const { name, now, why } of rows) {
      const { says = '', variable = '', values = {} } = settings.find((one) => one.name === name) ?? {};
      print(`${name}: ${now} (${why})`);
      print(`  ${says}`);
      print(`  ${variable}, or tlab accessibility --set ${name}=${Object.keys(values).join('|')}`);
    }
    print(`Kept in ${settingsFile()}.`);
    return 0;
  },
});

const colourReason = (): string => {
  if ((process.env.NO_COLOR ?? '') !== '') return 'NO_COLOR';
  if ((process.env.FORCE_COLOR ?? '') !== '') return 'FORCE_COLOR';
  return process.stdout.isTTY === true ? 'a terminal' : 'no terminal';
};

function keep(wish: string): void {
  const [name = '', value = ''] = wish.split('=');
  const setting = settings.find((one) => one.name === name);
  if (setting === undefined || !Object.hasOwn(setting.values, value)) {
    const known = settings.map((one) => `${one.name}=${Object.keys(one.values).join('|')}`).join(', ');
    throw new LabError('usage', `--set "${wish}": expected ${known}`);
  }
  writeSetting(name, value);
}
