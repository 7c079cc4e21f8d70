// What a trace must not hold: values of environment variables, tokens, passwords, auth headers; and text too long to be of use.
// Every body goes through here before it is emitted. Names stay, values go, so that causes can still point at them.

const secretKeys =
  /^(authorization|x-registry-auth|x-registry-config|proxy-authorization|cookie|password|passwd|secret|token|identitytoken|registrytoken|accesskey|apikey|auth)$/i;
const environmentKeys = /^(env|environment)$/i;
/** Environment variables whose values say nothing secret and explain much. */
const openVariables = new Set(['PATH', 'HOME', 'HOSTNAME', 'TERM', 'container']);

const longestString = 2_000;
const longestArray = 400;
const deepest = 24;

export const redactedMark = '[redacted]';

/** `NAME=value` with the value gone, unless the variable is one of those that everybody has. */
export function redactVariable(variable: string): string {
  const equals = variable.indexOf('=');
  if (equals < 0 || openVariables.has(variable.slice(0, equals))) return variable;
  return `${variable.slice(0, equals)}=${redactedMark}`;
}

function redactEnvironment(value: unknown): unknown {
  if (!Array.isArray(value)) return value === null || value === undefined ? value : redactedMark;
  return value.map((entry) => (typeof entry === 'string' ? redactVariable(entry) : redactedMark));
}

/**
 * A copy of a JSON-like value that may be written to a trace. Buffers become a note of their size, strings are cut at
 * 2,000 characters with a mark, bigints become decimal strings.
 */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') {
    return value.length <= longestString ? value : `${value.slice(0, longestString)}… (${value.length} characters)`;
  }
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth >= deepest) return '[deeper]';
  if (Array.isArray(value)) return value.slice(0, longestArray).map((entry) => redact(entry, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, redactEntry(key, entry, depth)]));
}

function redactEntry(key: string, entry: unknown, depth: number): unknown {
  if (key.startsWith('$')) return undefined; // protobuf-es type names
  if (environmentKeys.test(key)) return redactEnvironment(entry);
  if (secretKeys.test(key) && typeof entry !== 'object') return redactedMark;
  return redact(entry, depth + 1);
}

/** A command line with the values of `-e NAME=value`, `-ite NAME=value` and `--env=NAME=value` gone, and those of --build-arg. */
export function redactCommand(argv: readonly string[]): string[] {
  return argv.map((word, i) => {
    if (/^(-[ditqP]*e|--env|--build-arg)$/.test(argv[i - 1] ?? '')) return redactVariable(word);
    const joined = /^(--env=|--build-arg=|-[ditqP]*e=?)(.+=.*)$/s.exec(word);
    return joined?.[1] === undefined ? word : joined[1] + redactVariable(joined[2] ?? '');
  });
}

/** A request's path and query with the values of build arguments gone: they stand there as JSON. @source docker-api POST /build: buildargs */
export function redactTarget(target: string): string {
  const at = target.indexOf('?');
  const query = new URLSearchParams(at < 0 ? '' : target.slice(at));
  const text = query.get('buildargs');
  if (text === null) return target;
  const given: unknown = JSON.parse(text);
  const names = typeof given === 'object' && given !== null ? Object.keys(given) : [];
  query.set('buildargs', JSON.stringify(Object.fromEntries(names.map((name) => [name, redactedMark]))));
  return `${target.slice(0, at)}?${query}`;
}
