// /exec and /containers/{id}/exec.
import * as v from 'valibot';
import { execSchema, inspectExec } from '../exec/execs.ts';
import { createExec, startExec } from '../exec/start.ts';
import { type Call, json, type Route } from '../router.ts';
import { flag, integer, maybe } from '../schema/fields.ts';
import { containerOf, sizeOf } from './containers.ts';
import { streamType } from './streams.ts';

const startSchema = v.object({ Detach: maybe(flag), Tty: maybe(flag), ConsoleSize: maybe(v.array(integer)) });

async function start(call: Call) {
  const exec = call.engine.execs.find(call.parameters.id ?? '');
  const { Detach: isDetached, ConsoleSize: size } = await call.body(startSchema);
  if (size !== undefined) exec.config.ConsoleSize = size;
  const type = streamType(exec.config.Tty ?? false, call.version);
  await startExec(call.engine, exec, isDetached ? undefined : () => call.hijack(type));
  return isDetached ? { status: 200 } : undefined;
}

export const execRoutes: readonly Route[] = [
  {
    method: 'POST',
    pattern: '/containers/{id}/exec',
    handler: async (call) => {
      const container = containerOf(call);
      const { id } = createExec(call.engine, { container, config: await call.body(execSchema) });
      return json({ Id: id }, 201);
    },
  },
  { method: 'POST', pattern: '/exec/{id}/start', handler: start },
  {
    method: 'GET',
    pattern: '/exec/{id}/json',
    handler: ({ engine, parameters }) => json(inspectExec(engine.execs.find(parameters.id ?? ''))),
  },
  {
    method: 'POST',
    pattern: '/exec/{id}/resize',
    handler: async ({ engine, parameters, query }) => {
      const exec = engine.execs.find(parameters.id ?? '');
      await engine.containerd.tasks.resizePty({ containerId: exec.container.id, execId: exec.id, ...sizeOf(query) });
      return { status: 200 };
    },
  },
];
