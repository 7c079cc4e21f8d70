// Go's path.Match: the patterns of `--filter reference=`. `*` and `?` stop at "/", `[a-z]` and `[^a-z]` are classes, `\` quotes.
// As in Go the first place where a piece between two stars fits is taken, so that no pattern is slow. @source go path.Match
import { LabError } from '../../base/errors.ts';

/** True for the characters that stand at this place. */
type Place = (character: string) => boolean;

interface Piece {
  afterStar: boolean;
  places: Place[];
}

/** Errors: invalidArgument for a pattern that Go calls malformed. */
export function pathMatch(pattern: string, name: string): boolean {
  const pieces = piecesOf([...pattern], pattern);
  const characters = [...name];
  let at = 0;
  for (const [number, { afterStar, places }] of pieces.entries()) {
    const isLast = number === pieces.length - 1;
    const found = startOf(places, { characters, from: at, mayMove: afterStar, toEnd: isLast });
    if (found === undefined) return false;
    at = found + places.length;
  }
  return at === characters.length;
}

function startOf(
  places: readonly Place[],
  where: { characters: readonly string[]; from: number; mayMove: boolean; toEnd: boolean },
): number | undefined {
  const { characters, mayMove, toEnd } = where;
  for (let start = where.from; start + places.length <= characters.length; start += 1) {
    const fits = places.every((place, offset) => place(characters[start + offset] ?? ''));
    if (fits && (!toEnd || start + places.length === characters.length)) return start;
    if (!mayMove || characters[start] === '/') return undefined;
  }
  return undefined;
}

function piecesOf(characters: readonly string[], pattern: string): Piece[] {
  const pieces: Piece[] = [{ afterStar: false, places: [] }];
  for (let at = 0; at < characters.length; ) {
    const character = characters[at] ?? '';
    if (character === '*') {
      pieces.push({ afterStar: true, places: [] });
      at += 1;
      continue;
    }
    const { place, next } = placeAt(characters, at, pattern);
    pieces.at(-1)?.places.push(place);
    at = next;
  }
  return pieces.filter(({ afterStar, places }, at) => at === pieces.length - 1 || places.length > 0 || !afterStar);
}

function placeAt(characters: readonly string[], at: number, pattern: string): { place: Place; next: number } {
  const character = characters[at];
  if (character === '?') return { place: (seen) => seen !== '/', next: at + 1 };
  if (character === '[') return classAt(characters, at + 1, pattern);
  const { value, next } = quotedAt(characters, at, pattern);
  return { place: (seen) => seen === value, next };
}

function quotedAt(characters: readonly string[], at: number, pattern: string): { value: string; next: number } {
  const from = characters[at] === '\\' ? at + 1 : at;
  const value = characters[from];
  if (value === undefined) throw malformed(pattern);
  return { value, next: from + 1 };
}

function classAt(characters: readonly string[], start: number, pattern: string): { place: Place; next: number } {
  const isNegated = characters[start] === '^';
  const ranges: Array<[from: string, to: string]> = [];
  let at = isNegated ? start + 1 : start;
  while (ranges.length === 0 || characters[at] !== ']') {
    if (characters[at] === '-' || characters[at] === ']') throw malformed(pattern);
    const from = quotedAt(characters, at, pattern);
    const isRange = characters[from.next] === '-';
    if (isRange && ['-', ']'].includes(characters[from.next + 1] ?? '')) throw malformed(pattern);
    const to = isRange ? quotedAt(characters, from.next + 1, pattern) : from;
    ranges.push([from.value, to.value]);
    at = to.next;
  }
  return { place: (seen) => ranges.some(([from, to]) => from <= seen && seen <= to) !== isNegated, next: at + 1 };
}

const malformed = (pattern: string): LabError =>
  new LabError('invalidArgument', 'syntax error in pattern', { data: { pattern } });
