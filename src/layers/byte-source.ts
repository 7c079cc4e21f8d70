// Bytes of a stream by count: some to look at, many to pass on. Holds no more than one chunk and what was asked for.
import { LabError } from '../base/errors.ts';

export class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** Exactly so many bytes; undefined when the stream is at its end. Errors: dataLoss when it ends among them. */
  async take(length: number, what: string): Promise<Buffer | undefined> {
    if (this.#rest.length >= length) return this.#cut(length);
    const parts: Buffer[] = [];
    let missing = length;
    while (missing > 0) {
      if (this.#rest.length === 0 && !(await this.#fill())) {
        if (missing === length) return undefined;
        throw new LabError('dataLoss', `tar archive: it ends in the middle of ${what}`);
      }
      const part = this.#cut(Math.min(missing, this.#rest.length));
      parts.push(part);
      missing -= part.length;
    }
    return Buffer.concat(parts);
  }

  /** Hands over so many bytes as they come. Errors: dataLoss when there are fewer. */
  async pass(length: number, each: (chunk: Buffer) => void): Promise<void> {
    for (let missing = length; missing > 0; ) {
      if (this.#rest.length === 0 && !(await this.#fill())) {
        throw new LabError('dataLoss', 'tar archive: it ends in the middle of an entry');
      }
      const part = this.#cut(Math.min(missing, this.#rest.length));
      each(part);
      missing -= part.length;
    }
  }

  /** To the end. */
  async drain(): Promise<void> {
    while (await this.#fill());
    this.#rest = Buffer.alloc(0);
  }

  #cut(length: number): Buffer {
    const part = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return part;
  }

  async #fill(): Promise<boolean> {
    const { done, value } = await this.#chunks.next();
    if (done) return false;
    this.#rest = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return true;
  }
}
