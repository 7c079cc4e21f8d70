// A row of questions asked and graded, each answer kept at once: quiz, review and placement speak through it. It walks the quiz machine.
import { createActor } from 'xstate';
import { LabError } from '../../base/errors.ts';
import { grade } from '../../lesson/predict/grade.ts';
import type { Question } from '../../lesson/predict/question.ts';
import type { Card } from '../../lesson/quiz/cards.ts';
import { quizMachine } from '../../lesson/quiz/quiz.machine.ts';
import { type Evidence, ratingOf } from '../../lesson/quiz/schedule.ts';
import { type Ask, Interrupted, type Prompter } from '../prompt/prompter.ts';

export interface Asked {
  card: Card;
  question: Question;
}

export interface Answered extends Evidence {
  card: string;
  entry: string | undefined;
  form: Question['form'];
  rating: number;
}

export interface Session {
  answered: Answered[];
  isStopped: boolean;
}

interface Options {
  /** Called before a question is told. */
  keep(answered: Answered): void;
  /** A wrong answer may be tried once more, where it is no mere toss. */
  triesAllowed?: number;
  /** Of one in a longer row. */
  title?: string;
}

/** So many cards as questions, those left out that have no evidence here. */
export async function questionsOf(cards: readonly Card[], seed: string, count: number): Promise<Asked[]> {
  const asked: Asked[] = [];
  for (const card of cards) {
    if (asked.length === count) break;
    const question = await card.ask(seed);
    if (question !== undefined) asked.push({ card, question });
  }
  return asked;
}

/** Ctrl-C and the end of the input stop it: what was answered is kept. */
export async function askAll(prompter: Prompter, asked: readonly Asked[], options: Options): Promise<Session> {
  const session: Session = { answered: [], isStopped: false };
  if (asked.length === 0) return session;
  const quiz = createActor(quizMachine, { input: { questions: asked.length } }).start();
  for (const [at, one] of asked.entries()) {
    prompter.tell('title', options.title ?? `Question ${at + 1} of ${asked.length}`);
    const answered = await told(prompter, one, quiz, options).catch((error) => {
      if (!(error instanceof Interrupted)) throw error;
      return undefined;
    });
    if (answered === undefined) {
      quiz.send({ type: 'stop' });
      session.isStopped = true;
      break;
    }
    session.answered.push(answered);
    quiz.send({ type: 'next' });
  }
  quiz.stop();
  return session;
}

type Quiz = ReturnType<typeof createActor<typeof quizMachine>>;

/** What is said about an answer. */
interface Said {
  tone: 'good' | 'bad' | 'note';
  text: string;
  word?: string;
}

/** One question until it is told; undefined when the person stops. It is kept before it is told: what somebody has seen is in the record. */
async function told(
  prompter: Prompter,
  { card, question }: Asked,
  quiz: Quiz,
  { triesAllowed = 2, keep }: Options,
): Promise<Answered | undefined> {
  const began = performance.now();
  const ask = askOf(question, card.id);
  const most = question.choices.length === 2 ? 1 : triesAllowed;
  for (;;) {
    const reply = await prompter.ask(ask);
    if (reply.kind === 'key' && reply.key === 'q') return undefined;
    const { tone, text, word } =
      reply.kind === 'key' ? keyed(reply.key, question, card, quiz) : take(question, reply.text, quiz, most);
    const isTold = !quiz.getSnapshot().matches('asking');
    const answered = isTold ? answeredOf({ card, question }, quiz, performance.now() - began) : undefined;
    if (answered !== undefined) keep(answered);
    prompter.tell(tone, text, word);
    if (answered === undefined) continue;
    for (const line of question.tells) prompter.tell('evidence', line);
    prompter.tell('note', '');
    return answered;
  }
}

function answeredOf({ card, question }: Asked, quiz: Quiz, tookMs: number): Answered {
  const { tries, hints } = quiz.getSnapshot().context;
  const isRight = quiz.getSnapshot().matches('right');
  const evidence = { isRight, tries, hints, seconds: Math.round(tookMs / 100) / 10 };
  return { card: card.id, entry: card.entry, form: question.form, ...evidence, rating: ratingOf(evidence) };
}

/** A hint, or the answer. */
function keyed(key: string, question: Question, card: Card, quiz: Quiz): Said {
  if (key === 'h') {
    quiz.send({ type: 'hint' });
    return { tone: 'note', text: hintOf(question, card) };
  }
  quiz.send({ type: 'giveUp' });
  return { tone: 'bad', text: wordsOfAnswer(question), word: 'ANSWER' };
}

/** An answer that cannot be read is asked again, and counts as nothing. */
function take(question: Question, text: string, quiz: Quiz, most: number): Said {
  try {
    const { isRight, reply, right } = grade(question, text);
    const canTryAgain = quiz.getSnapshot().context.tries + 1 < most;
    quiz.send({ type: 'answer', isRight, canTryAgain });
    if (isRight) return { tone: 'good', text: reply, word: 'RIGHT' };
    if (canTryAgain) return { tone: 'bad', text: 'Once more.', word: 'NOT SO' };
    return { tone: 'bad', text: `${reply}${reply.includes(right) ? '' : ` The answer: ${right}.`}`, word: 'NOT SO' };
  } catch (error) {
    if (!(error instanceof LabError) || error.kind !== 'usage') throw error;
    return { tone: 'note', text: error.message };
  }
}

const keys = [
  { key: 'h', says: 'hint' },
  { key: 's', says: 'show the answer' },
  { key: 'q', says: 'stop' },
] as const;

export function askOf({ asks, choices, form }: Question, id: string): Ask {
  const isOrder = form === 'order';
  const how = isOrder ? 'the numbers in their order, as 2 1 3' : choices.length > 0 ? 'a number' : 'a value';
  return {
    id,
    asks: asks.split('\n'),
    choices,
    form: isOrder ? 'order' : choices.length > 0 ? 'one' : 'text',
    how,
    keys,
  };
}

/** Never the answer: where to look, and for a choice one that it is not. */
function hintOf({ choices, answer, form }: Question, { lesson, step }: Card): string {
  const where = `It is taught in lesson ${lesson}, step ${step}.`;
  if (form === 'order') return `${where} The first one: ${choices[Number(answer.split(' ')[0]) - 1] ?? ''}.`;
  const wrong = choices.find((_, i) => String(i + 1) !== answer);
  return form === 'claim' || wrong === undefined || choices.length < 3 ? where : `${where} It is not: ${wrong}.`;
}

function wordsOfAnswer({ choices, answer, form, reason }: Question): string {
  const words =
    choices.length === 0
      ? answer
      : answer
          .split(' ')
          .map((number) => choices[Number(number) - 1] ?? '')
          .join(form === 'order' ? ' → ' : ', ');
  return reason === undefined ? words : `${words}. ${reason}`;
}
