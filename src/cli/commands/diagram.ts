// `tlab diagram`: a machine of the engine, or what a trace tells, as a picture or as words.
import { writeFileSync } from 'node:fs';
import { LabError } from '../../base/errors.ts';
import { printable } from '../../base/text.ts';
import { type Drawing, mermaidOf, textOfDrawing } from '../../diagram/drawing.ts';
import { machines } from '../../diagram/machines.ts';
import { drawingOf, fullestOf, type TraceDrawing, traceDrawings } from '../../diagram/of-trace.ts';
import { defineCommand } from '../command.ts';
import { boolean, one, oneOf, text, usageError } from '../flags/spec.ts';
import { printLines } from '../output.ts';
import { print, say } from '../terminal.ts';
import { eventNumber } from '../trace/view-flags.ts';

export default defineCommand({
  operands: '[MACHINE|TRACE|FILE]',
  count: { min: 0, max: 1 },
  flags: {
    of: one('Of a trace: sequence (its story), network, mounts or layers', oneOf(...traceDrawings), { value: 'what' }),
    at: one('Of a trace: as it is after this event; when there is most of it without', eventNumber, { value: 'event' }),
    svg: boolean('A picture, as SVG'),
    text: boolean('An ordered list: who → whom: what. ACCESSIBLE=1 does the same'),
    output: text('The file to write; standard output without it', { short: 'o', value: 'file' }),
  },
  says: 'Draws a state machine of the engine, the very one that runs, or what a trace tells: its story as a sequence, its network, mounts or layers. As mermaid, with --svg as a picture, with --text as words. Without a name: what machines there are.',
  examples: [
    { says: 'the states of a container', line: 'tlab diagram container' },
    { says: 'the main job as a picture', line: 'tlab diagram traces/run-nginx.jsonl --svg -o nginx.svg' },
    { says: 'what leads from a port to a container, in words', line: 'tlab diagram last --of network --text' },
  ],
  run: async ({ flags, operands: [name] }) => {
    if (name === undefined) return listMachines();
    const isText = flags.text || (process.env.ACCESSIBLE ?? '') !== '';
    const form = flags.svg ? 'svg' : isText ? 'text' : 'mermaid';
    const isMachine = Object.hasOwn(machines, name);
    if (isMachine && (flags.of !== undefined || flags.at !== undefined)) {
      throw usageError(`tlab diagram ${name}: --of and --at are for traces; ${name} is a machine`);
    }
    const lines = isMachine
      ? await ofMachine(name, form)
      : await formed(await ofTrace(name, (flags.of ?? 'sequence') as TraceDrawing, flags.at), form);
    if (flags.output === undefined) return (await printLines(lines)) ? 0 : 1;
    write(flags.output, lines);
    say(`written to ${printable(flags.output)}`);
    return 0;
  },
});

type Form = 'svg' | 'text' | 'mermaid';

function listMachines(): number {
  const width = Math.max(...Object.keys(machines).map((name) => name.length));
  for (const [name, { says }] of Object.entries(machines)) print(`${name.padEnd(width)}  ${says}`);
  return 0;
}

async function ofMachine(name: string, form: Form): Promise<string[]> {
  const { machineDrawing, machineToMermaid } = await import('../../diagram/machine.ts');
  const machine = machines[name];
  if (machine === undefined) return [];
  const loaded = await machine.load();
  return form === 'mermaid'
    ? machineToMermaid(loaded).trimEnd().split('\n')
    : await formed(machineDrawing(loaded, `${name}: ${machine.says}`), form);
}

async function ofTrace(name: string, of: TraceDrawing, at: number | undefined): Promise<Drawing> {
  const { loadTrace } = await import('../../engine/first-look.ts');
  const trace = await loadTrace(name).catch((error: unknown) => {
    const isUnknown = error instanceof LabError && error.kind === 'notFound';
    throw isUnknown
      ? new LabError('notFound', `no machine and no trace "${printable(name)}"`, { hint: 'tlab diagram' })
      : error;
  });
  const last = Math.max(trace.header.seen, trace.events.at(-1)?.seq ?? 0);
  if (at !== undefined && at > last) throw usageError(`--at ${at}: this trace has events 1 to ${last}`);
  return drawingOf(trace, of, at ?? (of === 'sequence' ? last : fullestOf(trace, of)));
}

async function formed(drawing: Drawing, form: Form): Promise<string[]> {
  if (form === 'text') return textOfDrawing(drawing);
  if (form === 'mermaid' && drawing.kind !== 'states') return mermaidOf(drawing);
  const { svgOf } = await import('../../diagram/svg.ts');
  return svgOf(drawing).split('\n');
}

function write(path: string, lines: readonly string[]): void {
  try {
    writeFileSync(path, `${lines.join('\n')}\n`);
  } catch (cause) {
    const { code = 'EIO' } = cause as NodeJS.ErrnoException;
    throw new LabError('invalidArgument', `--output "${path}": ${code}, expected a file that can be written`, {
      cause,
    });
  }
}
