// An ordinary user of this machine for the time of a test file: a name, a folder, ranges in /etc/subuid and /etc/subgid. Removed after.
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { must, type Ran, type RunOptions, run } from './shell.ts';

/** Where the ranges begin; 65536 ids. */
export const subordinateIds = 700_000_000;

const withoutLines = (file: string, start: string): void =>
  writeFileSync(
    file,
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => !line.startsWith(start))
      .join('\n'),
  );

export class OrdinaryUser {
  readonly name: string;
  readonly uid: number;
  readonly folder: string;

  private constructor(name: string, uid: number) {
    this.name = name;
    this.uid = uid;
    this.folder = mkdtempSync('/var/tmp/tlab-rootless-');
    mkdirSync(this.runtimeDirectory);
    for (const path of [this.folder, this.runtimeDirectory]) chownSync(path, uid, uid);
    chmodSync(this.folder, 0o755);
  }

  /** `onlyRange`: without the range that useradd itself gives on some hosts. */
  static async make({ onlyRange = false } = {}): Promise<OrdinaryUser> {
    const name = `tlabtest${process.pid}`;
    await must('useradd', ['--no-create-home', '--user-group', '--shell', '/bin/sh', name]);
    if (onlyRange) for (const file of ['/etc/subuid', '/etc/subgid']) withoutLines(file, `${name}:`);
    const last = subordinateIds + 65535;
    await must('usermod', ['-v', `${subordinateIds}-${last}`, '-w', `${subordinateIds}-${last}`, name]);
    const user = new OrdinaryUser(name, Number(await must('id', ['-u', name])));
    const gid = Number(await must('id', ['-g', name]));
    if (gid !== user.uid) throw new Error(`${name}: uid ${user.uid} and gid ${gid} differ`);
    return user;
  }

  get runtimeDirectory(): string {
    return `${this.folder}/run`;
  }

  /** Runs a program as this user, with an environment of theirs alone. */
  run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const ids = ['--reuid', String(this.uid), '--regid', String(this.uid), '--clear-groups'];
    const env = {
      XDG_RUNTIME_DIR: this.runtimeDirectory,
      PATH: process.env.PATH ?? '',
      ASAN_OPTIONS: 'detect_leaks=0',
      ...options.env,
    };
    const words = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    return run('setpriv', [...ids, '--', 'env', '-i', ...words, program, ...args], { cwd: this.folder, ...options });
  }

  async must(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
    const ran = await this.run(program, args, options);
    if (ran.status !== 0) throw new Error(`${program} ${args.join(' ')}: status ${ran.status}\n${ran.stderr}`);
    return ran.stdout;
  }

  async remove(): Promise<void> {
    rmSync(this.folder, { recursive: true, force: true });
    if (existsSync('/usr/sbin/userdel')) await must('userdel', [this.name]);
  }
}
