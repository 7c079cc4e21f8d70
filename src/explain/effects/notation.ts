// Reads strace's notation of structs and lists back into values: `[{nla_type=IFLA_IFNAME}, "eth0"]` → [{ nla_type: 'IFLA_IFNAME' }, 'eth0'].
//   { } with names is an object, [ ] and { } without are lists, "…" is a string, 12 a number; all else (flags, inet_addr("…"), 4</x>) is text
// Rule: never an error; what is cut or of another form ends where the text ends.
import { unquoted } from './call.ts';

export type Notation = string | number | Notation[] | { [name: string]: Notation };

/** Nesting beyond this is kept as text: a hostile trace must not exhaust the stack. */
const deepest = 32;

export function parseNotation(text: string): Notation {
  return new Reader(text).value(0);
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): Notation {
    const open = this.#text[this.#at];
    if ((open !== '[' && open !== '{') || depth > deepest) return plain(this.#word());
    this.#at++;
    return this.#items(open === '[' ? ']' : '}', depth + 1);
  }

  #items(close: string, depth: number): Notation {
    const list: Notation[] = [];
    const fields: { [name: string]: Notation } = Object.create(null);
    let named = false;
    while (this.#at < this.#text.length && this.#text[this.#at] !== close) {
      const name = this.#name();
      const value = this.value(depth);
      if (name === undefined) list.push(value);
      else {
        fields[name] = value;
        named = true;
      }
      while (/[,\s]/.test(this.#text[this.#at] ?? '')) this.#at++;
    }
    this.#at++;
    return named ? fields : list;
  }

  /** `nla_type=`, where that is what follows. */
  #name(): string | undefined {
    const form = /(\w+)=/y;
    form.lastIndex = this.#at;
    const name = form.exec(this.#text)?.[1];
    if (name !== undefined) this.#at = form.lastIndex;
    return name;
  }

  /** Up to a comma or the end of what it stands in; always at least one character. */
  #word(): string {
    const start = this.#at;
    let depth = 0;
    for (; this.#at < this.#text.length; this.#at++) {
      const c = this.#text[this.#at] ?? '';
      if (c === '"') this.#skipString();
      else if ('([{<'.includes(c)) depth++;
      else if (')]}>'.includes(c) && depth-- === 0) break;
      else if (c === ',' && depth === 0) break;
    }
    if (this.#at === start) this.#at++;
    return this.#text.slice(start, this.#at).trim();
  }

  #skipString(): void {
    for (this.#at++; this.#at < this.#text.length && this.#text[this.#at] !== '"'; this.#at++) {
      if (this.#text[this.#at] === '\\') this.#at++;
    }
  }
}

function plain(word: string): string | number {
  const inner = /^(?:inet_addr|inet_pton\(AF_INET6?,|htons|htonl)\(?\s*("[^"]*"|\w+)/.exec(word)?.[1] ?? word;
  if (/^-?\d+$/.test(inner) && Number.isSafeInteger(Number(inner))) return Number(inner);
  return unquoted(inner) ?? inner;
}
