import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabError } from '../../src/base/errors.ts';
import { type Dockerfile, parseDockerfile } from '../../src/dockerfile/parse.ts';
import type { Instruction } from '../../src/dockerfile/syntax.ts';

const last = (text: string): Instruction => {
  const found = parseDockerfile(text).stages.at(-1)?.instructions.at(-1);
  assert.ok(found);
  return found;
};
const parsed = (line: string): Instruction => last(`FROM scratch\n${line}`);

test('directives stand on top, each once, and end at the first other comment', () => {
  const file = (top: string): Dockerfile => parseDockerfile(`${top}\nFROM scratch\n`);
  assert.deepEqual(file('# syntax=docker/dockerfile:1\n#escape=`').directives, {
    syntax: 'docker/dockerfile:1',
    escape: '`',
  });
  assert.equal(file('# hello\n# escape=`').directives.escape, '\\');
  assert.throws(() => file('# escape=x'), { message: /line 1: escape=x: expected/ });
  assert.throws(() => file('# check=skip=all\n# check=skip=all'), { message: /line 2: .*expected once/ });
});

test('comments and blank lines fall out of a continued line, which keeps its place', () => {
  const run = last('FROM scratch\n\n# a\nRUN a \\ \n  # b\n\n  b \\\n c\n');
  assert.deepEqual(run.arguments, { kind: 'command', command: { form: 'shell', text: 'a   b  c' } });
  assert.deepEqual([run.startLine, run.endLine], [4, 8]);
  const { remarks } = parseDockerfile('FROM scratch\nRUN a \\\n\n b\n');
  assert.deepEqual(
    remarks.map(({ line, name }) => [line, name]),
    [[3, 'NoEmptyContinuation']],
  );
  assert.deepEqual(parseDockerfile('FROM scratch\nRUN a \\\n\n').remarks, []);
});

test('with escape=` a backslash is a letter', () => {
  const copy = last('# escape=`\nFROM scratch\nCOPY a `\n  C:\\b\\\n');
  assert.deepEqual(copy.arguments, { kind: 'copy', sources: ['a'], destination: 'C:\\b\\' });
});

test('heredocs: bodies, tabs, quotes, several, in order', () => {
  const run = last('FROM scratch\nRUN <<-A cat <<"B"\n\tone\n\tA\n\ttwo $x\nB\n');
  assert.deepEqual(run.heredocs, [
    { name: 'A', body: 'one\n', expands: true, stripsTabs: true },
    { name: 'B', body: '\ttwo $x\n', expands: false, stripsTabs: false },
  ]);
  assert.equal(run.endLine, 6);
  assert.equal(parsed('COPY 3<<x /a\nx\n').heredocs[0]?.descriptor, 3);
  assert.deepEqual(parsed('ENV A=1<<2').heredocs, []);
  assert.throws(() => parsed('RUN <<E\nx\n'), { message: /line 2: heredoc E: its end is missing/ });
});

test('stages have numbers and names; arguments before the first FROM are global', () => {
  const { globals, stages } = parseDockerfile('ARG V=1\nFROM a:$V AS Base\nFROM --platform=linux/arm64 base as x\n');
  assert.equal(globals.length, 1);
  assert.deepEqual(
    stages.map(({ index, name }) => [index, name]),
    [
      [0, 'Base'],
      [1, 'x'],
    ],
  );
  assert.deepEqual(stages[1]?.from.flags, { platform: ['linux/arm64'] });
});

test('the JSON form is words, anything else a text for the shell', () => {
  assert.deepEqual(parsed('CMD ["a", "b c"]').arguments, {
    kind: 'command',
    command: { form: 'exec', words: ['a', 'b c'] },
  });
  assert.deepEqual(parsed("CMD ['a']").arguments, { kind: 'command', command: { form: 'shell', text: "['a']" } });
  assert.deepEqual(parsed('VOLUME ["/a", "/b"]').arguments, { kind: 'words', words: ['/a', '/b'] });
  assert.deepEqual(parsed('VOLUME /a /b').arguments, { kind: 'words', words: ['/a', '/b'] });
});

