// Whether and when a container that exited is started again. The delay doubles from 100 ms to a minute and starts over
// when the container had run for ten seconds. @source docker restartmanager; docker-run --restart
import { assign, setup } from 'xstate';
import type { RestartPolicy } from '../protocol.ts';

export const firstDelayMs = 100;
export const longestDelayMs = 60_000;
const steadyAfterMs = 10_000;

export interface RestartContext {
  policy: RestartPolicy;
  delayMs: number;
  /** Restarts since the container last ran steadily or a person started it. */
  failures: number;
}

export type RestartEvent =
  | { type: 'EXITED'; exitCode: number; ranMs: number }
  | { type: 'START_FAILED' }
  /** A person's stop or kill: the policy has nothing more to say until they start it again. */
  | { type: 'STOPPED' }
  | { type: 'STARTED' }
  | { type: 'POLICY'; policy: RestartPolicy };

function isWanted({ policy, failures }: RestartContext, exitCode: number): boolean {
  if (policy.Name === 'always' || policy.Name === 'unless-stopped') return true;
  const most = policy.MaximumRetryCount ?? 0;
  return policy.Name === 'on-failure' && exitCode !== 0 && (most === 0 || failures < most);
}

/** `restart` is the effect that the engine gives. */
export const restartMachine = setup({
  types: {} as { context: RestartContext; events: RestartEvent; input: { policy: RestartPolicy } },
  actions: {
    restart: () => {},
    backOff: assign(({ context, event }) => {
      const isSteady = event.type === 'EXITED' && event.ranMs >= steadyAfterMs;
      const isFirst = context.delayMs === 0 || isSteady;
      return {
        delayMs: isFirst ? firstDelayMs : Math.min(context.delayMs * 2, longestDelayMs),
        failures: isSteady ? 1 : context.failures + 1,
      };
    }),
    forget: assign({ delayMs: 0, failures: 0 }),
  },
  guards: {
    isWanted: ({ context, event }) => event.type === 'EXITED' && isWanted(context, event.exitCode),
    isWantedAfterFailure: ({ context }) => isWanted(context, 127),
  },
  delays: { backOff: ({ context }) => context.delayMs },
}).createMachine({
  id: 'restart',
  initial: 'watching',
  context: ({ input }) => ({ policy: input.policy, delayMs: 0, failures: 0 }),
  on: {
    POLICY: { actions: assign({ policy: ({ event }) => event.policy }) },
    STOPPED: { target: '.givenUp', actions: 'forget' },
  },
  states: {
    watching: {
      on: { EXITED: [{ guard: 'isWanted', target: 'backingOff', actions: 'backOff' }, { target: 'givenUp' }] },
    },
    backingOff: { after: { backOff: { target: 'starting', actions: 'restart' } }, on: { STARTED: 'watching' } },
    starting: {
      on: {
        STARTED: 'watching',
        EXITED: [{ guard: 'isWanted', target: 'backingOff', actions: 'backOff' }, { target: 'givenUp' }],
        START_FAILED: [
          { guard: 'isWantedAfterFailure', target: 'backingOff', actions: 'backOff' },
          { target: 'givenUp' },
        ],
      },
    },
    givenUp: { on: { STARTED: { target: 'watching', actions: 'forget' } } },
  },
});
