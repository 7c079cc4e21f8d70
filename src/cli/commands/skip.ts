// tlab skip: leaves a step for later.
import { defineCommand } from '../command.ts';
import { openCurrent } from '../lesson/learner.ts';
import { clearWhenDone } from '../lesson/prepare.ts';
import { learnerStatus } from '../prompt/prompter.ts';
import { print } from '../terminal.ts';

export default defineCommand({
  operands: '[LESSON]',
  count: { min: 0, max: 1 },
  says: 'The step stays open in the list; tlab reset LESSON/STEP brings it back.',
  flags: {},
  exitStatus: learnerStatus,
  async run({ operands: [id] }) {
    const { learner, attempt } = await openCurrent(id);
    const { lesson, step } = attempt;
    learner.record([{ kind: 'skipped', lesson: lesson.id, step: step.id }]);
    await clearWhenDone(learner, lesson);
    print(`Skipped ${lesson.id}/${step.id}. Go on: tlab learn`);
    return 0;
  },
});
