// tlab doctor: what this host can do, and what to do about what it cannot. Exit status 3 when the engine cannot run here.
import { paint } from '../../base/colour.ts';
import { wrap } from '../../base/text.ts';
import type { Check, Verdict } from '../../engine/check.ts';
import { defineCommand } from '../command.ts';
import { boolean } from '../flags/spec.ts';
import { print, terminalColumns } from '../terminal.ts';

export default defineCommand({
  says: 'Changes nothing. Needs no root, but sees more with it.',
  flags: { json: boolean('Print one JSON document') },
  async run({ flags }) {
    const { checkHost } = await import('../../engine/host.ts');
    const checks = await checkHost();
    if (flags.json) print(JSON.stringify({ schema: 'tlab.doctor/1', checks }, undefined, 2));
    else for (const line of reportLines(checks, Math.min(terminalColumns(), 110))) print(line);
    return checks.some((check) => check.verdict === 'FAIL') ? 3 : 0;
  },
});

const colors = { OK: 'green', WARN: 'yellow', FAIL: 'red' } as const satisfies Record<Verdict, string>;

function reportLines(checks: readonly Check[], width: number): string[] {
  const left = Math.min(32, Math.max(...checks.map((check) => check.what.length)));
  const indent = ' '.repeat(6 + left + 2);
  const lines = checks.flatMap((check) => {
    const [first = '', ...more] = wrap(check.seen, Math.max(20, width - indent.length));
    const advice =
      check.verdict !== 'OK' && check.advice !== undefined
        ? wrap(`try: ${check.advice}`, Math.max(20, width - indent.length))
        : [];
    const verdict = paint.out(colors[check.verdict], check.verdict.padEnd(4));
    return [`${verdict}  ${check.what.padEnd(left)}  ${first}`, ...[...more, ...advice].map((line) => indent + line)];
  });
  return [...lines, '', verdictLine(checks)];
}

function verdictLine(checks: readonly Check[]): string {
  const count = (verdict: Verdict): number => checks.filter((check) => check.verdict === verdict).length;
  if (count('FAIL') > 0) return `This host cannot run tlab yet: ${count('FAIL')} FAIL, ${count('WARN')} WARN.`;
  if (count('WARN') > 0) return `This host can run tlab, with less in ${count('WARN')} points.`;
  return 'This host can run everything.';
}
