// Lists of NAME=VALUE, in order: an image's Env. A later value takes the place of an earlier one and keeps its position, as Docker does.

export const nameOf = (entry: string): string => entry.split('=', 1)[0] ?? '';

export const valueIn = (entries: readonly string[], name: string): string | undefined =>
  entries.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);

export function withVariable(entries: readonly string[], name: string, value: string): string[] {
  const entry = `${name}=${value}`;
  const at = entries.findIndex((one) => nameOf(one) === name);
  return at < 0 ? [...entries, entry] : entries.with(at, entry);
}
