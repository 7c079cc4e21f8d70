// What is wrong with a course beyond the form of its files: ids, order, coverage, help that is missing.

import { LabError } from '../../base/errors.ts';
import { syllabus } from '../../explain/syllabus.ts';
import { parseFilter } from '../../viewer/filter.ts';
import { entries } from '../rows/entries.ts';
import { givenNames, namesIn } from '../vars.ts';
import type { Finding } from './finding.ts';
import type { Lesson, LoadedLesson, Step } from './load.ts';
import type { TraceAssertion } from './schema.ts';

/** Each check has that many known wrong answers at least. */
const wrongAnswers = 2;
/** What goes from stage to stage is foretold before it is seen. */
const flowPredictions = 3;

export function lintCourse(course: readonly LoadedLesson[]): Finding[] {
  const findings = course.flatMap((one) => one.findings);
  const before = new Set<string>();
  for (const { lesson } of course) {
    if (lesson === undefined) continue;
    const at = (says: string, line = 1): void => {
      findings.push({ file: `${lesson.folder}/lesson.md`, line, column: 1, says });
    };
    if (before.has(lesson.id)) at(`id "${lesson.id}" is taken by an earlier lesson`);
    for (const need of lesson.needs)
      if (!before.has(need)) at(`needs "${need}": expected a lesson that comes before this one`);
    before.add(lesson.id);
    lintLesson(lesson, at);
  }
  return findings;
}

type Report = (says: string, line?: number) => void;

function lintLesson(lesson: Lesson, at: Report): void {
  for (const id of lesson.covers) if (!Object.hasOwn(syllabus, id)) at(`covers ${id}: no such entry of the syllabus`);
  for (const name of givenNames) if (Object.hasOwn(lesson.vars, name)) at(`vars: every lesson has a value ${name}`);
  const known = new Set([...Object.keys(lesson.vars), ...givenNames]);
  for (const name of namesIn(JSON.stringify({ ...lesson, folder: '' })))
    if (!known.has(name)) at(`{{${name}}}: no such variable in the header`);
  lintInterviews(lesson, at);
  lintFlows(lesson, at);
  for (const step of lesson.steps) lintStep(step, lesson, (says) => at(`step ${step.id}: ${says}`, step.line));
}

/** Every entry that is covered is asked about, and something shows what is answered. */
function lintInterviews(lesson: Lesson, at: Report): void {
  const questions = lesson.steps.flatMap((step) => step.interview.map((question) => ({ question, step })));
  const checks = new Set(lesson.steps.flatMap((step) => step.checks.map(({ id }) => id)));
  for (const { question, step } of questions) {
    const say = (says: string): void => at(`step ${step.id}: interview ${question.id}: ${says}`, step.line);
    if (!lesson.covers.includes(question.id)) say('expected an entry that this lesson covers');
    for (const { check, proof, trace } of question.points) {
      if (check !== undefined && !checks.has(check)) say(`"${check}" is no check of this lesson`);
      if (proof !== undefined && trace === undefined && lesson.trace === undefined)
        say('a proof needs a trace, beside it or in the header');
    }
    for (const followUp of question.followUps)
      if (!followUp.endsWith('?'))
        say(`"${followUp}" is no question; in brackets, a comma ends one that is not quoted`);
    if (question.points.every(({ check, proof }) => check === undefined && proof === undefined))
      say('expected evidence, proof or check, for one of its points at least');
  }
  for (const id of lesson.covers)
    if (!questions.some(({ question }) => question.id === id)) at(`covers ${id}: expected an interview block for it`);
}

function lintFlows({ covers, steps }: Lesson, at: Report): void {
  const flows = covers.filter((id) => entries[id]?.kind === 'flow');
  const predictions = steps.flatMap((step) => step.predictions).length;
  if (flows.length > 0 && predictions < flowPredictions)
    at(`covers ${flows.join(', ')}: ${predictions} predictions, expected ${flowPredictions} at least for a flow`);
}

function lintStep(step: Step, lesson: Lesson, at: Report): void {
  const ids = [...step.checks, ...step.predictions].map(({ id }) => id);
  for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) at(`id "${id}" is taken in this step`);
  for (const { check } of step.wrong)
    if (!ids.includes(check)) at(`wrong: "${check}" is no check and no prediction of this step`);
  for (const { needs } of step.checks)
    for (const need of needs) if (!ids.includes(need)) at(`needs "${need}": no such check`);
  if (step.predictions.length > 0 && lesson.trace === undefined) at('it has predictions: expected trace in the header');
  for (const filter of filtersOf(step)) lintFilter(filter, at);
  if (step.checks.length === 0) return;
  if (step.hints === undefined) at('it has checks and no hints');
  if (step.solve === '') at('it has checks and neither solve nor do');
  for (const { id } of step.checks) {
    const known = step.wrong.filter(({ check }) => check === id);
    if (known.length < wrongAnswers)
      at(`check ${id}: ${known.length} known wrong answers, expected ${wrongAnswers} at least`);
    const blind = known.filter(({ when }) => when === undefined).length;
    if (blind > 1) at(`check ${id}: ${blind} wrong answers without "when" cannot be told apart`);
  }
}

function filtersOf(step: Step): string[] {
  const of = (assertion: TraceAssertion | undefined): string[] =>
    assertion === undefined
      ? []
      : (['exists', 'none', 'count', 'before', 'after'] as const).flatMap((key) => {
          const filter = (assertion as Record<string, unknown>)[key];
          return typeof filter === 'string' ? [filter] : [];
        });
  return [
    ...step.predictions.map((one) => one.of),
    ...step.checks.flatMap(({ trace }) => of(trace)),
    ...step.wrong.flatMap(({ when }) => of(when?.trace)),
    ...step.interview.flatMap(({ points }) => points.flatMap(({ proof }) => proof ?? [])),
  ];
}

function lintFilter(filter: string, at: Report): void {
  try {
    parseFilter(filter);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    at(error.message);
  }
}
