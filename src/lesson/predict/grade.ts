// An answer against a question. Rule: the same answer in another spelling is the same answer; what is unreadable is asked again, not wrong.
import { LabError } from '../../base/errors.ts';
import { fit } from '../../base/text.ts';
import type { Question } from './question.ts';

export interface Grade {
  isRight: boolean;
  /** What is said about it. */
  reply: string;
  /** The right answer in words. */
  right: string;
}

/** @throws LabError usage for an answer that does not have the form of one */
export function grade(question: Question, answer: string): Grade {
  return question.form === 'order' ? gradeOrder(question, answer) : gradeOne(question, answer);
}

/** `2 1 3`, `2,1,3`, `2 > 1 > 3`, `213` when there are fewer than ten. */
function gradeOrder({ choices, answer: wanted }: Question, answer: string): Grade {
  const given =
    /^\d{2,9}$/.test(answer.trim()) && choices.length < 10 ? [...answer.trim()] : (answer.match(/\d+/g) ?? []);
  const numbers = given.map(Number);
  const isWhole = new Set(numbers).size === choices.length && numbers.length === choices.length;
  if (!isWhole || numbers.some((number) => number < 1 || number > choices.length)) {
    throw new LabError('usage', `${quoted(answer)}: expected the numbers 1 to ${choices.length}, each once, as 2 1 3`);
  }
  const right = wanted.split(' ').map(Number);
  const firstWrong = numbers.findIndex((number, index) => number !== right[index]);
  const words = (number: number | undefined): string => choices[(number ?? 0) - 1] ?? '';
  const inWords = right.map(words).join(' → ');
  if (firstWrong < 0) return { isRight: true, reply: 'The trace has them in this order.', right: inWords };
  const reply = `At place ${firstWrong + 1} the trace has "${words(right[firstWrong])}", not "${words(numbers[firstWrong])}".`;
  return { isRight: false, reply, right: inWords };
}

function gradeOne({ choices, answer: wanted, traps, form, reason }: Question, answer: string): Grade {
  const right = choices.length === 0 ? wanted : (choices[Number(wanted) - 1] ?? wanted);
  const given = chosenText(choices, form === 'claim' ? yesOrNo(answer) : answer);
  if (isSame(given, right)) return { isRight: true, reply: reason ?? 'The trace says so too.', right };
  const trap = traps.find((one) => isSame(one.answer, given));
  return { isRight: false, reply: trap?.reply ?? reason ?? `The trace has ${right}.`, right };
}

/** Somebody may have pasted a whole file. */
const quoted = (text: string): string => `"${fit(text, 60)}"`;

/** `yes` and `no` are claims' answers too. */
const yesOrNo = (answer: string): string =>
  /^y(es)?$/i.test(answer.trim()) ? 'true' : /^no?$/i.test(answer.trim()) ? 'false' : answer;

/** A number is that choice, unless a choice reads so itself; a text may be the beginning of one choice alone. */
function chosenText(choices: readonly string[], answer: string): string {
  const text = answer.trim();
  if (text === '') throw new LabError('usage', 'an empty answer: expected a choice or a text');
  if (choices.length === 0) return text;
  const same = choices.find((choice) => isSame(choice, text));
  if (same !== undefined) return same;
  if (/^\d+$/.test(text)) {
    const choice = choices[Number(text) - 1];
    if (choice !== undefined) return choice;
    throw new LabError('usage', `${quoted(text)}: expected a number from 1 to ${choices.length}`);
  }
  const begun = choices.filter((choice) => plain(choice).startsWith(plain(text)));
  const [only, another] = begun;
  if (only !== undefined && another === undefined) return only;
  throw new LabError(
    'usage',
    `${quoted(text)}: expected a number from 1 to ${choices.length}, or the beginning of one choice`,
  );
}

const plain = (text: string): string =>
  text
    .trim()
    .toLowerCase()
    .replace(/^["'`]+|["'`.]+$/g, '')
    .replace(/\s+/g, ' ');

/** Sizes as Docker reads them: binary multiples. @source docker go-units RAMInBytes */
const sizeForm = /^(\d+(?:\.\d+)?)\s*([kmgt])(?:i?b)?$/;
const powers: Readonly<Record<string, number>> = { k: 10, m: 20, g: 30, t: 40 };

function numberOf(text: string): number | undefined {
  const [, digits = '', unit = ''] = sizeForm.exec(text) ?? [];
  if (digits !== '') return Number(digits) * 2 ** (powers[unit] ?? 0);
  return /^-?(0x[\da-f]+|0o?[0-7]+|\d[\d_]*(\.\d+)?)$/.test(text)
    ? Number(text.replaceAll('_', '').replace(/^0o?(?=[0-7])/, '0o'))
    : undefined;
}

export function isSame(one: string, other: string): boolean {
  const [a, b] = [plain(one), plain(other)];
  if (a === b) return true;
  const [x, y] = [numberOf(a), numberOf(b)];
  return x !== undefined && x === y;
}
