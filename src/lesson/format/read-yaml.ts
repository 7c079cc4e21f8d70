// YAML of a lesson against a schema: every error has the line and column of the very value in the lesson's file.
import * as v from 'valibot';
import { isNode, LineCounter, parseDocument } from 'yaml';
import type { Finding, Place } from './finding.ts';

export interface YamlText {
  file: string;
  text: string;
  /** Line of the text's first line in the file, from 1. */
  line: number;
}

export interface ReadYaml<Value> {
  /** undefined when it is not what the schema wants. */
  value: Value | undefined;
  findings: Finding[];
  /** Where a value stands: keys and indices from the top; of one that is absent, where it would belong. */
  placeOf(path: readonly unknown[]): Place;
}

export function readYaml<Schema extends v.GenericSchema>(
  { file, text, line }: YamlText,
  schema: Schema,
): ReadYaml<v.InferOutput<Schema>> {
  const lines = new LineCounter();
  // No aliases: a lesson is small, and a few of them expand to more than memory holds.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2' });
  const at = (offset: number): Place => {
    const { line: row, col } = lines.linePos(offset);
    return { file, line: line + Math.max(row, 1) - 1, column: Math.max(col, 1) };
  };
  const placeOf = (path: readonly unknown[]): Place => {
    for (let length = path.length; length > 0; length--) {
      const node = document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return at(node.range[0]);
    }
    return { file, line, column: 1 };
  };
  const broken = document.errors.map((error) => ({ ...at(error.pos[0]), says: firstLine(error.message) }));
  if (broken.length > 0) return { value: undefined, findings: broken, placeOf };
  let plain: unknown;
  try {
    plain = document.toJS({ maxAliasCount: 0 });
  } catch {
    const says = 'aliases (*name): expected the values themselves';
    return { value: undefined, findings: [{ ...placeOf([]), says }], placeOf };
  }
  const parsed = v.safeParse(schema, plain);
  if (parsed.success) return { value: parsed.output, findings: [], placeOf };
  const findings = parsed.issues.flatMap(deepest).map((issue) => {
    const path = (issue.path ?? []).map(({ key }) => key);
    return { ...placeOf(path), says: saysIssue(issue, path) };
  });
  return { value: undefined, findings, placeOf };
}

const firstLine = (text: string): string => text.split('\n')[0] ?? text;

/** Of a union, the issues of the member that came nearest: the author meant that one. */
function deepest(issue: v.BaseIssue<unknown>): Array<v.BaseIssue<unknown>> {
  const { issues } = issue;
  if (issues === undefined || issue.type !== 'union') return [issue];
  const depth = (one: v.BaseIssue<unknown>): number => one.path?.length ?? 0;
  const most = Math.max(...issues.map(depth));
  if (most === 0) return [issue];
  return issues
    .filter((one) => depth(one) === most)
    .slice(0, 1)
    .flatMap(deepest)
    .map((one) => (issue.path === undefined ? one : withPath(one, issue.path)));
}

const withPath = (issue: v.BaseIssue<unknown>, before: NonNullable<v.BaseIssue<unknown>['path']>) =>
  ({ ...issue, path: [...before, ...(issue.path ?? [])] }) as v.BaseIssue<unknown>;

/** `hints.where: missing, expected string`. */
function saysIssue(issue: v.BaseIssue<unknown>, path: readonly unknown[]): string {
  const name = path.map(String).join('.') || 'it';
  if (issue.type === 'strict_object' && issue.expected === 'never') return `${name}: no such key${known(issue)}`;
  if (issue.received === 'undefined') return `${name}: missing${wantedOf(issue)}`;
  const isCollection = /^(Object|Array|\[object)/.test(issue.received ?? '');
  if (issue.kind === 'validation') return `${name}: ${isCollection ? '' : `${issue.received}, `}${issue.message}`;
  return `${name}: ${issue.received}${wantedOf(issue)}`;
}

/** A key that is missing is expected as `"key"`, which says nothing new. */
const wantedOf = ({ expected }: v.BaseIssue<unknown>): string =>
  expected === null || expected.startsWith('"') ? '' : `, expected ${expected}`;

const known = (issue: v.BaseIssue<unknown>): string => {
  const { entries } = (issue as { requirement?: { entries?: object } }).requirement ?? {};
  return entries === undefined ? '' : `, expected ${Object.keys(entries).join(', ')}`;
};
