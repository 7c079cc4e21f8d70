// The instructions: one row each says which flags it takes and how its arguments are read. Variables are not replaced here: that needs
// the stage's environment, which only a build knows.
// Rule: an instruction that is wrong is refused with its line; one that is unwise is not (lint/ tells).
// @source dockerfile reference
import { argumentsOf } from './arguments.ts';
import { flagsOf } from './flags.ts';
import { dockerfileError, type LogicalLine } from './source.ts';
import { type Arguments, type Instruction, type Keyword, keywords } from './syntax.ts';

export function instructionOf(line: LogicalLine, escapeToken: string): Instruction {
  const [written = ''] = line.text.split(/\s/, 1);
  const keyword = keywordOf(written, line.startLine);
  const { flags, rest } = flagsOf(keyword, line.text.slice(written.length).trim(), line.startLine);
  return {
    keyword,
    written,
    flags,
    arguments:
      keyword === 'ONBUILD' ? onbuild(line, rest, escapeToken) : argumentsOf(keyword, rest, { line, escapeToken }),
    heredocs: line.heredocs,
    text: line.text,
    startLine: line.startLine,
    endLine: line.endLine,
  };
}

function keywordOf(written: string, line: number): Keyword {
  const upper = written.toUpperCase();
  const keyword = keywords.find((one) => one === upper);
  if (keyword !== undefined) return keyword;
  const near = keywords.find((one) => distance(one, upper) <= 2);
  throw dockerfileError(
    line,
    `"${written}": expected an instruction`,
    near === undefined ? `instructions are ${keywords.join(', ')}` : `did you mean ${near}?`,
  );
}

/** Edits between two short words. @source Levenshtein 1966 */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, c] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, d] of [...b].entries())
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (c === d ? 0 : 1)));
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** A trigger is an instruction that the image's children run; some would make no sense there. */
function onbuild(line: LogicalLine, rest: string, escapeToken: string): Arguments {
  const [word = ''] = rest.split(/\s/, 1);
  // Before it is read: a line of nothing but ONBUILD would go as deep as it is long.
  const keyword = keywordOf(word, line.startLine);
  if (['ONBUILD', 'FROM', 'MAINTAINER'].includes(keyword))
    throw dockerfileError(line.startLine, `ONBUILD ${keyword}: expected another instruction as trigger`);
  const trigger = instructionOf({ ...line, text: rest }, escapeToken);
  return { kind: 'onbuild', trigger };
}
