// Names of the kernel's constants: sets of flags and lists of values, and how a number reads with them, as strace prints it.
// Rule: a number that no name covers stays a number, with a mark that says which prefix was looked for.

export interface NameSet {
  /** For the mark of an unknown value: `0x40 /* MS_??? *\/`. */
  prefix: string;
  /** Header of linux-libc-dev that says the same; a test compiles it and compares. `uapi linux/mount.h`. */
  source: string;
  /** In the order in which they are printed; a name that is a union of others comes before them. */
  values: Readonly<Record<string, number>>;
  /** Those that the headers of Debian 12 (Linux 6.1) do not have, by where they stand. */
  newer?: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

interface Prepared {
  entries: ReadonlyArray<readonly [string, bigint]>;
  byValue: ReadonlyMap<bigint, string>;
}

const prepared = new WeakMap<NameSet, Prepared>();

function prepare(set: NameSet): Prepared {
  const known = prepared.get(set);
  if (known) return known;
  const all = [set.values, ...Object.values(set.newer ?? {})].flatMap((values) => Object.entries(values));
  const entries = all.map(([name, value]) => [name, BigInt(value)] as const);
  // The first name of a value wins: aliases come later.
  const made = { entries, byValue: new Map([...entries].reverse().map(([name, value]) => [value, name])) };
  prepared.set(set, made);
  return made;
}

export const hex = (value: bigint): string => (value === 0n ? '0' : `0x${value.toString(16)}`);

const mark = (set: NameSet): string => ` /* ${set.prefix}??? */`;

/** The name of exactly this value; undefined without one. */
export const nameOf = (value: bigint, set: NameSet): string | undefined => prepare(set).byValue.get(value);

/** `AF_UNIX`; an unknown one as `0x63 /* AF_??? *\/`. */
export const showName = (value: bigint, set: NameSet): string => nameOf(value, set) ?? `${hex(value)}${mark(set)}`;

/** `MS_NOSUID|MS_NODEV`, bits without a name as a number at the end: `MS_NOSUID|0x40000`; `0` for none. */
export function showFlags(value: bigint, set: NameSet): string {
  const whole = nameOf(value, set);
  if (whole !== undefined) return whole;
  if (value === 0n) return '0';
  const parts: string[] = [];
  let rest = value;
  for (const [name, bits] of prepare(set).entries) {
    if (bits === 0n || (rest & bits) !== bits) continue;
    parts.push(name);
    rest &= ~bits;
  }
  if (parts.length === 0) return `${hex(value)}${mark(set)}`;
  if (rest !== 0n) parts.push(hex(rest));
  return parts.join('|');
}
