// Protobuf without its description: a message as a tree of its field numbers, for comparing what two programs send.
// A field of bytes is shown as a message if it can be one, otherwise as text: both sides are guessed alike.
export type WireValue = number | bigint | string | WireTree | (number | bigint | string | WireTree)[];
export interface WireTree {
  [field: number]: WireValue;
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined || shift > 63n) throw new Error('not a varint');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw new Error('beyond the end');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

export function decodeWire(bytes: Uint8Array): WireTree {
  const reader = new Reader(bytes);
  const tree: WireTree = {};
  while (!reader.isAtEnd) {
    const key = Number(reader.varint());
    add(tree, key >> 3, take(reader, key));
  }
  return tree;
}

function take(reader: Reader, key: number): number | bigint | string | WireTree {
  const type = key & 7;
  if (key >> 3 === 0) throw new Error('no field');
  if (type === 0) {
    const value = reader.varint();
    return value > BigInt(Number.MAX_SAFE_INTEGER) ? value : Number(value);
  }
  if (type === 1) return new DataView(Uint8Array.from(reader.take(8)).buffer).getFloat64(0, true);
  if (type !== 2) throw new Error(`wire type ${type}`);
  const value = reader.take(Number(reader.varint()));
  const text = Buffer.from(value).toString('utf8');
  if (value.length > 0 && /^[\x20-\x7e]+$/.test(text)) return text;
  try {
    return decodeWire(value);
  } catch {
    return text;
  }
}

function add(tree: WireTree, field: number, value: number | bigint | string | WireTree): void {
  const before = tree[field];
  tree[field] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value];
}
