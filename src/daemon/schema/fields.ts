// Small pieces of the API's schemas. Go clients write null where a field is empty, so null is always absent,
// and a parse error names the field as the API spells it: `HostConfig.Memory: expected …`.
import * as v from 'valibot';
import { LabError } from '../../base/errors.ts';

/** A field that may be missing or null. */
export const maybe = <T extends v.GenericSchema>(schema: T) =>
  v.pipe(
    v.nullish(schema),
    v.transform((value): v.InferOutput<T> | undefined => value ?? undefined),
  );

/** No NUL: the kernel would cut the string there. */
export const text = v.pipe(
  v.string('expected a string'),
  v.check((value) => !value.includes('\0'), 'expected no NUL character'),
);
export const texts = v.array(text, 'expected a list of strings');
export const integer = v.pipe(v.number('expected a number'), v.safeInteger('expected a whole number'));
export const flag = v.boolean('expected true or false');
export const textMap = v.record(text, text);

/** Docker takes a command as a list or as one string. @source docker-api ContainerConfig#Cmd */
export const command = v.union(
  [
    texts,
    v.pipe(
      text,
      v.transform((value) => [value]),
    ),
  ],
  'expected a list of strings',
);

/** The parsed value. Errors: invalidArgument, naming the first field that is wrong. */
export function parseBody<T extends v.GenericSchema>(schema: T, value: unknown): v.InferOutput<T> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const place = v.getDotPath(issue);
  throw new LabError('invalidArgument', place === null ? issue.message : `${place}: ${issue.message}`);
}

/** Go's zero values, which clients send for fields that nobody set. */
export function isZero(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === 0 || value === '') return true;
  if (Array.isArray(value)) return value.every(isZero);
  if (typeof value === 'object') return Object.values(value).every(isZero);
  return false;
}
