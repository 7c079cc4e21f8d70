// A request that is answered before its body was read: the answer reaches the client, however much of the body is still on its way.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { daemonClient } from '../../src/daemon/client.ts';

const folder = mkdtempSync(join(tmpdir(), 'refused-'));
const socket = join(folder, 'api.sock');
/** In a process of its own: only so do closing there and writing here meet at any moment. */
let server: ChildProcess;
before(async () => {
  server = spawn(process.execPath, [join(import.meta.dirname, 'refusing-server.ts'), socket], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (server.stdout !== null) await once(server.stdout, 'data');
});
after(() => {
  server.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

const times = 150;
const piece = Buffer.alloc(64 * 1024);
function* pieces(count: number): Generator<Buffer> {
  for (let at = 0; at < count; at++) yield piece;
}

async function upload(path: string): Promise<string> {
  const stream = Readable.from(pieces(64));
  const answer = await daemonClient(socket).stream({
    method: 'POST',
    path,
    upload: { stream, type: 'application/x-tar' },
  });
  return (await answer.setEncoding('utf8').toArray()).join('');
}

test('the refusal of a large upload is read by the client each time', async () => {
  for (let time = 0; time < times; time++) await assert.rejects(upload('/refused'), /not now/, `time ${time}`);
});

test('so is one in an answer that has begun', async () => {
  for (let time = 0; time < times; time++) assert.match(await upload('/begun'), /receiving.*not now/s, `time ${time}`);
});

test('an upload that never ends is given up by the server', async () => {
  for (const path of ['/refused', '/begun']) assert.match(await sendForEver(path), /^HTTP\/1\.1 .*not now/s);
});

/** All that comes until the server closes, from a client that goes on sending whatever it is told. */
async function sendForEver(path: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const connection = createConnection(socket);
  let text = '';
  connection.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  connection.on('error', () => undefined).on('close', () => resolve(text));
  connection.write(`POST ${path} HTTP/1.1\r\nHost: tlab\r\nTransfer-Encoding: chunked\r\n\r\n`);
  const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
  const sending = setInterval(() => connection.writable && connection.write(chunk), 10);
  return await promise.finally(() => clearInterval(sending));
}
