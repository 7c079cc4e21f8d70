// One container of a place, with the runtime's verbs. Disposing it removes it by force.
import { existsSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { compileProcessDocument } from '../../src/runc/compile.ts';
import type { Ran } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';
import { everyHierarchy } from './left-over.ts';
import type { CallOptions, Document, Place } from './place.ts';

export class Container {
  readonly place: Place;
  readonly id: string;
  readonly bundle: string;
  #execs = 0;

  constructor(place: Place, id: string, bundle: string) {
    this.place = place;
    this.id = id;
    this.bundle = bundle;
  }

  get config(): Document {
    return JSON.parse(readFileSync(`${this.bundle}/config.json`, 'utf8'));
  }
  get rootfs(): string {
    return `${this.bundle}/rootfs`;
  }
  get pid(): number {
    return Number(readFileSync(`${this.bundle}/pid`, 'utf8'));
  }
  get #into() {
    return { output: `${this.bundle}/output`, errors: `${this.bundle}/errors` };
  }

  /** What its program wrote so far. */
  output(): string {
    return readFileSync(this.#into.output, 'utf8');
  }

  create(more: readonly string[] = [], options: CallOptions = {}): Promise<Ran> {
    const flags = ['--bundle', this.bundle, '--pid-file', `${this.bundle}/pid`];
    return this.place.call(['create', ...flags, ...more, this.id], { into: this.#into, ...options });
  }

  run(more: readonly string[] = [], options: CallOptions = {}): Promise<Ran> {
    return this.place.call(['run', '--bundle', this.bundle, ...more, this.id], { into: this.#into, ...options });
  }

  /** Any other verb: `verb('kill', 'KILL')` is `kill ID KILL`; options go before the id. */
  verb(name: string, ...rest: readonly string[]): Promise<Ran> {
    const options = rest.filter((text) => text.startsWith('-'));
    return this.place.call([name, ...options, this.id, ...rest.filter((text) => !text.startsWith('-'))]);
  }

  /** Created and started; both must succeed. */
  async start(more: readonly string[] = [], options: CallOptions = {}): Promise<this> {
    succeeded(await this.create(more, options));
    succeeded(await this.verb('start'));
    return this;
  }

  async created(more: readonly string[] = [], options: CallOptions = {}): Promise<this> {
    succeeded(await this.create(more, options));
    return this;
  }

  async state(): Promise<Document> {
    return JSON.parse(succeeded(await this.verb('state')).stdout);
  }

  async status(): Promise<string> {
    return (await this.state()).status;
  }

  reaches(status: string): Promise<unknown> {
    return waitUntil(async () => (await this.status()) === status, { what: `${this.id} to be ${status}` });
  }

  /** There, and running: for a run that somebody else waits for. */
  appears(): Promise<unknown> {
    const isRunning = async (): Promise<boolean> => {
      const { status, stdout } = await this.verb('state');
      return status === 0 && JSON.parse(stdout).status === 'running';
    };
    return waitUntil(isRunning, { what: `${this.id} to be running` });
  }

  async stopped(): Promise<this> {
    await this.verb('kill', 'KILL');
    await this.reaches('stopped');
    return this;
  }

  /** `exec --process`: the container's process with these changes. */
  exec(change: Document, more: readonly string[] = [], options: CallOptions = {}): Promise<Ran> {
    const file = `${this.bundle}/process-${++this.#execs}.json`;
    const text = JSON.stringify({ ...this.config.process, ...change });
    writeFileSync(file, text);
    if (this.place.runtime.takesPlans) this.#compile(text);
    return this.place.call(['exec', '--process', file, ...more, this.id], options);
  }

  /** `exec` with flags: the runtime makes the process document. */
  execute(flags: readonly string[], args: readonly string[], options: CallOptions = {}): Promise<Ran> {
    return this.place.call(['exec', ...flags, this.id, ...args], options);
  }

  #compile(process: string): void {
    const config = readFileSync(`${this.bundle}/config.json`, 'utf8');
    try {
      const { bytes, sha256 } = compileProcessDocument({ id: this.id, bundle: this.bundle, config, process });
      writeFileSync(`${this.bundle}/plans/${sha256}.plan`, bytes);
    } catch {}
  }

  /** Its program's output, once that has what is waited for. */
  async says(words: RegExp): Promise<string> {
    await waitUntil(() => words.test(this.output()), { what: `${this.id} to say ${words}` });
    return this.output();
  }

  /** The directory of a version 1 hierarchy. */
  cgroup(hierarchy: string): string {
    return `/sys/fs/cgroup/${hierarchy}${this.place.cgroup}/${this.id}`;
  }

  cgroupFile(name: string): string {
    return readFileSync(`${this.cgroup(name.split('.')[0] ?? '')}/${name}`, 'utf8').trim();
  }

  /** What there still is of it; its cgroups by hierarchy. */
  left(): string[] {
    const cgroups = everyHierarchy(`${this.place.cgroup}/${this.id}`);
    return existsSync(`${this.place.root}/${this.id}`) ? [...cgroups, 'its state'] : cgroups;
  }

  /** What the runtime should not have left, when a behaviour has said that it did. */
  clear(): void {
    for (const directory of everyHierarchy(`${this.place.cgroup}/${this.id}`)) rmdirSync(directory);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.verb('delete', '--force');
  }
}

export function succeeded(ran: Ran): Ran {
  if (ran.status !== 0) throw new Refusal(ran);
  return ran;
}

/** A call that a behaviour needs has failed; as an observation it is the text `refused: …`. */
export class Refusal extends Error {
  constructor({ status, stdout, stderr }: Ran) {
    super(`refused: status ${status}: ${stderr.trim() || stdout.trim()}`);
  }
}
