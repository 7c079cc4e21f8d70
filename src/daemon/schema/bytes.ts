// Amounts of bytes as Docker's configuration has them: a number, or a text such as "10GB", which is binary there. @source docker go-units RAMInBytes

const letters = 'bkmgtp';

/** Undefined for what is no amount. */
export function bytesOf(given: string | number): number | undefined {
  if (typeof given === 'number') return Number.isSafeInteger(given) && given >= 0 ? given : undefined;
  const match = /^(\d+(?:\.\d+)?)\s*([bkmgtp]?)(?:i?b)?$/i.exec(given.trim());
  if (match === null) return undefined;
  const power = letters.indexOf((match[2] || 'b').toLowerCase());
  return Math.floor(Number(match[1]) * 1024 ** power);
}
