// One call of systemd's manager from a slow verb, over its private socket, which needs no message bus. native/runc/systemd.c does the
// same for a plan. Signals come unasked on this socket and are skipped; the one answer is the first method return or error.
// @source dbus-specification, Authentication Protocol, Message Protocol
import { connect, type Socket } from 'node:net';
import { LabError } from '../../base/errors.ts';
import { type MethodCall, managerCall } from './message.ts';

const socketPath = '/run/systemd/private';
const answerMs = 30_000;
const kinds = { methodReturn: 2, error: 3 } as const;

/** Throws LabError `invalidArgument` with systemd's own words for a call that it refuses. */
export async function callManager(call: MethodCall): Promise<void> {
  const socket = connect(socketPath);
  socket.setTimeout(answerMs, () => socket.destroy(new Error(`no answer in ${answerMs / 1000} s`)));
  try {
    const input = new Input(socket);
    const uid = Buffer.from(String(process.geteuid?.() ?? 0)).toString('hex');
    // BEGIN not with the message: systemd then reads both at once, and waits for more before it looks at what it has.
    socket.write(`\0AUTH EXTERNAL ${uid}\r\nBEGIN\r\n`);
    const line = await input.line();
    if (!line.startsWith('OK ')) throw new Error(line.trim());
    socket.write(managerCall(call).bytes);
    await answer(input);
  } catch (error) {
    throw new LabError('invalidArgument', `systemd ${call.member}: ${(error as Error).message}`, { cause: error });
  } finally {
    socket.destroy();
  }
}

async function answer(input: Input): Promise<void> {
  for (;;) {
    const head = await input.take(16);
    const fields = head.readUInt32LE(12);
    await input.take(Math.ceil(fields / 8) * 8);
    const body = await input.take(head.readUInt32LE(4));
    const kind = head.readUInt8(1);
    if (kind === kinds.methodReturn) return;
    if (kind === kinds.error) throw new Error(body.toString('utf8', 4, 4 + body.readUInt32LE(0)));
  }
}

/** What a socket has sent, in the pieces that are asked for. */
class Input {
  readonly #chunks: AsyncIterator<Buffer>;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#chunks = socket[Symbol.asyncIterator]();
  }

  async take(size: number): Promise<Buffer> {
    while (this.#buffer.length < size) await this.#more();
    const taken = this.#buffer.subarray(0, size);
    this.#buffer = this.#buffer.subarray(size);
    return taken;
  }

  async line(): Promise<string> {
    while (!this.#buffer.includes('\n')) await this.#more();
    return (await this.take(this.#buffer.indexOf('\n') + 1)).toString('utf8');
  }

  async #more(): Promise<void> {
    const { value, done } = await this.#chunks.next();
    if (done === true) throw new Error('it ended the connection');
    this.#buffer = Buffer.concat([this.#buffer, value]);
  }
}
