// A step of a lesson as the learner meets it, as data: what may follow what. Progress is its log played through this machine.
// Rule: `passed` is left by the learner's own reset only; help and failed checks change nothing but the record.
import { assign, setup } from 'xstate';

export type StepEvent =
  | { type: 'predict' }
  | { type: 'check' }
  | { type: 'hint'; rung: number }
  | { type: 'pass' }
  | { type: 'skip' }
  | { type: 'reset' };

interface StepContext {
  /** Predictions of the step that are still to be made. */
  open: number;
  predictions: number;
  tries: number;
  /** The highest rung of help that was shown; 4 is the solution. */
  rung: number;
}

const machine = setup({
  types: { context: {} as StepContext, input: {} as { predictions: number }, events: {} as StepEvent },
  guards: {
    isPredicted: ({ context }) => context.open === 0,
    isLastPrediction: ({ context }) => context.open === 1,
  },
  actions: {
    count: assign({ tries: ({ context }) => context.tries + 1 }),
    predicted: assign({ open: ({ context }) => context.open - 1 }),
    helped: assign({
      rung: ({ context, event }) => (event.type === 'hint' ? Math.max(context.rung, event.rung) : context.rung),
    }),
    forget: assign(({ context }) => ({ open: context.predictions, tries: 0, rung: 0 })),
  },
});

const reset = { target: 'predicting', actions: 'forget' } as const;

export const stepMachine = machine.createMachine({
  id: 'step',
  context: ({ input }) => ({ open: input.predictions, predictions: input.predictions, tries: 0, rung: 0 }),
  initial: 'predicting',
  states: {
    predicting: {
      always: { guard: 'isPredicted', target: 'doing' },
      on: {
        predict: [{ guard: 'isLastPrediction', target: 'doing', actions: 'predicted' }, { actions: 'predicted' }],
        // A prediction that the lesson did not have then takes no pass back.
        pass: 'passed',
        skip: 'skipped',
        reset,
      },
    },
    doing: { on: { check: { actions: 'count' }, hint: { actions: 'helped' }, pass: 'passed', skip: 'skipped', reset } },
    passed: { on: { reset } },
    skipped: { on: { pass: 'passed', check: { actions: 'count' }, reset } },
  },
});
