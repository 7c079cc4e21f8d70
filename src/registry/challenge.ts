// What a registry asks for in WWW-Authenticate: one challenge or several, in one header or in several, which Node joins by commas.
// Rule: a comma ends a parameter or a whole challenge, and only what follows says which: `name=` is a parameter, a lone word a new scheme.
// @source RFC 9110 11.2, 11.3, 11.6.1; distribution spec/auth/token

export interface Challenge {
  scheme: 'basic' | 'bearer';
  parameters: Record<string, string>;
}

const separators = /[\s,]*/y;
const parameter = /([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/y;
/** With its token68 (`Negotiate dG9rZW4=`), which no parameters follow. */
const word = /([\w!#$%&'*+.^`|~-]+)(?![\w!#$%&'*+.^`|~-]|\s*=)(?:[ \t]+[\w.~+/-]+=*(?=\s*(?:,|$)))?/y;

/** Bearer before Basic, as containerd has it; one that names no realm last. Undefined when no scheme is one that we know. */
export function parseChallenge(header: string | undefined): Challenge | undefined {
  const known = challengesOf(header ?? '').filter(isKnown);
  const bearers = known.filter(({ scheme }) => scheme === 'bearer');
  return (
    bearers.find(({ parameters }) => parameters.realm !== undefined) ??
    known.find(({ scheme }) => scheme === 'basic') ??
    bearers[0]
  );
}

interface AnyChallenge {
  scheme: string;
  parameters: Record<string, string>;
}

const isKnown = (challenge: AnyChallenge): challenge is Challenge =>
  challenge.scheme === 'bearer' || challenge.scheme === 'basic';

/** Up to what cannot be read. */
function challengesOf(header: string): AnyChallenge[] {
  const challenges: AnyChallenge[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(header);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  for (;;) {
    take(separators);
    const current = challenges.at(-1);
    const [, name, quoted, plain] = (current && take(parameter)) ?? [];
    if (current !== undefined && name !== undefined) {
      current.parameters[name.toLowerCase()] = quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '';
      continue;
    }
    const scheme = take(word)?.[1];
    if (scheme === undefined) return challenges;
    challenges.push({ scheme: scheme.toLowerCase(), parameters: {} });
  }
}
