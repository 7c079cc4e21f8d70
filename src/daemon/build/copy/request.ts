// COPY and ADD as the builder takes them: flags and words of the instruction with their variables replaced, and what cannot go together refused.
import { LabError } from '../../../base/errors.ts';
import type { Instruction } from '../../../dockerfile/syntax.ts';
import { expandText, expandWord, type Lookup } from '../../../dockerfile/words.ts';
import { parseDigest } from '../../../oci/digest.ts';
import type { CopyRequest } from './types.ts';

/** Variables of the stage as they stand before the instruction. */
export interface Scope {
  lookup: Lookup;
  escapeToken?: string;
}

const heredocForm = /^\d*<<-?[^<]/;

/** Errors: invalidArgument in Docker's words where it has some; notImplemented for git repositories. */
export function copyOf(instruction: Instruction, scope: Scope): CopyRequest {
  const { keyword, arguments: words, flags } = instruction;
  if (words.kind !== 'copy' || (keyword !== 'COPY' && keyword !== 'ADD'))
    throw new LabError('internal', `${keyword}: expected COPY or ADD`);
  const expand = (word: string): string => expandWord(word, scope.lookup, scope.escapeToken).value;
  const one = (flag: string): string | undefined =>
    flags[flag]?.[0] === undefined ? undefined : expand(flags[flag][0]);
  const isSet = (flag: string): boolean => flags[flag]?.[0] === 'true';
  const checksum = one('checksum');
  const request: CopyRequest = {
    keyword,
    sources: words.sources.filter((word) => !heredocForm.test(word)).map(expand),
    inline: instruction.heredocs.map(({ name, body, expands }) => ({
      name,
      text: expands ? expandText(body, scope.lookup, scope.escapeToken) : body,
    })),
    destination: expand(words.destination),
    chown: one('chown'),
    chmod: one('chmod'),
    link: isSet('link'),
    parents: isSet('parents'),
    excludes: (flags.exclude ?? []).map(expand),
    checksum: checksum === undefined ? undefined : parseDigest(checksum),
    unpack: flags.unpack?.[0] === undefined ? undefined : isSet('unpack'),
  };
  check(request);
  return request;
}

export const isUrl = (source: string): boolean => /^https?:\/\//i.test(source);
const isGit = (source: string): boolean =>
  /^(git:\/\/|ssh:\/\/|git@|[\w.-]+@[\w.-]+:)/.test(source) ||
  /^https?:\/\/[^#]*\.git(#|$)/i.test(source) ||
  /^github\.com\//.test(source);

function check(request: CopyRequest): void {
  const { keyword, sources, inline, destination, chmod, checksum } = request;
  const wrong = (message: string, hint?: string): LabError =>
    new LabError('invalidArgument', `${keyword}: ${message}`, hint === undefined ? {} : { hint });
  if (destination === '') throw wrong('the destination is empty', 'a variable in it may have no value');
  if (sources.some((source) => source === '')) throw wrong('a source is empty', 'a variable in it may have no value');
  if (keyword === 'ADD') refuseGit(sources);
  if (keyword === 'COPY' && sources.some(isUrl)) throw wrong("source can't be a URL for COPY", 'ADD downloads');
  if (sources.length + inline.length > 1 && !isDirectoryName(destination))
    throw wrong('more than one source: the destination must be a directory and end with a /');
  if (chmod !== undefined && !/^[0-7]{1,5}$/.test(chmod))
    throw new LabError('invalidArgument', `${keyword} --chmod=${chmod}: expected an octal number up to 7777`);
  if (checksum !== undefined && !(sources.length === 1 && sources.every(isUrl)))
    throw wrong('--checksum takes one source, a URL');
}

function refuseGit(sources: readonly string[]): void {
  const git = sources.find(isGit);
  if (git !== undefined)
    throw new LabError('notImplemented', `ADD ${git}: git repositories are not fetched`, {
      hint: 'clone it into the context, or in a RUN',
    });
}

/** `dir/`, `.` and `..`: names that can only be directories. */
export const isDirectoryName = (path: string): boolean => /(^|\/)\.{0,2}$/.test(path);
