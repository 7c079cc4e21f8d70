// The text of a GVariant value, in the part that properties of units need: booleans, numbers with or without their type, strings,
// and arrays of these. What it cannot be sure of is refused: a wrong property would be another property.
// @source glib GVariant Text Format
import { LabError } from '../../base/errors.ts';
import type { DbusValue, Variant } from './message.ts';

const types: Readonly<Record<string, string>> = {
  boolean: 'b',
  byte: 'y',
  int32: 'i',
  uint32: 'u',
  int64: 'x',
  uint64: 't',
  double: 'd',
  string: 's',
  objectpath: 'o',
};

const bounds: Readonly<Record<string, readonly [bigint, bigint]>> = {
  y: [0n, 255n],
  i: [-(2n ** 31n), 2n ** 31n - 1n],
  u: [0n, 2n ** 32n - 1n],
  x: [-(2n ** 63n), 2n ** 63n - 1n],
  t: [0n, 2n ** 64n - 1n],
};

/** Throws LabError `invalidArgument`. */
export function parseVariant(text: string): Variant {
  const list = /^\[(.*)\]$/s.exec(text.trim())?.[1];
  if (list === undefined) return parseOne(text.trim());
  const items = splitItems(list).map(parseOne);
  const [first] = items;
  if (first === undefined) throw wrong(text, 'an array with at least one item');
  // The type of the first item is that of all, as in [uint32 1, 2].
  const values = items.map((item, index) =>
    item.signature === first.signature
      ? item.value
      : parseOne(`${typeName(first.signature)} ${splitItems(list)[index]}`).value,
  );
  return { signature: `a${first.signature}`, value: values };
}

function parseOne(text: string): Variant {
  const [, word, rest = ''] = /^([a-z0-9]+)\s+(.*)$/s.exec(text) ?? [];
  const type = word === undefined ? undefined : types[word];
  if (type !== undefined) return { signature: type, value: parsedAs(type, rest.trim()) };
  if (text === 'true' || text === 'false') return { signature: 'b', value: text === 'true' };
  if (/^['"]/.test(text)) return { signature: 's', value: parsedAs('s', text) };
  if (/^-?\d+$/.test(text)) return { signature: 'i', value: parsedAs('i', text) };
  if (/^-?\d*\.\d+$/.test(text)) return { signature: 'd', value: Number(text) };
  throw wrong(text, 'a value such as true, uint32 5 or "text"');
}

function parsedAs(type: string, text: string): DbusValue {
  if (type === 'b') {
    if (text !== 'true' && text !== 'false') throw wrong(text, 'true or false');
    return text === 'true';
  }
  if (type === 's' || type === 'o') return unquoted(text);
  if (type === 'd') {
    if (!/^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) throw wrong(text, 'a number');
    return Number(text);
  }
  const [least = 0n, most = 0n] = bounds[type] ?? [];
  const number = /^-?(0x[0-9a-f]+|\d+)$/i.test(text)
    ? BigInt(text.replace('-', '')) * (text[0] === '-' ? -1n : 1n)
    : -1n;
  if (!/^-?(0x[0-9a-f]+|\d+)$/i.test(text) || number < least || number > most)
    throw wrong(text, `a number from ${least} to ${most}`);
  return number;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

function unquoted(text: string): string {
  const inner = /^'((?:[^'\\]|\\.)*)'$/s.exec(text)?.[1] ?? /^"((?:[^"\\]|\\.)*)"$/s.exec(text)?.[1];
  if (inner === undefined) throw wrong(text, 'a string in quotes');
  return inner.replace(/\\(.)/gs, (_, letter: string) => escapes[letter] ?? letter);
}

/** At commas that are not inside of quotes. */
function splitItems(list: string): string[] {
  const items = list.match(/(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^,'"])+/gs) ?? [];
  return items.map((item) => item.trim()).filter(Boolean);
}

const typeName = (signature: string): string =>
  Object.entries(types).find(([, letter]) => letter === signature)?.[0] ?? signature;

const wrong = (text: string, wanted: string): LabError =>
  new LabError('invalidArgument', `"${text}": expected ${wanted}`);
