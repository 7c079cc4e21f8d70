// Predictions of a step, asked before the engine does it: questions made from the lesson's recorded trace. An answer counts once.
import { LabError } from '../../base/errors.ts';
import { find } from '../../lesson/check/trace.ts';
import type { Attempt, Learner } from '../../lesson/course.ts';
import type { Step } from '../../lesson/format/load.ts';
import { type Grade, grade } from '../../lesson/predict/grade.ts';
import { type Question, questionOf } from '../../lesson/predict/question.ts';
import { readTraceFile } from '../../trace/read.ts';
import { openPrompter } from '../prompt/open.ts';
import type { Prompter } from '../prompt/prompter.ts';
import { lessonTrace } from './learner.ts';
import { askOf } from './quiz-session.ts';

/** From a terminal, or line by line from a pipe. @throws Interrupted when the input ends before the last answer, and by Ctrl-C */
export async function predictStep<Open extends Attempt & { step: Step }>(
  learner: Learner,
  attempt: Open,
): Promise<void> {
  const { lesson, step, progress } = attempt;
  const trace = await readTraceFile(lessonTrace(lesson));
  const prompter = openPrompter();
  try {
    for (const prediction of step.predictions) {
      if (progress.predictions.has(prediction.id)) continue;
      const question = questionOf(trace, prediction, find(trace, prediction.of), learner.seedOf(lesson));
      if (question === undefined) {
        throw new LabError('internal', `prediction "${prediction.id}": the recorded trace holds too little for it`);
      }
      prompter.tell('title', 'Predict first');
      const { answer, result } = await untilReadable(prompter, question);
      // Kept before it is told: what somebody has seen is in the record.
      const place = { lesson: lesson.id, step: step.id, prediction: prediction.id };
      learner.record([{ kind: 'predicted', ...place, answer, isRight: result.isRight }]);
      prompter.tell(result.isRight ? 'good' : 'bad', result.reply, result.isRight ? 'RIGHT' : 'NOT SO');
      for (const line of question.tells) prompter.tell('evidence', line);
      prompter.tell('note', '');
    }
  } finally {
    prompter.close();
  }
  attempt.progress = learner.progressOf(lesson, step);
}

async function untilReadable(prompter: Prompter, question: Question): Promise<{ answer: string; result: Grade }> {
  const ask = { ...askOf(question, question.id), keys: [] };
  for (;;) {
    const { text } = (await prompter.ask(ask)) as { text: string };
    try {
      return { answer: text, result: grade(question, text) };
    } catch (error) {
      if (!(error instanceof LabError) || error.kind !== 'usage') throw error;
      prompter.tell('note', error.message);
    }
  }
}
