// Every rule with a Dockerfile in which it finds something, at the right line, and one in which it finds nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lint } from '../../src/dockerfile/lint/lint.ts';
import { rules } from '../../src/dockerfile/lint/rules.ts';
import { parseDockerfile } from '../../src/dockerfile/parse.ts';
import { syllabus } from '../../src/explain/syllabus.ts';

/** Rule: a file with the finding, its line, the same file mended. */
const cases: Record<string, readonly [string, number, string]> = {
  NoEmptyContinuation: ['FROM a:1\nRUN x \\\n\n  y', 3, 'FROM a:1\nRUN x \\\n#\n  y'],
  ConsistentInstructionCasing: ['FROM a:1\nrun x\nRUN y', 2, 'FROM a:1\nRUN x\nRUN y'],
  MaintainerDeprecated: ['FROM a:1\nMAINTAINER me', 2, 'FROM a:1\nLABEL m=me'],
  LegacyKeyValueFormat: ['FROM a:1\nENV A b', 2, 'FROM a:1\nENV A=b'],
  JSONArgsRecommended: ['FROM a:1\nCMD x y', 2, 'FROM a:1\nCMD ["x", "y"]'],
  InvalidJSONForm: [`FROM a:1\nCMD ['x']`, 2, 'FROM a:1\nRUN [ -e /x ] || y'],
  ExposeInvalidFormat: ['FROM a:1\nEXPOSE 80:80', 2, 'FROM a:1\nEXPOSE 80/tcp'],
  FromAsCasing: ['FROM a:1 as b', 1, 'from a:1 as b'],
  StageNameCasing: ['FROM a:1 AS B', 1, 'FROM a:1 AS b'],
  DuplicateStageName: ['FROM a:1 AS b\nFROM b AS B', 2, 'FROM a:1 AS b\nFROM b AS c'],
  ReservedStageName: ['FROM a:1 AS scratch', 1, 'FROM a:1 AS b'],
  UnusedStage: ['FROM a:1\nFROM b:1', 1, 'FROM a:1\nFROM b:1\nCOPY --from=0 x y'],
  UndefinedArgInFrom: ['FROM a:$V', 1, 'ARG V=1\nFROM a:$V'],
  UndefinedVar: ['ARG V=1\nFROM scratch\nCOPY a$V /', 3, 'ARG V=1\nFROM scratch\nARG V\nCOPY a$V /'],
  MultipleInstructionsDisallowed: ['FROM a:1\nCMD ["x"]\nCMD ["y"]', 2, 'FROM a:1\nCMD ["y"]'],
  UnpinnedBase: ['FROM localhost:5000/a', 1, 'FROM localhost:5000/a:1'],
  SecretsUsedInArgOrEnv: ['FROM a:1\nARG NPM_TOKEN', 2, 'FROM a:1\nARG TOKEN_PATH\nARG MONKEY'],
  AddInsteadOfCopy: ['FROM a:1\nADD x /', 2, 'FROM a:1\nADD x.tar.gz /'],
  AddWithoutChecksum: ['FROM a:1\nADD https://x/y /', 2, 'FROM a:1\nADD --checksum=sha256:0 https://x/y /'],
  InstallWithoutCleanUp: [
    'FROM a:1\nRUN apt-get update && apt-get -y install x',
    2,
    'FROM a:1\nRUN apt-get update && apt-get -y install x && rm -rf /var/lib/apt/lists/*',
  ],
  UpdateAlone: [
    'FROM a:1\nRUN apt-get update',
    2,
    'FROM a:1\nRUN --mount=type=cache,target=/x apt-get update && apt-get install y',
  ],
  CopyAllBeforeInstall: ['FROM a:1\nCOPY . .\nRUN npm ci', 2, 'FROM a:1\nCOPY package*.json .\nRUN npm ci\nCOPY . .'],
  WorkdirRelativePath: ['FROM a:1\nWORKDIR b', 2, 'FROM a:1\nWORKDIR /a\nWORKDIR b'],
  CdInRun: ['FROM a:1\nRUN cd /x', 2, 'FROM a:1\nRUN cd /x && y'],
  RootUser: ['FROM a:1\nUSER 0:0\nCMD ["x"]', 2, 'FROM a:1\nUSER app\nCMD ["x"]'],
  SudoInRun: ['FROM a:1\nRUN x && sudo y', 2, 'FROM a:1\nRUN pseudo y'],
};

test('every rule has a case', () => assert.deepEqual(Object.keys(cases).sort(), Object.keys(rules).sort()));

for (const [rule, [bad, line, good]] of Object.entries(cases)) {
  test(`${rule} finds what it is for, and not what is right`, () => {
    const found = (text: string) => lint(parseDockerfile(text)).filter((finding) => finding.rule === rule);
    assert.deepEqual(
      found(bad).map((finding) => finding.line),
      [line],
    );
    assert.deepEqual(found(good), []);
  });
}

test('a check directive leaves rules away', () => {
  const rulesOf = (top: string): string[] => lint(parseDockerfile(`${top}\nFROM a\nWORKDIR b`)).map(({ rule }) => rule);
  assert.deepEqual(rulesOf('#'), ['UnpinnedBase', 'WorkdirRelativePath']);
  assert.deepEqual(rulesOf('# check=skip=UnpinnedBase;error=true'), ['WorkdirRelativePath']);
  assert.deepEqual(rulesOf('# check=skip=all'), []);
  assert.throws(() => rulesOf('# check=skip UnpinnedBase'), { message: /expected skip=/ });
});

test('rules are sentences with sources and entries of the course', () => {
  for (const [name, rule] of Object.entries(rules)) {
    assert.match(rule.why, /\.$/, name);
    assert.match(rule.fix, /[.…]$/, name);
    assert.ok(rule.shows.length > 0, name);
    assert.deepEqual(
      rule.shows.filter((id) => !(id in syllabus)),
      [],
      name,
    );
    assert.ok(rule.source.length > 5, name);
  }
});
