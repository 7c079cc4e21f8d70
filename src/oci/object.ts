// The two shapes of a JSON object in schemas: known keys, or keys of the document's own. Rule: an array is neither. valibot takes one for
// an object without keys, and so `"hooks": []` for no hooks.
import * as v from 'valibot';

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
const expected = 'expected an object';

/** Known keys; others are dropped. */
export const object = <const E extends v.ObjectEntries>(entries: E) => {
  const schema = v.object(entries);
  return v.pipe(v.custom<v.InferInput<typeof schema>>(isObject, expected), schema);
};

/** Any keys of one form, with values of one form. */
export const record = <
  K extends v.BaseSchema<string, string | number | symbol, v.BaseIssue<unknown>>,
  V extends v.BaseSchema<unknown, unknown, v.BaseIssue<unknown>>,
>(
  key: K,
  value: V,
) => {
  const schema = v.record(key, value);
  return v.pipe(v.custom<v.InferInput<typeof schema>>(isObject, expected), schema);
};
