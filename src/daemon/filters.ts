// `filters` of list, events and prune: JSON, `{"name":["a"]}`, or the older `{"name":{"a":true}}`. @source docker-api filters
import * as v from 'valibot';
import { LabError } from '../base/errors.ts';

const schema = v.record(v.string(), v.union([v.array(v.string()), v.record(v.string(), v.boolean())]));

export type Filters = Readonly<Record<string, readonly string[]>>;

/** Errors: invalidArgument for what is no filter and for names that are not `known`. */
export function parseFilters(text: string | null, known: readonly string[]): Filters {
  if (text === null || text === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new LabError('invalidArgument', `invalid filters: ${text}`);
  }
  const result = v.safeParse(schema, value);
  if (!result.success) throw new LabError('invalidArgument', `invalid filters: ${text}`);
  for (const name of Object.keys(result.output)) {
    if (!known.includes(name)) throw new LabError('invalidArgument', `invalid filter '${name}'`);
  }
  return Object.fromEntries(
    Object.entries(result.output).map(([name, values]) => [name, Array.isArray(values) ? values : Object.keys(values)]),
  );
}

/** True when there is no such filter or one of its values does. */
export const passes = (filters: Filters, name: string, test: (value: string) => boolean): boolean =>
  filters[name] === undefined || filters[name].some(test);

/** `key` or `key=value`; every one must hold. */
export function hasLabels(filters: Filters, labels: Readonly<Record<string, string>>): boolean {
  return (filters.label ?? []).every((wanted) => {
    const equals = wanted.indexOf('=');
    if (equals < 0) return wanted in labels;
    return labels[wanted.slice(0, equals)] === wanted.slice(equals + 1);
  });
}

/** As `hasLabels`, and none of `label!` holds: what prune goes by. */
export const isLabelled = (filters: Filters, labels: Readonly<Record<string, string>>): boolean =>
  hasLabels(filters, labels) && !(filters['label!'] ?? []).some((label) => hasLabels({ label: [label] }, labels));
