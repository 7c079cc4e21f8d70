// Labels: string pairs on every object, kept as JSON; and the field masks by which clients change some of them.
import * as v from 'valibot';
import { LabError } from '../../base/errors.ts';

export type Labels = Record<string, string>;

/** Key and value together. @source containerd labels/validate.go */
const longestLabel = 4096;

const labelsSchema = v.record(v.string(), v.string());

export const readLabels = (json: string): Labels => v.parse(labelsSchema, JSON.parse(json));
export const writeLabels = (labels: Labels): string => JSON.stringify(labels);

/** Errors: invalidArgument when a label is longer than containerd allows. */
export function checkLabels(labels: Labels): Labels {
  for (const [key, value] of Object.entries(labels)) {
    if (key.length + value.length > longestLabel) {
      throw new LabError(
        'invalidArgument',
        `label "${key.slice(0, 64)}": ${key.length + value.length} bytes, at most ${longestLabel} are allowed`,
      );
    }
  }
  return labels;
}

/** What a field mask asks for: `labels` (all replaced), `labels.<key>` (one set, or removed when empty), other fields by name. */
export interface Mask {
  /** True when there is no mask at all or it names the field. */
  has(field: string): boolean;
  /** The labels after the change. */
  labels(current: Labels, given: Labels): Labels;
}

/** Errors: invalidArgument for a path that the object does not have. */
export function maskOf(paths: readonly string[] | undefined, allowed: readonly string[]): Mask {
  const asked = paths ?? [];
  const isAll = asked.length === 0;
  for (const path of asked) {
    const field = path.split('.', 1)[0] ?? '';
    if (!allowed.includes(field))
      throw new LabError('invalidArgument', `cannot update ${path}: expected one of ${allowed.join(', ')}`);
  }
  return {
    has: (field) => isAll || asked.includes(field) || asked.some((path) => path.startsWith(`${field}.`)),
    labels(current, given) {
      if (isAll || asked.includes('labels')) return checkLabels({ ...given });
      const result = { ...current };
      for (const path of asked.filter((entry) => entry.startsWith('labels.'))) {
        const key = path.slice('labels.'.length);
        const value = given[key];
        if (value === undefined || value === '') delete result[key];
        else result[key] = value;
      }
      return checkLabels(result);
    },
  };
}
