// Names of files as text. Linux takes any bytes; those that are no UTF-8 become lone surrogates (U+DC80 to U+DCFF) and come back as what they were.
// Rule: names go out of this process only through `pathBytes`.

const surrogateBase = 0xdc00;

export function pathOf(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return text.includes('\uFFFD') ? decoded(bytes) : text;
}

/** A sequence that is valid stays; every other byte is a surrogate of its own. */
function decoded(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes[at] ?? 0);
    const part = bytes.subarray(at, at + length).toString('utf8');
    if (part.includes('\uFFFD') && !bytes.subarray(at, at + 3).equals(replacement)) {
      text += String.fromCharCode(surrogateBase + (bytes[at] ?? 0));
      at += 1;
    } else {
      text += part;
      at += length;
    }
  }
  return text;
}

const replacement = Buffer.from('\uFFFD');
const sequenceLength = (first: number): number => (first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4);

const isRaw = /[\uDC80-\uDCFF]/u;

export function pathBytes(text: string): Buffer {
  if (!isRaw.test(text)) return Buffer.from(text);
  return Buffer.concat(
    [...text].map((c) => (isRaw.test(c) ? Buffer.from([c.charCodeAt(0) - surrogateBase]) : Buffer.from(c))),
  );
}
