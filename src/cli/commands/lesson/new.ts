// tlab lesson new: a lesson to be filled in. It has every kind of block; what is to be written says so, and the linter finds it.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../../../base/errors.ts';
import { syllabus } from '../../../explain/syllabus.ts';
import { template } from '../../../lesson/format/template.ts';
import { defineCommand } from '../../command.ts';
import { list, text } from '../../flags/spec.ts';
import { lessonsFolder } from '../../lesson/folder.ts';
import { learnerStatus } from '../../prompt/prompter.ts';
import { print, say } from '../../terminal.ts';

export default defineCommand({
  operands: 'NAME',
  count: { min: 1, max: 1 },
  says: 'Makes lesson.md in the topic, behind its last lesson. TODO stands where something is to be written; tlab lesson lint names each place.',
  flags: {
    topic: text('Folder of the topic: 02-kernel, or its word alone', { value: 'topic' }),
    covers: list('An entry of the course that it covers', { value: 'entry' }),
    folder: text('Folder of the lessons; those of tlab without it', { value: 'folder' }),
  },
  exitStatus: learnerStatus,
  examples: [{ says: 'one on mounts', line: 'tlab lesson new mounts --topic kernel --covers KRN-4' }],
  run({ operands: [name = ''], flags }) {
    if (!/^[a-z][a-z0-9-]*$/.test(name))
      throw new LabError('usage', `name "${name}": expected small letters, digits and hyphens`);
    for (const id of flags.covers)
      if (!Object.hasOwn(syllabus, id)) throw new LabError('notFound', `entry "${id}": no such entry of the course`);
    const root = flags.folder ?? lessonsFolder();
    const topic = topicFolder(root, flags.topic);
    const last = numbered(join(root, topic)).at(-1)?.slice(0, 2) ?? '00';
    const folder = join(root, topic, `${String(Number(last) + 1).padStart(2, '0')}-${name}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'lesson.md'), template({ id: name, covers: flags.covers }), { flag: 'wx' });
    print(join(folder, 'lesson.md'));
    const own = flags.folder === undefined ? '' : `TLAB_LESSONS=${flags.folder} `;
    say(`Write it, then: tlab lesson lint ${flags.folder ?? ''}`.trimEnd());
    say(`and prove it:   ${process.getuid?.() === 0 ? '' : 'sudo '}${own}tlab lesson test ${name}`);
    return 0;
  },
});

const numbered = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((one) => /^\d\d-/.test(one))
        .sort()
    : [];

/** @throws LabError usage, with the topics that there are */
function topicFolder(root: string, wish: string | undefined): string {
  const topics = numbered(root);
  const found = topics.find((topic) => topic === wish || topic.slice(3) === wish);
  if (found !== undefined) return found;
  if (wish !== undefined && /^\d\d-[a-z][a-z0-9-]*$/.test(wish)) return wish;
  throw new LabError(
    'usage',
    `--topic ${wish ?? 'is missing'}: expected ${topics.length === 0 ? '' : `one of ${topics.join(', ')}, or `}a new one as 09-name`,
  );
}
