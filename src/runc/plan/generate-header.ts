// Writes native/runc/operations.h from the tables, so that C and TypeScript cannot disagree about a code or an argument's place.
// `node src/runc/plan/generate-header.ts` rewrites it; a test compares.
import { writeFileSync } from 'node:fs';
import { facts } from './facts.ts';
import { planHeaderBytes, planMagic, planMaxBytes, planMaxOperations, planVersion } from './format.ts';
import { type ArgumentType, type OperationRow, operations } from './operations.ts';

const letter: Record<ArgumentType, string> = { number: 'n', string: 's', strings: 'v', bytes: 'b' };

export const headerPath = new URL('../../../native/runc/operations.h', import.meta.url);

export function operationsHeader(): string {
  const rows = Object.entries(operations) as [string, OperationRow][];
  const most = Math.max(...rows.map(([, row]) => Object.keys(row.arguments).length));
  return `/* Made by src/runc/plan/generate-header.ts from operations.ts and facts.ts. Do not edit. */
#ifndef TLAB_OPERATIONS_H
#define TLAB_OPERATIONS_H

#define PLAN_MAGIC "${planMagic}"
#define PLAN_VERSION ${planVersion}
#define PLAN_HEADER_BYTES ${planHeaderBytes}
#define PLAN_MAX_BYTES ${planMaxBytes}
#define PLAN_MAX_OPERATIONS ${planMaxOperations}
#define PLAN_MAX_ARGUMENTS ${most}

enum fact {
${Object.keys(facts)
  .map((name) => `\tFACT_${constant(name)},`)
  .join('\n')}
\tFACT_COUNT
};
#define FACT_TYPES "${Object.values(facts)
    .map((type) => letter[type])
    .join('')}"

/* X(name, code, types): n number, s string, v strings, b bytes. */
#define OPERATIONS(X) \\
${rows.map(([name, row]) => `\tX(${name}, ${row.code}, "${types(row)}")`).join(' \\\n')}

enum operation_code {
${rows.map(([name, row]) => `\tOP_${constant(name)} = ${row.code},`).join('\n')}
};

/* The place of each argument. */
enum operation_argument {
${rows.flatMap(([name, row]) => places(name, row)).join('\n')}
};

#endif
`;
}

const types = (row: OperationRow): string =>
  Object.values(row.arguments)
    .map((type) => letter[type])
    .join('');

const places = (name: string, row: OperationRow): string[] =>
  Object.keys(row.arguments).map((argument, place) => `\t${constant(name)}_${constant(argument)} = ${place},`);

const constant = (name: string): string => name.replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase();

if (import.meta.main) writeFileSync(headerPath, operationsHeader());
