// Secrets of a build that is about to come: in memory only, under a name that nobody can guess, used once and forgotten after a while.
import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import { LabError } from '../../base/errors.ts';

/** @source buildkit: a secret is at most 500 KiB */
const mostSecretBytes = 500 * 1024;
const mostSecrets = 64;
const keptMs = 10 * 60_000;
/** Builds whose secrets are here and that have not come yet. */
const mostKept = 256;

/** The value's field is named so that no trace holds it (trace/redact.ts). */
export const secretsSchema = v.object({
  secrets: v.pipe(
    v.array(
      v.object({
        id: v.pipe(v.string(), v.regex(/^[\w.-]{1,128}$/, 'expected letters, digits and _.-')),
        secret: v.string(),
      }),
    ),
    v.maxLength(mostSecrets, `expected at most ${mostSecrets}`),
  ),
});

export class BuildSecrets {
  readonly #kept = new Map<string, { values: Map<string, Buffer>; timer: NodeJS.Timeout }>();

  /** Values are base64. The name to build with. Errors: invalidArgument, resourceExhausted. */
  keep({ secrets }: v.InferOutput<typeof secretsSchema>): string {
    if (this.#kept.size >= mostKept) throw new LabError('resourceExhausted', 'secrets of builds: too many are waiting');
    const values = new Map(secrets.map(({ id, secret }) => [id, decoded(id, secret)]));
    const name = randomBytes(24).toString('hex');
    const timer = setTimeout(() => this.#kept.delete(name), keptMs);
    timer.unref();
    this.#kept.set(name, { values, timer });
    return name;
  }

  /** Errors: notFound. */
  take(name: string | undefined): ReadonlyMap<string, Buffer> {
    if (name === undefined) return new Map();
    const kept = this.#kept.get(name);
    if (kept === undefined)
      throw new LabError('notFound', 'the secrets of this build are not here any more: send them again');
    clearTimeout(kept.timer);
    this.#kept.delete(name);
    return kept.values;
  }
}

function decoded(id: string, text: string): Buffer {
  const value = Buffer.from(text, 'base64');
  if (value.length <= mostSecretBytes) return value;
  throw new LabError('invalidArgument', `secret ${id}: ${value.length} bytes, at most ${mostSecretBytes} are taken`);
}
