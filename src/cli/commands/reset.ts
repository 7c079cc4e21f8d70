// tlab reset: takes a step or a lesson again, a lesson with new values; what the lesson made is taken away by its teardown.
import { LabError } from '../../base/errors.ts';
import { lessonOf } from '../../lesson/course.ts';
import { defineCommand } from '../command.ts';
import { boolean } from '../flags/spec.ts';
import { openLearner, openLessons } from '../lesson/learner.ts';
import { clearBegun } from '../lesson/prepare.ts';
import { learnerStatus } from '../prompt/prompter.ts';
import { print } from '../terminal.ts';

export default defineCommand({
  operands: 'LESSON[/STEP]|all',
  count: { min: 1, max: 1 },
  says: 'What the lesson made on this machine is taken away. The record of what was done stays in the log; it only counts no longer.',
  flags: { 'dry-run': boolean('Say what would be reset'), yes: boolean('Needed for all', { short: 'y' }) },
  exitStatus: learnerStatus,
  async run({ operands: [name = ''], flags }) {
    const course = openLessons();
    const [id = '', ...below] = name.split('/');
    const stepId = below.length === 0 ? undefined : below.join('/');
    const lesson = name === 'all' ? undefined : lessonOf(course, id);
    if (lesson !== undefined && stepId !== undefined && !lesson.steps.some((step) => step.id === stepId)) {
      const steps = lesson.steps.map((step) => step.id).join(', ');
      throw new LabError('notFound', `lesson "${id}" has no step "${stepId}": it has ${steps}`);
    }
    if (flags['dry-run']) {
      print(`Would be taken again: ${name === 'all' ? 'every lesson' : name}`);
      return 0;
    }
    if (lesson === undefined && !flags.yes) {
      throw new LabError('usage', 'this forgets the progress of every lesson', { hint: 'tlab reset all --yes' });
    }
    const learner = openLearner(course);
    if (stepId === undefined)
      for (const one of lesson === undefined ? course.lessons : [lesson]) await clearBegun(learner, one);
    learner.record([
      { kind: 'reset', ...(lesson && { lesson: lesson.id }), ...(stepId !== undefined && { step: stepId }) },
    ]);
    print(`${name === 'all' ? 'Every lesson' : name} begins anew. Go on: tlab learn`);
    return 0;
  },
});
