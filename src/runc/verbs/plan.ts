// plan show [--bundle B | --file PLAN] [--process FILE] [--json]: a plan for people, one operation a line, with its cause.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { LabError } from '../../base/errors.ts';
import { decodePlan } from '../plan/decode.ts';
import type { Plan } from '../plan/format.ts';
import { describeOperation, plainArguments } from '../plan-words.ts';
import { compileFrom } from './compile.ts';
import type { Verb } from './verb.ts';

export const verb: Verb = ([action, ...argv], { rootless, cgroupDriver }) => {
  if (action !== 'show') throw new LabError('usage', `plan "${action ?? ''}": expected show`);
  const { values } = parseArgs({
    args: argv,
    options: {
      bundle: { type: 'string', short: 'b' },
      file: { type: 'string', short: 'f' },
      id: { type: 'string' },
      process: { type: 'string', short: 'p' },
      json: { type: 'boolean' },
    },
  });
  const plan =
    values.file === undefined
      ? compileFrom(resolve(values.bundle ?? '.'), { ...values, rootless, cgroupDriver }).plan
      : decodePlan(readFileSync(values.file));
  process.stdout.write(values.json === true ? asJson(plan) : asTable(plan));
};

const asJson = (plan: Plan): string =>
  plan.operations
    .map((operation, index) =>
      JSON.stringify({
        index,
        actor: operation.actor,
        operation: operation.name,
        arguments: plainArguments(operation),
        cause: operation.cause,
      }),
    )
    .map((line) => `${line}\n`)
    .join('');

function asTable(plan: Plan): string {
  const head = `plan of ${plan.kind} ${plan.containerId}, ${plan.operations.length} operations, compiled from sha256:${plan.sha256}\n`;
  const rows = plan.operations.map((operation, index) => {
    const words = describeOperation(operation);
    return `${String(index).padStart(4)}  ${operation.actor.padEnd(7)}  ${words}  ← ${operation.cause}\n`;
  });
  return head + rows.join('');
}
