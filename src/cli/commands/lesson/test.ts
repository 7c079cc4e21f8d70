// tlab lesson test: proves lessons on this machine's engine. Status 1 when one is not proved.
import { paint } from '../../../base/colour.ts';
import { LabError } from '../../../base/errors.ts';
import type { ContainerSummary } from '../../../daemon/protocol.ts';
import { lessonOf } from '../../../lesson/course.ts';
import type { Lesson } from '../../../lesson/format/load.ts';
import { type Proof, proveLesson } from '../../../lesson/run/prove.ts';
import { defineCommand } from '../../command.ts';
import { connect } from '../../connection.ts';
import { between } from '../../flags/readers.ts';
import { boolean, one, text } from '../../flags/spec.ts';
import { counted } from '../../format/words.ts';
import { evidenceSince } from '../../lesson/evidence.ts';
import { openLessons } from '../../lesson/learner.ts';
import { typing } from '../../lesson/shell.ts';
import { learnerStatus } from '../../prompt/prompter.ts';
import { requireRoot } from '../../root.ts';
import { print } from '../../terminal.ts';

export default defineCommand({
  operands: '[LESSON...]',
  count: { min: 0 },
  says: 'Types every solution and every wrong answer into a terminal, and takes away what was made. Only on a machine for trying things.',
  flags: {
    all: boolean('Every lesson'),
    brief: boolean('Leave out the wrong answers'),
    seed: text('What the values of variables are made from', { value: 'text' }),
    jobs: one('So many lessons side by side (1)', between(1, 8), { value: 'number' }),
    json: boolean('Print one JSON document'),
  },
  exitStatus: learnerStatus,
  async run({ operands, flags }) {
    requireRoot('testing lessons');
    const course = openLessons();
    const lessons = flags.all ? course.lessons : operands.map((id) => lessonOf(course, id));
    if (lessons.length === 0) throw new LabError('usage', 'no lesson named', { hint: '--all' });
    const before = await inventory();
    const proofs = await typing(async (shells) => {
      const stage = { ...shells, evidence: (work?: string) => evidenceSince(new Date(), work) };
      return await inTurns(lessons, flags.jobs ?? 1, async (lesson) => {
        const began = performance.now();
        const proof = await proveLesson(lesson, stage, { seed: flags.seed ?? lesson.id, isBrief: flags.brief });
        if (!flags.json) show(proof, (performance.now() - began) / 1e3);
        return proof;
      });
    });
    const left = (await inventory()).filter((line) => !before.includes(line));
    if (left.length > 0) proofs.push(leftBehind(left));
    if (left.length > 0 && !flags.json) show(leftBehind(left), 0);
    if (flags.json) print(JSON.stringify({ schema: 'tlab.proofs/1', proofs, broken: course.broken }));
    else for (const broken of course.broken) print(`${paint.out('red', 'BROKEN')}  ${broken}`);
    return proofs.some(({ failures }) => failures.length > 0) || course.broken.length > 0 ? 1 : 0;
  },
});

/** Side by side where they do not disturb one another. When one is stopped, the others have ended before this has. */
async function inTurns(
  lessons: readonly Lesson[],
  jobs: number,
  prove: (lesson: Lesson) => Promise<Proof>,
): Promise<Proof[]> {
  const proofs: Proof[] = [];
  const drain = async (waiting: Lesson[]): Promise<void> => {
    for (let lesson = waiting.shift(); lesson !== undefined; lesson = waiting.shift()) proofs.push(await prove(lesson));
  };
  const shared = lessons.filter(({ engine }) => engine === 'shared');
  const [traced, others] = [shared.filter(isTraced), shared.filter((lesson) => !isTraced(lesson))];
  const more = Array.from({ length: jobs - 1 }, () => drain(others));
  const ended = await Promise.allSettled([drain(traced).then(() => drain(others)), ...more]);
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
  await drain(lessons.filter(({ engine }) => engine === 'alone'));
  return proofs;
}

/** What one of these records would be evidence in another one beside it: they are proved one after the other. */
const isTraced = ({ steps }: Lesson): boolean =>
  steps.some(
    ({ checks, wrong, solve }) =>
      checks.some(({ trace }) => trace !== undefined) ||
      [solve, ...wrong.map((one) => one.do ?? '')].some((shell) => /\btlab trace\b/.test(shell)),
  );

function show({ lesson, trials, negative, failures }: Proof, seconds: number): void {
  const isProved = failures.length === 0;
  const word = paint.out(isProved ? 'green' : 'red', isProved ? 'PROVED' : 'NOT PROVED');
  print(
    `${word}  ${lesson}: ${counted(trials, 'trial')}, ${counted(negative, 'wrong answer')}, ${seconds.toFixed(1)} s`,
  );
  for (const failure of failures) print(`  ${failure}`);
}

/** Containers that there are, one line each. */
async function inventory(): Promise<string[]> {
  const query = { all: true };
  const all = await connect().json<ContainerSummary[]>({ method: 'GET', path: '/containers/json', query });
  return all.map(({ Id, Names }) => `container ${Names[0] ?? Id}`);
}

const leftBehind = (left: readonly string[]): Proof => ({
  lesson: 'what is left',
  trials: 1,
  negative: 0,
  failures: [`after the last teardown there is still ${left.join(', ')}`],
});
