// A row of questions as data: what may follow what. Who asks and how it is shown is another matter; the answers are graded elsewhere.
// Rule: a question is told before the next one comes, and every one that was told is in the record, so that a stop loses nothing.
import { assign, setup } from 'xstate';

export type QuizEvent =
  | { type: 'answer'; isRight: boolean; canTryAgain: boolean }
  | { type: 'hint' }
  | { type: 'giveUp' }
  | { type: 'next' }
  | { type: 'stop' };

interface QuizContext {
  /** Questions after this one. */
  left: number;
  right: number;
  wrong: number;
  /** Of this question. */
  tries: number;
  hints: number;
}

const machine = setup({
  types: { context: {} as QuizContext, input: {} as { questions: number }, events: {} as QuizEvent },
  guards: {
    isRight: ({ event }) => event.type === 'answer' && event.isRight,
    canTryAgain: ({ event }) => event.type === 'answer' && event.canTryAgain,
    isLast: ({ context }) => context.left === 0,
  },
  actions: {
    tried: assign({ tries: ({ context }) => context.tries + 1 }),
    helped: assign({ hints: ({ context }) => context.hints + 1 }),
    right: assign({ right: ({ context }) => context.right + 1 }),
    wrong: assign({ wrong: ({ context }) => context.wrong + 1 }),
    advance: assign({ left: ({ context }) => context.left - 1, tries: 0, hints: 0 }),
  },
});

const next = [{ guard: 'isLast', target: 'over' } as const, { target: 'asking', actions: 'advance' } as const];

export const quizMachine = machine.createMachine({
  id: 'quiz',
  context: ({ input }) => ({ left: input.questions - 1, right: 0, wrong: 0, tries: 0, hints: 0 }),
  initial: 'asking',
  states: {
    asking: {
      on: {
        answer: [
          { guard: 'isRight', target: 'right', actions: ['tried', 'right'] },
          { guard: 'canTryAgain', actions: 'tried' },
          { target: 'wrong', actions: ['tried', 'wrong'] },
        ],
        hint: { actions: 'helped' },
        giveUp: { target: 'wrong', actions: 'wrong' },
        stop: 'stopped',
      },
    },
    right: { on: { next, stop: 'stopped' } },
    wrong: { on: { next, stop: 'stopped' } },
    over: { type: 'final' },
    stopped: { type: 'final' },
  },
});
