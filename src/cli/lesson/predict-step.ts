// Predictions of a step, asked before the engine does it: questions made from the lesson's recorded trace. An answer counts once.
import { createInterface } from 'node:readline';
import { LabError } from '../../base/errors.ts';
import { printable, wrap } from '../../base/text.ts';
import { find } from '../../lesson/check/trace.ts';
import type { Attempt, Learner } from '../../lesson/course.ts';
import type { Step } from '../../lesson/format/load.ts';
import { type Grade, grade } from '../../lesson/predict/grade.ts';
import { type Question, questionOf } from '../../lesson/predict/question.ts';
import { readTraceFile } from '../../trace/read.ts';
import { paint, print } from '../terminal.ts';
import { lessonTrace } from './learner.ts';
import { lessonWidth } from './show-step.ts';

/** From a terminal, or line by line from a pipe. @throws LabError usage when the input ends before the last answer */
export async function predictStep(learner: Learner, attempt: Attempt & { step: Step }): Promise<void> {
  const { lesson, step, progress } = attempt;
  const trace = await readTraceFile(lessonTrace(lesson));
  const input = createInterface({ input: process.stdin });
  const lines = input[Symbol.asyncIterator]();
  const ask = async (): Promise<string> => {
    process.stdout.write('> ');
    const { value, done } = await lines.next();
    if (done !== true) return value;
    throw new LabError('usage', 'the input has ended: expected an answer', {
      hint: 'nothing is lost; go on: tlab learn',
    });
  };
  try {
    for (const prediction of step.predictions) {
      if (progress.predictions.has(prediction.id)) continue;
      const question = questionOf(trace, prediction, find(trace, prediction.of), learner.seedOf(lesson));
      if (question === undefined) {
        throw new LabError('internal', `prediction "${prediction.id}": the recorded trace holds too little for it`);
      }
      showQuestion(question);
      const { answer, result } = await untilReadable(question, ask);
      showGrade(question, result);
      learner.record([
        {
          kind: 'predicted',
          lesson: lesson.id,
          step: step.id,
          prediction: prediction.id,
          answer,
          isRight: result.isRight,
        },
      ]);
    }
  } finally {
    input.close();
  }
  attempt.progress = learner.attempt(lesson).progress;
}

function showQuestion({ asks, choices, form }: Question): void {
  print(paint.out('bold', 'Predict first'));
  for (const line of asks.split('\n').flatMap((one) => wrap(printable(one), lessonWidth()))) print(line);
  for (const [i, choice] of choices.entries()) {
    const lines = wrap(printable(choice), lessonWidth() - 5);
    for (const [at, line] of lines.entries()) print(at === 0 ? `  ${i + 1}  ${line}` : `     ${line}`);
  }
  const how = form === 'order' ? 'the numbers in their order, as 2 1 3' : choices.length > 0 ? 'a number' : 'a value';
  print(paint.out('dim', how));
}

async function untilReadable(
  question: Question,
  ask: () => Promise<string>,
): Promise<{ answer: string; result: Grade }> {
  for (;;) {
    const answer = await ask();
    try {
      return { answer, result: grade(question, answer) };
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      print(error.message);
    }
  }
}

function showGrade({ tells }: Question, { isRight, reply }: Grade): void {
  const word = isRight ? 'RIGHT' : 'NOT SO';
  const [first = '', ...rest] = wrap(printable(reply), lessonWidth() - word.length - 2);
  print(`${paint.out(isRight ? 'green' : 'red', word)}  ${first}`);
  for (const line of rest) print(`${' '.repeat(word.length + 2)}${line}`);
  for (const line of tells.flatMap((tell) => wrap(printable(tell), lessonWidth() - 2)))
    print(paint.out('dim', `  ${line}`));
  print('');
}
