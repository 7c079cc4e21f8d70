// The host's own programs for work on whole trees. Their words are English ones.
import { spawn } from 'node:child_process';
import { LabError } from '../../base/errors.ts';

const longestComplaintBytes = 2048;

/** Resolves when the program has ended. Errors: internal when it cannot be executed. */
export async function runTool(
  program: string,
  args: readonly string[],
): Promise<{ status: number; complaint: string }> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, LC_ALL: 'C' } });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    if (complaint.length < longestComplaintBytes) complaint += chunk.toString();
  });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.once('error', (error) =>
    reject(new LabError('internal', `executing ${program}: ${error.message}`, { cause: error })),
  );
  child.once('close', (status) => resolve(status ?? 1));
  return { status: await promise, complaint: complaint.trim().split('\n')[0] ?? '' };
}