test('pairs: both forms', () => {
  assert.deepEqual(parsed('ENV A="x y" B=2').arguments, {
    kind: 'pairs',
    isLegacy: false,
    pairs: [
      { name: 'A', value: '"x y"' },
      { name: 'B', value: '2' },
    ],
  });
  assert.deepEqual(parsed('ENV A x  y=z').arguments, {
    kind: 'pairs',
    isLegacy: true,
    pairs: [{ name: 'A', value: 'x  y=z' }],
  });
  assert.deepEqual(parsed('ARG A B=1').arguments, {
    kind: 'pairs',
    isLegacy: false,
    pairs: [
      { name: 'A', value: undefined },
      { name: 'B', value: '1' },
    ],
  });
});

test('flags, also several of one name, and triggers', () => {
  assert.deepEqual(parsed('RUN --mount=type=cache,target=/a --mount=type=tmpfs,target=/b --network=none x').flags, {
    mount: ['type=cache,target=/a', 'type=tmpfs,target=/b'],
    network: ['none'],
  });
  assert.deepEqual(parsed('COPY --link --chown=1:1 a b').flags, { link: ['true'], chown: ['1:1'] });
  const { arguments: values } = parsed('ONBUILD COPY --from=x a /b');
  assert.equal(values.kind === 'onbuild' && values.trigger.keyword, 'COPY');
  assert.deepEqual(parsed('HEALTHCHECK --interval=5s CMD curl -f x').arguments, {
    kind: 'healthcheck',
    command: { form: 'shell', text: 'curl -f x' },
  });
});

const refused: ReadonlyArray<readonly [string, RegExp]> = [
  ['', /line 1: expected at least one FROM/],
  ['# only a comment', /expected at least one FROM/],
  ['RUN x', /line 1: RUN: expected FROM first/],
  ['FORM x', /line 1: "FORM": expected an instruction/],
  ['FROM a b', /FROM a b: expected IMAGE or IMAGE AS NAME/],
  ['FROM a AS 1b', /stage name "1b": expected a letter/],
  ['FROM', /FROM : expected IMAGE/],
  ['FROM a\nRUN', /line 2: RUN: expected a command/],
  ['FROM a\nCOPY a', /COPY a: expected at least one source and a destination/],
  ['FROM a\nCOPY --frm=b a c', /COPY --frm=b: unknown flag/],
  ['FROM a\nCOPY --from=b --from=c a d', /COPY --from: expected once/],
  ['FROM a\nCOPY --link=maybe a b', /--link=maybe: expected true or false/],
  ['FROM a\nCOPY --chown a b', /COPY --chown: expected a value/],
  ['FROM a\nENV A=1 B', /ENV "B": expected NAME=VALUE/],
  ['FROM a\nENV A', /ENV A: expected NAME=VALUE/],
  ['FROM a\nARG 1A=2', /ARG "1A": expected a name/],
  ['FROM a\nSHELL sh -c', /SHELL sh -c: expected a JSON array/],
  ['FROM a\nHEALTHCHECK curl', /HEALTHCHECK curl: expected CMD/],
  ['FROM a\nONBUILD FROM b', /ONBUILD FROM: expected another instruction/],
  ['FROM a\nWORKDIR', /WORKDIR: expected an argument/],
];

for (const [text, words] of refused)
  test(`${JSON.stringify(text)} is refused with its line`, () =>
    assert.throws(() => parseDockerfile(text), { kind: 'invalidArgument', message: words }));

/** Numerical Recipes' generator: the same garbage each time. */
function* numbers(seed: number): Generator<number> {
  for (let value = seed; ; value = (value * 1664525 + 1013904223) >>> 0) yield value >>> 8;
}

test('garbage is refused by name or parsed, never anything else', () => {
  const pieces = [
    'FROM a',
    'RUN ',
    'COPY ',
    '<<E',
    'E',
    '\\',
    '\n',
    '"',
    "'",
    '$',
    '{',
    '}',
    '[',
    ']',
    '--',
    '=',
    '#',
    ' ',
    '\t',
    'ONBUILD ',
    'ENV ',
    '\0',
    '\u202e',
    'é',
  ];
  const random = numbers(7);
  const next = (): number => random.next().value as number;
  let isParsed = 0;
  for (let round = 0; round < 3000; round++) {
    const text = Array.from({ length: next() % 30 }, () => pieces[next() % pieces.length]).join('');
    try {
      parseDockerfile(round % 2 === 0 ? `FROM a\n${text}` : text);
      isParsed++;
    } catch (error) {
      assert.ok(error instanceof LabError && error.kind === 'invalidArgument', `${JSON.stringify(text)}: ${error}`);
    }
  }
  assert.ok(isParsed > 100 && isParsed < 2900, `${isParsed} of 3000 were parsed`);
});
