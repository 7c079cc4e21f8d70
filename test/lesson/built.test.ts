// Lessons as they were read at build time against the lessons of now.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BuiltLessons, buildLessons, readerOf } from '../../src/lesson/format/built.ts';
import { loadCourse, readLesson } from '../../src/lesson/format/load.ts';

const root = new URL('../../lessons', import.meta.url).pathname;
const built = JSON.parse(JSON.stringify(buildLessons(root))) as BuiltLessons;

test('a lesson that was read at build time is the one that its text gives, and no YAML is read for it', () => {
  const texts: string[] = [];
  const course = loadCourse(root, (folder, text) => {
    texts.push(text);
    return readLesson(folder, text);
  });
  assert.ok(texts.length > 40);
  assert.deepEqual(loadCourse(root, readerOf(built)), course);
  // Of a text whose digest is known, only the digest is asked: what stands there is handed on as it is.
  const [digest = '', lesson] = Object.entries(built)[0] ?? [];
  const text = texts.find((one) => readLesson('l', one).lesson?.id === lesson?.id) ?? '';
  const marked = readerOf({ [digest]: { ...(lesson as BuiltLessons[string]), title: 'as it was built' } });
  assert.equal(marked('elsewhere', text).lesson?.title, 'as it was built');
  assert.equal(marked('elsewhere', text).lesson?.folder, 'elsewhere');
});

test('a lesson that was changed since is read from its text, and so is what is wrong with it', () => {
  const read = readerOf(built);
  loadCourse(root, (folder, text) => {
    assert.equal(read(folder, text.replace(/^title: .*$/m, 'title: Another')).lesson?.title, 'Another');
    assert.notDeepEqual(read(folder, text.replace(/^level: .*$/m, 'level: none')).findings, []);
    return readLesson(folder, text);
  });
});
