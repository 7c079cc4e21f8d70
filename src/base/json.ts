// JSON with whole numbers of 64 bits: a bigint goes out with all its digits. (Reading them: oci/runtime.ts.)

/** TypeScript's library does not know it yet. @source mdn JSON.rawJSON */
const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;

/** On one line. */
export const exactJson = (value: unknown): string =>
  JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? rawJson(item.toString()) : item));

/** A number where a double holds it, else a bigint. */
export function exactNumber(digits: string): number | bigint {
  const number = Number(digits);
  return Number.isSafeInteger(number) || !/^-?[0-9]+$/.test(digits) ? number : BigInt(digits);
}
