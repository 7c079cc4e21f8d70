// GET /containers/{id}/top: the host's ps over the task's processes. @source docker-api GET /containers/{id}/top
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { LabError } from '../../base/errors.ts';
import type { Engine } from '../engine.ts';
import type { TopResponse } from '../protocol.ts';
import type { Container } from './container.ts';

const run = promisify(execFile);

/** Only ps's own words: no option that reads a file or runs a program exists, but nothing else passes. */
const safeArgument = /^[-a-zA-Z0-9_,=%:]*$/;

export async function topOf(engine: Engine, container: Container, psArguments: string): Promise<TopResponse> {
  container.require('TOP');
  const words = (psArguments || '-ef').split(/\s+/).filter(Boolean);
  const wrong = words.find((word) => !safeArgument.test(word));
  if (wrong !== undefined) throw new LabError('invalidArgument', `ps_args "${wrong}": expected options of ps`);
  const { processes } = await engine.containerd.tasks.listPids({ containerId: container.id });
  const wanted = new Set(processes.map(({ pid }) => `${pid}`));
  const { stdout } = await run('ps', words).catch((error) => {
    throw new LabError('invalidArgument', `error running ps: ${(error as Error).message}`, { cause: error });
  });
  return tableOf(stdout, wanted);
}

/** The last column may hold spaces. */
export function tableOf(output: string, wanted: ReadonlySet<string>): TopResponse {
  const [header = '', ...lines] = output.trimEnd().split('\n');
  const titles = header.trim().split(/\s+/);
  const pidColumn = titles.indexOf('PID');
  if (pidColumn < 0) throw new LabError('invalidArgument', "couldn't find PID field in ps output");
  const rows = lines.map((line) => {
    const fields = line.trim().split(/\s+/);
    return [...fields.slice(0, titles.length - 1), fields.slice(titles.length - 1).join(' ')];
  });
  return { Titles: titles, Processes: rows.filter((row) => wanted.has(row[pidColumn] ?? '')) };
}
