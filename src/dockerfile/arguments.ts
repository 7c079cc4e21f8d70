// What stands behind an instruction's keyword and flags, one reader a form.
import { dockerfileError, type LogicalLine } from './source.ts';
import type { Arguments, Command, Keyword, Pair } from './syntax.ts';
import { splitWords } from './words.ts';

interface Place {
  line: LogicalLine;
  escapeToken: string;
}

type Reader = (text: string, place: Place, keyword: Keyword) => Arguments;

const readers: Record<Exclude<Keyword, 'ONBUILD'>, Reader> = {
  ADD: copy,
  ARG: argument,
  CMD: command,
  COPY: copy,
  ENTRYPOINT: command,
  ENV: pairs,
  EXPOSE: (text, place, keyword) => ({
    kind: 'words',
    words: atLeastOne(splitWords(text, place.escapeToken), place, keyword),
  }),
  FROM: from,
  HEALTHCHECK: healthcheck,
  LABEL: pairs,
  MAINTAINER: wholeText,
  RUN: run,
  SHELL: shell,
  STOPSIGNAL: wholeText,
  USER: wholeText,
  VOLUME: volume,
  WORKDIR: wholeText,
};

export const argumentsOf = (keyword: Exclude<Keyword, 'ONBUILD'>, text: string, place: Place): Arguments =>
  readers[keyword](text, place, keyword);

const wrong = ({ line }: Place, message: string, hint?: string): Error =>
  dockerfileError(line.startLine, message, hint);

function atLeastOne(words: string[], place: Place, keyword: Keyword): string[] {
  if (words.length === 0) throw wrong(place, `${keyword}: expected at least one argument`);
  return words;
}

/** `["a", "b"]`: strings only; anything else that starts with a bracket is text. */
export function jsonWords(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}

function commandOf(text: string): Command {
  const words = jsonWords(text);
  return words === undefined ? { form: 'shell', text } : { form: 'exec', words };
}

function command(text: string): Arguments {
  return { kind: 'command', command: commandOf(text) };
}

function run(text: string, place: Place): Arguments {
  if (text === '') throw wrong(place, 'RUN: expected a command');
  return command(text);
}

function wholeText(text: string, place: Place, keyword: Keyword): Arguments {
  if (text === '') throw wrong(place, `${keyword}: expected an argument`);
  return { kind: 'text', text };
}

function shell(text: string, place: Place): Arguments {
  const words = jsonWords(text) ?? [];
  if (words.length === 0) throw wrong(place, `SHELL ${text}: expected a JSON array`, 'SHELL ["/bin/bash", "-c"]');
  return { kind: 'words', words };
}

function volume(text: string, place: Place, keyword: Keyword): Arguments {
  const words = atLeastOne(jsonWords(text) ?? splitWords(text, place.escapeToken), place, keyword);
  if (words.some((word) => word.trim() === '')) throw wrong(place, `VOLUME ${text}: expected paths, one is empty`);
  return { kind: 'words', words };
}

const stageName = /^[a-z][a-z0-9_.-]*$/;

function from(text: string, place: Place): Arguments {
  const words = splitWords(text, place.escapeToken);
  const [image = '', as, name] = words;
  if (words.length === 1) return { kind: 'from', image, name: undefined, as: undefined };
  if (words.length !== 3 || as?.toLowerCase() !== 'as')
    throw wrong(place, `FROM ${text}: expected IMAGE or IMAGE AS NAME`);
  if (!stageName.test(name?.toLowerCase() ?? ''))
    throw wrong(place, `stage name "${name}": expected a letter, then letters, digits and _.-`);
  return { kind: 'from', image, name, as };
}

function pairOf(word: string): Pair {
  const equals = word.indexOf('=');
  return equals < 0 ? { name: word, value: undefined } : { name: word.slice(0, equals), value: word.slice(equals + 1) };
}

function argument(text: string, place: Place, keyword: Keyword): Arguments {
  const all = atLeastOne(splitWords(text, place.escapeToken), place, keyword).map(pairOf);
  const bad = all.find(({ name }) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  if (bad !== undefined) throw wrong(place, `ARG "${bad.name}": expected a name of letters, digits and _`);
  return { kind: 'pairs', pairs: all, isLegacy: false };
}

/** `ENV A=1 B=2`, or the old form `ENV A the rest`. */
function pairs(text: string, place: Place, keyword: Keyword): Arguments {
  const words = atLeastOne(splitWords(text, place.escapeToken), place, keyword);
  const [first = ''] = words;
  if (!first.includes('=')) return legacyPair(text, first, { place, keyword });
  const all = words.map(pairOf);
  const bad = all.find(({ name, value }) => value === undefined || name === '');
  if (bad !== undefined)
    throw wrong(place, `${keyword} "${bad.name}": expected NAME=VALUE`, 'quote values that hold spaces');
  return { kind: 'pairs', pairs: all, isLegacy: false };
}

function legacyPair(text: string, name: string, { place, keyword }: { place: Place; keyword: Keyword }): Arguments {
  const value = text.slice(name.length).trim();
  if (value === '') throw wrong(place, `${keyword} ${name}: expected NAME=VALUE`);
  return { kind: 'pairs', pairs: [{ name, value }], isLegacy: true };
}

/** With a heredoc as source, that is the file's content. */
function copy(text: string, place: Place, keyword: Keyword): Arguments {
  const words = jsonWords(text) ?? splitWords(text, place.escapeToken);
  const destination = words.at(-1);
  if (destination === undefined || words.length < 2)
    throw wrong(place, `${keyword} ${text}: expected at least one source and a destination`);
  return { kind: 'copy', sources: words.slice(0, -1), destination };
}

function healthcheck(text: string, place: Place): Arguments {
  const [kind = ''] = text.split(/\s/, 1);
  const rest = text.slice(kind.length).trim();
  if (kind.toUpperCase() === 'NONE') {
    if (rest !== '') throw wrong(place, `HEALTHCHECK NONE ${rest}: expected nothing behind NONE`);
    return { kind: 'healthcheck', command: undefined };
  }
  if (kind.toUpperCase() !== 'CMD' || rest === '')
    throw wrong(place, `HEALTHCHECK ${text}: expected CMD with a command, or NONE`);
  return { kind: 'healthcheck', command: commandOf(rest) };
}
