// A credential helper: the program docker-credential-NAME, one verb as its argument, the question on its standard input and the answer
// on its standard output. Rule: NAME is a name, never a path; a helper that hangs is ended; what it says is bounded and never shown
// when it may hold a secret.
// @source docker docs: Credential helpers; docker-credential-helpers README
import { spawn } from 'node:child_process';
import * as v from 'valibot';
import { LabError } from '../base/errors.ts';

/** In place of a user name: the secret is an identity token. */
export const tokenUser = '<token>';

const answerSchema = v.object({ Username: v.string(), Secret: v.string() });
export type HelperAnswer = v.InferOutput<typeof answerSchema>;

/** It may ask a person to unlock a key ring. */
const usualDeadlineMs = 60_000;
const largestAnswerBytes = 1024 * 1024;

/**
 * `get` answers with the credentials, or undefined when the helper has none for the server.
 * Errors: invalidArgument for a name that is none; notFound when the program is missing; unavailable when it fails.
 */
export async function callHelper(
  name: string,
  verb: 'get' | 'store' | 'erase',
  server: string,
  { given, deadlineMs = usualDeadlineMs }: { given?: HelperAnswer; deadlineMs?: number } = {},
): Promise<HelperAnswer | undefined> {
  if (!/^[A-Za-z0-9][\w.-]*$/.test(name)) {
    throw new LabError('invalidArgument', `credential helper "${name}": expected a name like secretservice or pass`);
  }
  const program = `docker-credential-${name}`;
  const question = verb === 'store' ? JSON.stringify({ ServerURL: server, ...given }) : server;
  const { status, output } = await run(program, { verb, question, deadlineMs });
  if (status !== 0 && verb !== 'store' && /not found|no credentials|NotFound/i.test(output)) return undefined;
  if (status !== 0) {
    const said =
      verb === 'get'
        ? ''
        : `: ${output
            .replace(/[^\x20-\x7e]/g, ' ')
            .trim()
            .slice(0, 200)}`;
    throw new LabError('unavailable', `${program} ${verb} ${server}: status ${status}${said}`);
  }
  if (verb !== 'get') return undefined;
  const parsed = v.safeParse(answerSchema, jsonOf(output));
  if (parsed.success) return parsed.output;
  throw new LabError('unavailable', `${program} get ${server}: its answer is not JSON with Username and Secret`);
}

interface Question {
  verb: string;
  question: string;
  deadlineMs: number;
}

function run(program: string, { verb, question, deadlineMs }: Question): Promise<{ status: number; output: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; output: string }>();
  const child = spawn(program, [verb], { stdio: ['pipe', 'pipe', 'ignore'] });
  const timer = setTimeout(() => {
    child.kill('SIGKILL');
    reject(new LabError('deadlineExceeded', `${program} ${verb}: no answer in ${deadlineMs / 1000} s`));
  }, deadlineMs);
  const chunks: Buffer[] = [];
  let length = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > largestAnswerBytes) child.kill('SIGKILL');
    else chunks.push(chunk);
  });
  child.once('error', (error: NodeJS.ErrnoException) => {
    clearTimeout(timer);
    const hint = 'install it, or take credsStore and credHelpers out of ~/.docker/config.json';
    reject(new LabError('notFound', `${program}: ${error.code ?? error.message}`, { cause: error, hint }));
  });
  child.once('close', (status) => {
    clearTimeout(timer);
    resolve({ status: status ?? 255, output: Buffer.concat(chunks).toString('utf8') });
  });
  // One that ends before it has read is not an error of ours.
  child.stdin.on('error', () => undefined);
  child.stdin.end(question);
  return promise;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
