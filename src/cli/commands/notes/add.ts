// tlab notes add: a note of the learner's own, kept with the step that is open.
import { defineCommand } from '../../command.ts';
import { openLearner } from '../../lesson/learner.ts';
import { learnerStatus } from '../../prompt/prompter.ts';
import { print } from '../../terminal.ts';

export default defineCommand({
  operands: 'TEXT...',
  count: { min: 1 },
  says: 'It stands beside the lesson that you are in.',
  flags: {},
  exitStatus: learnerStatus,
  examples: [{ says: 'a note', line: 'tlab notes add "runc ends before the program does"' }],
  run({ operands }) {
    const learner = openLearner();
    const lesson = learner.current?.id;
    learner.record([{ kind: 'noted', text: operands.join(' '), ...(lesson !== undefined && { lesson }) }]);
    print(lesson === undefined ? 'Noted.' : `Noted, beside lesson ${lesson}. All notes: tlab notes`);
    return 0;
  },
});
