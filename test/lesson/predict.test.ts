// Questions from the recorded run of nginx: four forms, the same for the same seed, graded by the trace, never giving themselves away.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { LabError } from '../../src/base/errors.ts';
import { find } from '../../src/lesson/check/trace.ts';
import type { Prediction } from '../../src/lesson/format/schema.ts';
import { grade, isSame } from '../../src/lesson/predict/grade.ts';
import { type Question, questionOf } from '../../src/lesson/predict/question.ts';
import type { Trace } from '../../src/trace/file.ts';
import { readTraceFile } from '../../src/trace/read.ts';

let trace: Trace;
before(async () => {
  trace = await readTraceFile(new URL('../../traces/run-nginx.jsonl', import.meta.url).pathname);
});

const forms: Record<string, Prediction> = {
  order: { id: 'order', form: 'order', of: 'type=daemon.request-sent', traps: [] },
  value: {
    id: 'value',
    form: 'value',
    of: 'type=kernel.syscall-made and process=runc and name=sethostname',
    field: 'result',
    traps: [{ answer: 12, reply: 'That is the length of the name, the second argument.' }],
  },
  who: { id: 'who', form: 'who', of: 'name=pivot_root or name=umount2 or name=sethostname', traps: [] },
  missing: { id: 'missing', form: 'missing', of: 'type=daemon.request-sent', traps: [] },
};

const ask = (prediction: Prediction, seed: string): Question => {
  const question = questionOf(trace, prediction, find(trace, prediction.of), seed);
  assert.ok(question !== undefined, `${prediction.form} ${seed}`);
  return question;
};

for (const [form, prediction] of Object.entries(forms)) {
  test(`${form}: the right answer of every seed is graded right, every other choice wrong`, () => {
    for (let seed = 0; seed < 20; seed++) {
      const question = ask(prediction, String(seed));
      assert.deepEqual(question, ask(prediction, String(seed)), 'the same seed asks the same');
      assert.equal(grade(question, question.answer).isRight, true);
      assert.ok(question.proof.length > 0 && question.tells.length === question.proof.length);
      if (form === 'order') {
        const turned = question.answer.split(' ').toReversed().join(' ');
        assert.match(grade(question, turned).reply, /^At place 1 the trace has /);
        continue;
      }
      assert.ok(question.choices.length >= 2);
      for (let choice = 1; choice <= question.choices.length; choice++) {
        assert.equal(grade(question, String(choice)).isRight, String(choice) === question.answer);
      }
    }
  });
}

test('a choice that reads as a number in the list stands at that number, so that its number and its text are one answer', () => {
  const prediction: Prediction = {
    ...(forms.value as Prediction),
    traps: [1, 2, 137].map((answer) => ({ answer, reply: 'no' })),
  };
  for (let seed = 0; seed < 20; seed++) {
    const question = ask(prediction, String(seed));
    assert.deepEqual([...question.choices].sort(), ['0', '1', '137', '2']);
    assert.deepEqual(question.choices.slice(0, 2), ['1', '2']);
    for (let choice = 1; choice <= 4; choice++)
      assert.equal(grade(question, String(choice)).isRight, String(choice) === question.answer, `${seed}: ${choice}`);
  }
});

test('another seed asks something else', () => {
  const orders = new Set(
    Array.from({ length: 10 }, (_, seed) => ask(forms.order as Prediction, `${seed}`).choices.join()),
  );
  assert.ok(orders.size > 5);
});

test('a question about who does not name him', () => {
  for (let seed = 0; seed < 20; seed++) {
    const question = ask(forms.who as Prediction, `${seed}`);
    const doer = question.choices[Number(question.answer) - 1] ?? '';
    assert.ok(!question.asks.includes(doer), question.asks);
  }
});

test('a trap has its own reply', () => {
  const question = ask(forms.value as Prediction, '1');
  assert.equal(grade(question, '12').reply, 'That is the length of the name, the second argument.');
});

test('a trace that holds too little has no question', () => {
  for (const prediction of Object.values(forms)) assert.equal(questionOf(trace, prediction, [], 's'), undefined);
});

test('orders may be written in several ways; what is none is asked again', () => {
  const question = ask(forms.order as Prediction, '3');
  for (const spelling of [
    question.answer.replaceAll(' ', ''),
    question.answer.replaceAll(' ', ', '),
    question.answer.replaceAll(' ', ' > '),
  ]) {
    assert.equal(grade(question, spelling).isRight, true, spelling);
  }
  for (const none of ['', '1 2', '1 1 2 3', '1 2 3 9', 'first the second']) {
    assert.throws(
      () => grade(question, none),
      (error: LabError) => error instanceof LabError && error.kind === 'usage',
    );
  }
});

test('a text that is none of the choices, or the beginning of several, is asked again', () => {
  const question: Question = { ...ask(forms.who as Prediction, '1'), choices: ['runc', 'run', 'shim'], answer: '3' };
  assert.equal(grade(question, 'SH').isRight, true);
  assert.equal(grade(question, 'run').isRight, false);
  for (const text of ['ru', 'nobody', '0', '4', '1.5', '  '])
    assert.throws(() => grade(question, text), { kind: 'usage' }, text);
});

test('one value in several spellings is one value', () => {
  for (const [one, other] of [
    ['64m', '67108864'],
    ['64 MiB', '64M'],
    ['0755', '493'],
    ['0x10', '16'],
    ['"SIGKILL"', 'sigkill'],
    ['1_000', '1000'],
    ['a  b.', 'A b'],
    ['0', '0.0'],
  ]) {
    assert.ok(isSame(one ?? '', other ?? ''), `${one} ${other}`);
  }
  for (const [one, other] of [
    ['64m', '64'],
    ['', '0'],
    ['1', 'one'],
    ['08', '8x'],
  ])
    assert.ok(!isSame(one ?? '', other ?? ''));
});
