// The configuration of an image as the docker client tells it, asked after the trace has ended so that the question is not in it.
import { execFile } from 'node:child_process';
import * as v from 'valibot';
import { type RunConfig, runConfigSchema } from '../../oci/image.ts';
import type { InstalledDocker } from './find.ts';

/** @param argv the traced command: what stands before `run` leads the client to its daemon */
export async function imageOf(docker: InstalledDocker, argv: readonly string[], name: string): Promise<RunConfig> {
  const leading = argv.slice(0, argv.indexOf('run'));
  const answer = Promise.withResolvers<string>();
  const question = [...leading, 'image', 'inspect', '--format', '{{json .Config}}', '--', name];
  execFile(docker.client, question, { timeout: 10_000 }, (error, stdout) =>
    error === null ? answer.resolve(stdout) : answer.reject(error),
  );
  const told = JSON.parse(await answer.promise) as Record<string, unknown>;
  const given = Object.fromEntries(Object.entries(told).filter(([, value]) => value !== null && value !== ''));
  return v.parse(runConfigSchema, given);
}
