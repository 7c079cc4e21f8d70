// No file of the project, whatever its language, holds what an unfinished merge leaves behind.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { test } from 'node:test';

/** Git's marks at the start of a line; the middle one alone is also a heading's underline, so it counts only as git writes it. */
const mark = /^(<{7} |\|{7} |>{7} |={7}$)/m;

/** The files that git knows or would take; without a repository, everything but what is made or fetched. */
function projectFiles(): string[] {
  if (existsSync('.git'))
    return execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { encoding: 'utf8' })
      .split('\0')
      .filter((file) => file !== '' && existsSync(file));
  return globSync('**/*', { exclude: (name) => /^(node_modules|dist|\.git)$/.test(name) });
}

test('the marks of a merge are known', () => {
  for (const line of ['<<<<<<< HEAD', '||||||| base', '=======', '>>>>>>> other'].map((text) => `a\n${text}\nb`))
    assert.match(line, mark);
  for (const line of ['a <<<<<<< b', '========', '======= b', '<<<<<<<<'].map((text) => `a\n${text}\nb`))
    assert.doesNotMatch(line, mark);
});

test('no file holds the marks of a merge', () => {
  const own = 'test/structure/merge-markers.test.ts';
  const marked = projectFiles().filter(
    (file) => file !== own && statSync(file).isFile() && mark.test(readFileSync(file, 'latin1')),
  );
  assert.deepEqual(marked, []);
});
