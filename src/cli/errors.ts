// Prints an error once: the chain in one line, then `why:` and `try:` where there is one; or its structure with --json.
import { paint } from '../base/colour.ts';
import { asLabError, type LabError } from '../base/errors.ts';
import { printable, printableJson } from '../base/text.ts';
import { say } from './terminal.ts';

/** Messages quote what was typed and what files hold; their own line breaks stay. */
const safe = (text: string): string => text.split('\n').map(printable).join('\n');

/** The lines that a person sees. */
export function errorLines(thrown: unknown): string[] {
  const error = asLabError(thrown);
  const lines = [`${paint.err('red', 'error:')} ${safe(error.message)}`];
  const why = reason(error);
  if (why !== undefined) lines.push(`${paint.err('dim', 'why:')} ${safe(why)}`);
  if (error.hint !== undefined) lines.push(`${paint.err('cyan', 'try:')} ${safe(error.hint)}`);
  return lines;
}

/** The innermost cause whose words are not yet in the message. */
function reason(error: LabError): string | undefined {
  let inner: unknown = error.cause;
  let found: string | undefined;
  while (inner instanceof Error) {
    if (!error.message.includes(inner.message) && inner.message !== '') found = inner.message;
    inner = inner.cause;
  }
  const said = error.data?.why;
  return typeof said === 'string' ? said : found;
}

function errorDocument(thrown: unknown): Record<string, unknown> {
  const error = asLabError(thrown);
  return {
    schema: 'tlab.error/1',
    kind: error.kind,
    message: error.message,
    ...(reason(error) === undefined ? {} : { why: reason(error) }),
    ...(error.hint === undefined ? {} : { try: error.hint }),
    ...(error.data === undefined ? {} : { data: error.data }),
  };
}

export function printError(thrown: unknown, asJson: boolean): void {
  if (asJson) say(printableJson({ error: errorDocument(thrown) }));
  else for (const line of errorLines(thrown)) say(line);
  if (process.env.TLAB_DEBUG !== undefined && thrown instanceof Error) say(String(thrown.stack));
}
