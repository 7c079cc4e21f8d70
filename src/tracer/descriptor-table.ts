// Names of the descriptors of one process. Children begin with a copy, most change little of it and execute: a copy costs next to nothing.

interface Descriptor {
  name: string;
  closeOnExec: boolean;
}

/** A file that claims more descriptors than processes have shall not cost us more: the rest has no names. */
const namesMost = 1024;

/** PATH_MAX: a file whose names grow call by call, each opened beneath the one before, shall not cost us more. @source uapi linux/limits.h */
const nameLongest = 4096;

/** A copy takes over this many changes by itself; with more, they are first worked into entries that both can share. */
const changesMost = 32;

/** One table: of a process, or of several that share it (CLONE_FILES). A copy shares the entries and has changes of its own. */
export class DescriptorTable {
  /** Never changed: other tables may have it too. */
  #entries: ReadonlyMap<number, Descriptor>;
  /** Undefined: closed since. */
  #changes: Map<number, Descriptor | undefined>;

  constructor(
    entries: ReadonlyMap<number, Descriptor> = new Map(),
    changes = new Map<number, Descriptor | undefined>(),
  ) {
    this.#entries = entries;
    this.#changes = changes;
  }
  #get(fd: number): Descriptor | undefined {
    return this.#changes.has(fd) ? this.#changes.get(fd) : this.#entries.get(fd);
  }
  #set(fd: number, entry: Descriptor | undefined): void {
    const isNew = entry !== undefined && !this.#changes.has(fd) && !this.#entries.has(fd);
    if (isNew && this.#entries.size + this.#changes.size >= namesMost) return;
    this.#changes.set(fd, entry);
    if (this.#changes.size <= changesMost) return;
    this.#entries = this.#all();
    this.#changes = new Map();
  }
  #all(): Map<number, Descriptor> {
    const all = new Map(this.#entries);
    for (const [fd, entry] of this.#changes) {
      if (entry) all.set(fd, entry);
      else all.delete(fd);
    }
    return all;
  }

  name(fd: number): string | undefined {
    return this.#get(fd)?.name;
  }
  open(fd: number, name: string | undefined, closeOnExec = false): void {
    if (name === undefined || name.length > nameLongest) this.close(fd);
    else this.#set(fd, { name, closeOnExec });
  }
  copy(from: number, to: number, closeOnExec: boolean): void {
    this.open(to, this.name(from), closeOnExec);
  }
  rename(fd: number, name: string): void {
    const entry = this.#get(fd);
    if (entry) this.open(fd, name, entry.closeOnExec);
  }
  close(fd: number): void {
    if (this.#get(fd)) this.#set(fd, undefined);
  }
  setCloseOnExec(fd: number, closeOnExec: boolean): void {
    const entry = this.#get(fd);
    if (entry && entry.closeOnExec !== closeOnExec) this.#set(fd, { ...entry, closeOnExec });
  }
  /** First to last, both included. */
  eachOf(first: number, last: number, change: (fd: number) => void): void {
    for (const fd of this.#all().keys()) if (fd >= first && fd <= last) change(fd);
  }
  duplicate(): DescriptorTable {
    return new DescriptorTable(this.#entries, new Map(this.#changes));
  }
  afterExec(): DescriptorTable {
    return new DescriptorTable(new Map([...this.#all()].filter(([, entry]) => !entry.closeOnExec)));
  }
}
