// A lesson from its text: what is cut how, and that every error has its place and says what was expected.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findingLine } from '../../src/lesson/format/finding.ts';
import { readLesson } from '../../src/lesson/format/load.ts';
import { probes } from '../../src/lesson/format/schema.ts';

const header = `---
format: 1
id: first
title: A first lesson
covers: [STK-1]
level: 1
minutes: 5
vars:
  name: {pick: [web, shop]}
---
`;
const body = `Before the first step.

## Start it {#start}

Type this:

\`\`\`sh do
tlab run -d --name {{name}} nginx
\`\`\`

It looks so:

\`\`\`
an example
\`\`\`

\`\`\`yaml check
- id: running
  says: it runs
  container: "{{name}}"
  want: {State.Running: true}
\`\`\`

### Why

Because.
`;
const findingsOf = (text: string): string[] => readLesson('l', text).findings.map(findingLine);

test('header, introduction, steps, blocks and debrief are told apart', () => {
  const { lesson, findings } = readLesson('l', header + body);
  assert.deepEqual(findings, []);
  assert.equal(lesson?.introduction, 'Before the first step.');
  const [step] = lesson.steps;
  assert.deepEqual([step?.id, step?.title, step?.why], ['start', 'Start it', 'Because.']);
  assert.deepEqual(step?.tells, [
    { kind: 'say', text: 'Type this:' },
    { kind: 'do', text: 'tlab run -d --name {{name}} nginx' },
    { kind: 'say', text: 'It looks so:\n\n```\nan example\n```' },
  ]);
  assert.equal(step?.solve, 'tlab run -d --name {{name}} nginx', 'what is done solves it, when nothing else is said');
  assert.equal(step?.checks[0]?.container, '{{name}}');
});

test('a step that stands alone says so behind its id', () => {
  const { lesson, findings } = readLesson('l', header + body.replace('{#start}', '{#start .alone}'));
  assert.deepEqual(findings, []);
  assert.deepEqual([lesson?.steps[0]?.id, lesson?.steps[0]?.isAlone], ['start', true]);
  assert.equal(readLesson('l', header + body).lesson?.steps[0]?.isAlone, false);
  assert.match(findingsOf(header + body.replace('{#start}', '{#start .other}'))[0] ?? '', /step id "start \.other"/);
});

const filed = (name: string): string => `${header + body}\n\`\`\`dockerfile file ${name}\nFROM {{name}}\n\`\`\`\n`;

test('a file of a step is told where it stands and written with its last line ended', () => {
  const { lesson, findings } = readLesson('l', filed('app/Dockerfile'));
  assert.deepEqual(findings, []);
  const file = { path: 'app/Dockerfile', text: 'FROM {{name}}\n' };
  assert.deepEqual(lesson?.steps[0]?.files, [file]);
  assert.deepEqual(lesson?.steps[0]?.tells.at(-1), { kind: 'file', ...file });
});

test('a file that would lie outside of the folder of the attempt is refused', () => {
  for (const name of ['', '/etc/passwd', '../x', 'a/../../x', 'a//x', '.', 'two words']) {
    assert.match(findingsOf(filed(name))[0] ?? '', /^l\/lesson\.md:38:1: file ".*": expected a path below/, name);
  }
  for (const name of ['Dockerfile', '.dockerignore', 'src/..data/x'])
    assert.deepEqual(findingsOf(filed(name)), [], name);
});

test('lines that end in CR LF are the same lesson', () => {
  const { lesson, findings } = readLesson('l', (header + body).replaceAll('\n', '\r\n'));
  assert.deepEqual(findings, []);
  assert.deepEqual(lesson?.steps, readLesson('l', header + body).lesson?.steps);
});

const mistakes: Array<[what: string, text: string, expected: string[]]> = [
  ['no header', '# Title\n', ['l/lesson.md:1:1: no header: expected YAML between two lines of ---']],
  [
    'a header that is not closed',
    '---\nid: x\n',
    ['l/lesson.md:1:1: no header: expected YAML between two lines of ---'],
  ],
  [
    'an unknown key',
    header.replace('level: 1', 'levle: 1') + body,
    ['l/lesson.md:6:8: levle: no such key', 'l/lesson.md:2:1: level: missing'],
  ],
  [
    'a wrong type',
    header.replace('minutes: 5', 'minutes: soon') + body,
    ['l/lesson.md:7:10: minutes: "soon", expected number'],
  ],
  [
    'a syllabus id of another form',
    header.replace('STK-1', 'stack') + body,
    ['l/lesson.md:5:10: covers.0: "stack", expected an id of the syllabus, as STK-1'],
  ],
  [
    'a newer format',
    header.replace('format: 1', 'format: 9') + body,
    ['l/lesson.md:2:9: format: 9, this tlab reads up to 1'],
  ],
  [
    'an alias',
    header.replace('title: A first lesson', 'title: &t x\nprofiles: *t') + body,
    ['l/lesson.md:2:1: aliases (*name): expected the values themselves'],
  ],
  [
    'a step without an id',
    header + body.replace(' {#start}', ''),
    ['l/lesson.md:13:1: step "Start it" has no id: expected ## Start it {#its-id}'],
  ],
  [
    'an id twice',
    `${header + body}\n## Again {#start}\n`,
    ['l/lesson.md:38:1: step id "start" is taken in this lesson'],
  ],
  [
    'an unknown block',
    header + body.replace('sh do', 'sh doo'),
    [
      'l/lesson.md:17:1: block "doo": expected do, predict, check, hints, wrong, interview, solve, also, file, or a fence with one word for an example',
    ],
  ],
  [
    'a fence that is not closed',
    `${header + body}\n\`\`\`sh do\nx\n`,
    ['l/lesson.md:38:1: the fence ``` is not closed'],
  ],
  [
    'a check without a probe',
    header + body.replace('  container: "{{name}}"\n', ''),
    [`l/lesson.md:28:3: 0: expected exactly one of ${Object.keys(probes).join(', ')}, trace`],
  ],
  [
    'a block before the first step',
    header + body.replace('Before the first step.', '```sh do\nx\n```'),
    ['l/lesson.md:11:1: block "do" stands before the first step'],
  ],
];

for (const [what, text, expected] of mistakes) {
  test(`${what} is found with its place`, () => {
    assert.deepEqual(findingsOf(text).toSorted(), expected.toSorted());
  });
}

test('a lesson of ten thousand lines of anything is read without an exception', () => {
  const lines = ['---', '```', '## x {#', '~~~~ yaml check', '- {', '### Why', '\u0000', 'a: *b', '```yaml hints'];
  for (let seed = 0; seed < 30; seed++) {
    const text = Array.from({ length: 300 }, (_, i) => lines[(i * 7 + seed * i * i + seed) % lines.length]).join('\n');
    assert.ok(readLesson('l', `---\n${text}`).findings.length > 0);
  }
});
