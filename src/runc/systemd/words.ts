// The bytes of a call → the words that busctl(1) takes for the same call: how a plan is read by people, and a call made by hand.
// A variant is its signature and its value, an array the number of its items and these. @source man busctl(1), Parameter Formatting
import { splitSignature } from './message.ts';

/** `signature, value…`; `pid` stands where the message has a place for one. */
export function busctlWords(message: Uint8Array, { pidAt, pid }: { pidAt: number; pid: string }): string[] {
  const reader = new Reader(Buffer.from(message.buffer, message.byteOffset, message.length), { pidAt, pid });
  return reader.call();
}

const sizes: Readonly<Record<string, number>> = { y: 1, b: 4, i: 4, u: 4, x: 8, t: 8, d: 8 };
const alignmentOf = (type: string): number =>
  type[0] === '(' ? 8 : type[0] === 'v' || type[0] === 'g' ? 1 : (sizes[type[0] ?? ''] ?? 4);

class Reader {
  readonly #bytes: Buffer;
  readonly #place: { pidAt: number; pid: string };
  #at = 12;

  constructor(bytes: Buffer, place: { pidAt: number; pid: string }) {
    this.#bytes = bytes;
    this.#place = place;
  }

  call(): string[] {
    const fields = this.#words('a(yv)');
    const signature = fields.at(-1) ?? '';
    this.#align(8);
    return [signature, ...splitSignature(signature).flatMap((type) => this.#words(type))];
  }

  #words(type: string): string[] {
    const kind = type[0] ?? '';
    this.#align(alignmentOf(type));
    if (kind === 'a') return this.#array(type.slice(1));
    if (kind === '(') return splitSignature(type.slice(1, -1)).flatMap((inner) => this.#words(inner));
    if (kind === 's' || kind === 'o') return [this.#text(this.#number(4))];
    if (kind === 'g') return [this.#text(this.#number(1))];
    if (kind !== 'v') return [this.#scalar(kind)];
    const signature = this.#text(this.#number(1));
    return [signature, ...this.#words(signature)];
  }

  #array(itemType: string): string[] {
    const length = this.#number(4);
    this.#align(alignmentOf(itemType));
    const end = this.#at + length;
    const items: string[][] = [];
    while (this.#at < end) items.push(this.#words(itemType));
    return [String(items.length), ...items.flat()];
  }

  #scalar(kind: string): string {
    const start = this.#at;
    const size = sizes[kind] ?? 1;
    this.#at += size;
    if (kind === 'u' && this.#place.pidAt === start) return this.#place.pid;
    if (kind === 'd') return String(this.#bytes.readDoubleLE(start));
    if (kind === 'b') return this.#bytes.readUInt32LE(start) === 0 ? 'false' : 'true';
    if (size === 8)
      return String(kind === 'x' ? this.#bytes.readBigInt64LE(start) : this.#bytes.readBigUInt64LE(start));
    return String(kind === 'i' ? this.#bytes.readInt32LE(start) : this.#bytes.readUIntLE(start, size));
  }

  #number(size: number): number {
    this.#at += size;
    return this.#bytes.readUIntLE(this.#at - size, size);
  }

  /** And the NUL behind it. */
  #text(length: number): string {
    this.#at += length + 1;
    return this.#bytes.toString('utf8', this.#at - length - 1, this.#at - 1);
  }

  #align(to: number): void {
    this.#at = Math.ceil(this.#at / to) * to;
  }
}
