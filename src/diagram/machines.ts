// Every state machine of the engine by its name, for who wants to see it: loaded when it is asked for.
import type { AnyStateMachine } from 'xstate';

export const machines: Readonly<Record<string, { says: string; load: () => Promise<AnyStateMachine> }>> = {
  container: {
    says: 'a container, as docker ps shows it',
    load: async () => (await import('../daemon/container/container.machine.ts')).containerMachine,
  },
  pipeline: {
    says: 'the start of a container, and the way back when a step fails',
    load: async () => (await import('../daemon/container/pipeline.machine.ts')).pipelineMachine,
  },
  restart: {
    says: 'restart policies: when a container is started again, and how soon',
    load: async () => (await import('../daemon/container/restart.machine.ts')).restartMachine,
  },
  task: {
    says: "a task: containerd's view of a running container",
    load: async () => (await import('../containerd/task/task.machine.ts')).taskMachine,
  },
  exec: {
    says: 'one more process in a task',
    load: async () => (await import('../containerd/task/task.machine.ts')).execMachine,
  },
  oci: {
    says: 'the states of a container by the runtime specification',
    load: async () => (await import('../runc/state.machine.ts')).ociMachine,
  },
  step: {
    says: 'a step of a lesson',
    load: async () => (await import('../lesson/lesson.machine.ts')).stepMachine,
  },
  quiz: {
    says: 'a row of questions',
    load: async () => (await import('../lesson/quiz/quiz.machine.ts')).quizMachine,
  },
};
