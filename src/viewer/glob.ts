// Patterns with * and ?, matched without a regular expression: those take exponential time on patterns that somebody made for it.

/** Tells whether a whole text matches. Takes at most the product of both lengths. */
export function globMatcher(pattern: string): (text: string) => boolean {
  if (!/[*?]/.test(pattern)) return (text) => text === pattern;
  return (text) => matches(pattern, text);
}

/** Greedy: at a mismatch the last star takes one character more. */
function matches(pattern: string, text: string): boolean {
  let [p, t] = [0, 0];
  let star = -1;
  let starredFrom = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      starredFrom = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++starredFrom;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** The longest piece that every text that matches a pattern has, and that JSON writes as it is. */
export const partOf = (pattern: string): string | undefined => longest(pattern.match(/[ !#-)+->@-[\]-~]+/g));

/** The same of a bare word. What stands between the fields of a line, as in `= -1` and `("`, is in none of them. */
export const partOfWord = (word: string): string | undefined =>
  longest(word.match(/[!#-'*+\--<>-[\]-~]+(?:=[!#-'*+\--<>-[\]-~]+)*/g));

const longest = (pieces: readonly string[] | null): string | undefined =>
  [...(pieces ?? [])].sort((a, b) => b.length - a.length)[0];
