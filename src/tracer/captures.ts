// Writes native/tracer/captures.h from the rows: what the tracer reads behind each argument. `node src/tracer/captures.ts`
// rewrites it; a test compares. Rule: the rules of a variant stand before those that hold always: of two captures the first counts.
import { writeFileSync } from 'node:fs';
import type { ArgumentType, Capture, SyscallRow } from './syscall.ts';
import { type Machine, syscallRows } from './table.ts';

/** In the order of `enum capture_kind` of native/tracer/capture-rule.h; the first is 1. */
export const captureKinds = [
  'string',
  'struct',
  'counted',
  'returned',
  'value-result',
  'strings',
  'environment',
  'message',
  'vector',
  'data',
  'ioctl',
] as const satisfies ReadonlyArray<Capture['kind']>;

export interface CaptureRule {
  number: number;
  argument: number;
  kind: number;
  atExit: 0 | 1;
  /** Position of an argument, 255: none. */
  count: number;
  itemSize: number;
  most: number;
  select: number;
  selectValue: bigint;
}

const none = 255;
const stringMost = 4096;

export const headerPath = new URL('../../native/tracer/captures.h', import.meta.url);

function ruleOf(number: number, argument: number, type: ArgumentType): CaptureRule | undefined {
  const { capture } = type;
  if (!capture) return undefined;
  const isAlwaysExit = capture.kind === 'returned' || capture.kind === 'value-result';
  const rule: CaptureRule = {
    number,
    argument,
    kind: captureKinds.indexOf(capture.kind) + 1,
    atExit: type.when === 'exit' || isAlwaysExit ? 1 : 0,
    count: none,
    itemSize: 0,
    most: 'most' in capture ? capture.most : stringMost,
    select: none,
    selectValue: 0n,
  };
  if ('count' in capture) rule.count = capture.count;
  if (capture.kind === 'value-result') rule.count = capture.length;
  if (capture.kind === 'counted') rule.itemSize = capture.itemSize;
  if (capture.kind === 'struct') {
    rule.itemSize = capture.size;
    rule.most = capture.size;
  }
  return rule;
}

function rulesOf(number: number, row: SyscallRow): CaptureRule[] {
  const base = Object.values(row.args).flatMap((type, position) => ruleOf(number, position, type) ?? []);
  const selected = (row.variants ?? []).flatMap(({ argument, equals, args }) =>
    Object.values(args).flatMap((type, position) => {
      const rule = ruleOf(number, position, type);
      return rule ? [{ ...rule, select: argument, selectValue: BigInt.asUintN(32, BigInt(equals)) }] : [];
    }),
  );
  return [...selected, ...base];
}

/** All rules of a machine, by number of the call. */
export function captureRules(machine: Machine): CaptureRule[] {
  return Object.values(syscallRows)
    .flatMap((row) => (row[machine] === undefined ? [] : [{ number: row[machine], row }]))
    .sort((a, b) => a.number - b.number)
    .flatMap(({ number, row }) => rulesOf(number, row));
}

const lineOf = (rule: CaptureRule): string =>
  `\t{ ${rule.number}, ${rule.argument}, ${rule.kind}, ${rule.atExit}, ${rule.count}, ${rule.itemSize}, ${rule.most}, ${rule.select}, 0x${rule.selectValue.toString(16)}ull },`;

export const capturesHeader = (): string => `/*
 * Made by src/tracer/captures.ts from the rows of src/tracer/rows. Do not edit.
 * By number of the call; of the rules of one argument those of a variant come first.
 */
#ifndef TLAB_CAPTURES_H
#define TLAB_CAPTURES_H

#include "capture-rule.h"

#if defined(__x86_64__)
static const struct capture_rule capture_rules[] = {
${captureRules('x64').map(lineOf).join('\n')}
};
#elif defined(__aarch64__)
static const struct capture_rule capture_rules[] = {
${captureRules('arm64').map(lineOf).join('\n')}
};
#endif

#endif
`;

if (import.meta.main) writeFileSync(headerPath, capturesHeader());
