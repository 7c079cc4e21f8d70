// Writes lessons/README.md: every entry of the course, and the lessons that cover it, from their headers; `--check` only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { syllabus } from '../src/explain/syllabus.ts';
import { loadCourse } from '../src/lesson/format/load.ts';

const target = 'lessons/README.md';
const lessons = loadCourse('lessons').flatMap(({ lesson }) => lesson ?? []);
const entries = Object.entries(syllabus).map(([id, title]) => {
  const covering = lessons.filter(({ covers }) => covers.includes(id));
  const links = covering.map((lesson) => `[${lesson.id}](${lesson.folder.replace(/^lessons\//, '')}/lesson.md)`);
  return { id, title, links };
});
const covered = entries.filter(({ links }) => links.length > 0).length;
const text = `<!-- Generated from the lessons' headers by npm run generate; never edited. -->
# The course

${covered} of ${entries.length} entries are covered by ${lessons.length} lessons. \`sudo tlab learn\` goes on with the course, \`tlab list\` lists it.

## Lessons

| lesson | what it is about | minutes | covers |
|---|---|---|---|
${lessons.map((one) => `| ${one.id} | ${one.title} | ${one.minutes} | ${one.covers.join(', ')} |`).join('\n')}

## Entries

| entry | what is taught | lessons |
|---|---|---|
${entries.map(({ id, title, links }) => `| ${id} | ${title} | ${links.join(', ') || 'planned'} |`).join('\n')}
`;
if (!process.argv.includes('--check')) writeFileSync(target, text);
else if (readFileSync(target, 'utf8') !== text) {
  console.error(`not current: ${target}\ntry: npm run generate`);
  process.exitCode = 1;
}
