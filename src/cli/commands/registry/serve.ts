// tlab registry serve: a registry of one's own, a cache of another one, or one for a class; in the foreground until it is ended.
import { defineCommand } from '../../command.ts';
import { sizeBytes } from '../../flags/readers.ts';
import { boolean, Expected, list, one, oneOf, text } from '../../flags/spec.ts';
import { wordsOf } from '../../registry/class-words.ts';
import { print, say } from '../../terminal.ts';

export default defineCommand({
  says: 'Serves the OCI distribution API 1.1 to any client until ctrl-C. Without --users everybody who reaches it may pull and push.',
  flags: {
    listen: text('Address and port; this machine alone unless told (127.0.0.1:5000)', { value: 'addr:port' }),
    storage: text('Folder that it keeps everything in', { value: 'dir' }),
    proxy: text('Be a cache of this registry: docker.io, or an address', { value: 'url' }),
    'proxy-insecure': boolean("Do not check the other registry's certificate"),
    'proxy-believe': one('Seconds for which a tag is not asked about again (60)', seconds, { value: 'seconds' }),
    'proxy-keep': one('Keep so much of it; the least recently asked for goes', sizeBytes, { value: 'bytes' }),
    class: boolean('For a class: on every address, with instructions; students may pull only'),
    'read-only': boolean('Nobody may push or delete'),
    users: text('Who may log in: lines NAME:HASH as htpasswd -B writes them', { value: 'file' }),
    auth: one('How they log in: basic, or token as at Docker Hub (where everybody may pull)', oneOf('basic', 'token'), {
      value: 'kind',
    }),
    'anonymous-pull': boolean('With --users: everybody may pull'),
    fault: list('A fault for a lesson: 429=10, status=503, slow=64k, break=1m, corrupt, length=100; …@PATTERN', {
      value: 'fault',
    }),
    limit: list('requests=N at a time, blob=SIZE, manifest=SIZE', { value: 'limit' }),
    'tls-cert': text('Certificate for https, PEM', { value: 'file' }),
    'tls-key': text('Its key', { value: 'file' }),
    quiet: boolean('No line for each request', { short: 'q' }),
  },
  examples: [
    { says: 'a registry on this machine', line: 'tlab registry serve' },
    { says: 'fifty students, one pull from Docker Hub', line: 'tlab registry serve --class --proxy docker.io' },
    { says: 'a rate limit to run into', line: "tlab registry serve --fault '429=10,window=60@*/manifests/*'" },
  ],
  async run({ flags }) {
    const { serveOptions } = await import('../../registry/serve-options.ts');
    const { startRegistry } = await import('../../../registry/server/server.ts');
    const options = await serveOptions(flags);
    await using server = await startRegistry({
      ...options,
      ...(flags.quiet
        ? {}
        : {
            log: ({ address, method, path, status, durationMs }) =>
              print(`${address} ${method} ${path} ${status} ${durationMs.toFixed(1)} ms`),
          }),
    });
    const { address } = options;
    const proxy = options.proxy?.endpoint.credentialsOf;
    const served = { address, proxy, port: server.port, isTls: options.tls !== undefined };
    for (const line of wordsOf({ ...served, isClass: flags.class, hasUsers: flags.users !== undefined })) say(line);
    await new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    });
    return 0;
  },
});

function seconds(given: string): number {
  if (/^\d{1,7}$/.test(given)) return Number(given);
  throw new Expected('a number of seconds');
}
