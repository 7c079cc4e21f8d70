// What each descriptor of each process stands for, followed from the calls that make, copy and close descriptors. A name is what
// the process asked for ("/proc/self/mountinfo"), not what the kernel resolved it to; pipes have a number of ours (`pipe:[#1]`).
// Rule: a change happens where the call returned, not where it began, so that two threads of a process see the same order.
import { normalize } from 'node:path/posix';
import { DescriptorTable } from './descriptor-table.ts';
import type { RawCall } from './raw.ts';
import { socketName } from './socket-names.ts';

/** AT_FDCWD; the same key holds the working folder. @source uapi linux/fcntl.h */
export const workingFolder = -100;

const closeOnExecOfOpen = 0o2000000; // O_CLOEXEC = SOCK_CLOEXEC = EFD_CLOEXEC and so on
/** The bit that O_TMPFILE has and O_DIRECTORY has not. */
const temporaryFile = 0o20000000;
const cloneFiles = 0x400n;
const openTreeClone = 1;
const closeRangeUnshare = 2;
const closeRangeCloexec = 4;

/** A file that claims more processes at once than engines have shall not cost us more: the rest has no names. */
const tablesMost = 2048;

/** What the changes below see of a call that succeeded. */
interface Change {
  call: RawCall;
  table: DescriptorTable;
  tables: DescriptorTables;
  /** The result: a new descriptor, usually. */
  result: number;
  int(position: number): number;
  text(position: number): string | undefined;
  pair(position: number): [number, number] | undefined;
}

export class DescriptorTables {
  #tables = new Map<number, DescriptorTable>();
  #pipes = 0;

  of(pid: number): DescriptorTable {
    const known = this.#tables.get(pid);
    if (known) return known;
    const table = new DescriptorTable();
    this.replace(pid, table);
    return table;
  }
  replace(pid: number, table: DescriptorTable): void {
    this.#tables.set(pid, table);
    const [oldest] = this.#tables.size > tablesMost ? this.#tables.keys() : [];
    if (oldest !== undefined) this.#tables.delete(oldest);
  }
  nextPipe(): number {
    return ++this.#pipes;
  }

  /** A child begins: with the same table, or with a copy. `clone`: the parent's call that made it. */
  forked(pid: number, childPid: number, clone: RawCall | undefined): void {
    if (childPid === pid) return;
    const isShared = clone !== undefined && (cloneFlagsOf(clone) & cloneFiles) !== 0n;
    const table = this.of(pid);
    // A parent is no longer the oldest.
    this.#tables.delete(pid);
    this.replace(pid, table);
    this.replace(childPid, isShared ? table : table.duplicate());
  }
  executed(pid: number): void {
    this.replace(pid, this.of(pid).afterExec());
  }
  ended(pid: number): void {
    this.#tables.delete(pid);
  }

  /** A call returned. */
  returned(call: RawCall): void {
    const change = changes[call.name];
    if (!change || call.result === undefined || call.result < 0n) return;
    change({
      call,
      table: this.of(call.pid),
      tables: this,
      result: Number(call.result),
      int: (position) => Number(BigInt.asIntN(32, call.registers[position] ?? 0n)),
      text: (position) => textOf(call, position),
      pair(position) {
        const bytes = call.parts(position)[0]?.bytes;
        if (!bytes || bytes.length < 8) return undefined;
        const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
        return [view.getInt32(0, true), view.getInt32(4, true)];
      },
    });
  }
}

/** Whether the table must hear of the end of this call. */
export const changesDescriptors = (name: string): boolean => Object.hasOwn(changes, name);

function textOf(call: RawCall, position: number): string | undefined {
  const captured = call.parts(position)[0];
  if (!captured || captured.whole < 0) return undefined;
  const end = captured.bytes.indexOf(0);
  return Buffer.from(end === -1 ? captured.bytes : captured.bytes.subarray(0, end)).toString('utf8');
}

function cloneFlagsOf(call: RawCall): bigint {
  if (call.name === 'clone') return call.registers[0] ?? 0n;
  const bytes = call.name === 'clone3' ? call.parts(0)[0]?.bytes : undefined;
  return bytes && bytes.length >= 8 ? new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true) : 0n;
}

/** The name that a path has, seen from a folder that is open. */
function pathFrom(change: Change, dirfd: number, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  const folder = path.startsWith('/') ? '' : change.table.name(dirfd);
  if (path === '') return folder;
  const whole = normalize(folder === undefined || folder === '' ? path : `${folder}/${path}`);
  return whole.length > 1 && whole.endsWith('/') ? whole.slice(0, -1) : whole;
}

const hasCloseOnExec = (flags: number): boolean => (flags & closeOnExecOfOpen) !== 0;

/** A call that returns a new descriptor with a fixed name; `flags`: position of the argument with the close-on-exec bit. */
const made =
  (name: string, flags?: number, bit = closeOnExecOfOpen) =>
  (change: Change): void =>
    change.table.open(change.result, name, flags === undefined || (change.int(flags) & bit) !== 0);

function opened(change: Change, dirfd: number, path: number, flags: number): void {
  const name = pathFrom(change, dirfd, change.text(path));
  const isUnnamed = (flags & temporaryFile) === temporaryFile && name !== undefined;
  change.table.open(change.result, isUnnamed ? `${name}/# (deleted)` : name, hasCloseOnExec(flags));
}

function madePipe(change: Change, flags: number): void {
  const ends = change.pair(0);
  if (!ends) return;
  const name = `pipe:[#${change.tables.nextPipe()}]`;
  for (const fd of ends) change.table.open(fd, name, hasCloseOnExec(flags));
}

function addressed(change: Change): void {
  const name = change.table.name(change.int(0));
  const bytes = change.call.parts(1)[0]?.bytes;
  if (!name || !/^socket:\[unix \w+\]$/.test(name) || !bytes || bytes.length < 3) return;
  const path = Buffer.from(bytes.subarray(2));
  const text =
    path[0] === 0
      ? `@${path.toString('utf8', 1)}`
      : path.toString('utf8', 0, path.includes(0) ? path.indexOf(0) : path.length);
  change.table.rename(change.int(0), `${name.slice(0, -1)} ${text}]`);
}

function controlled(change: Change): void {
  const [duplicate, setFlags, duplicateCloexec] = [0, 2, 1030];
  const command = change.int(1);
  if (command === duplicate || command === duplicateCloexec) {
    change.table.copy(change.int(0), change.result, command === duplicateCloexec);
  } else if (command === setFlags) {
    change.table.setCloseOnExec(change.int(0), (change.int(2) & 1) !== 0);
  }
}

function closedRange(change: Change): void {
  const flags = change.int(2);
  const table = (flags & closeRangeUnshare) !== 0 ? change.table.duplicate() : change.table;
  change.tables.replace(change.call.pid, table);
  const first = Number(BigInt.asUintN(32, change.call.registers[0] ?? 0n));
  const last = Number(BigInt.asUintN(32, change.call.registers[1] ?? 0n));
  const isMark = (flags & closeRangeCloexec) !== 0;
  table.eachOf(first, last, (fd) => (isMark ? table.setCloseOnExec(fd, true) : table.close(fd)));
}

function openedTree(change: Change, flags: number): void {
  const path = pathFrom(change, change.int(0), change.text(1));
  const isDetached = (flags & openTreeClone) !== 0;
  change.table.open(change.result, path !== undefined && isDetached ? `mount:[${path}]` : path, hasCloseOnExec(flags));
}

/** What bpf(2) made, by its command. @source uapi linux/bpf.h, enum bpf_cmd */
const bpfNames: Readonly<Record<number, string>> = {
  0: 'anon_inode:bpf-map',
  5: 'anon_inode:bpf-prog',
  13: 'anon_inode:bpf-prog',
  14: 'anon_inode:bpf-map',
  28: 'anon_inode:bpf_link',
};
const setFilter = 1;
const newListener = 8;

/** `fscontext:[proc]` → `proc`. */
const insideOf = (name: string | undefined): string => name?.match(/\[(.*)\]$/)?.[1] ?? '';

/** What each call that succeeded does to the table of its process. */
const changes: Readonly<Record<string, (change: Change) => void>> = {
  open: (change) => opened(change, workingFolder, 0, change.int(1)),
  creat: (change) => opened(change, workingFolder, 0, 0),
  openat: (change) => opened(change, change.int(0), 1, change.int(2)),
  openat2(change) {
    const how = change.call.parts(2)[0]?.bytes;
    opened(
      change,
      change.int(0),
      1,
      how && how.length >= 4 ? new DataView(how.buffer, how.byteOffset, 4).getInt32(0, true) : 0,
    );
  },
  close: (change) => change.table.close(change.int(0)),
  close_range: closedRange,
  dup: (change) => change.table.copy(change.int(0), change.result, false),
  dup2(change) {
    if (change.int(0) !== change.int(1)) change.table.copy(change.int(0), change.int(1), false);
  },
  dup3: (change) => change.table.copy(change.int(0), change.int(1), hasCloseOnExec(change.int(2))),
  fcntl: controlled,
  ioctl(change) {
    const [setCloseOnExec, clearCloseOnExec] = [0x5451, 0x5450]; // FIOCLEX, FIONCLEX
    if (change.int(1) === setCloseOnExec) change.table.setCloseOnExec(change.int(0), true);
    if (change.int(1) === clearCloseOnExec) change.table.setCloseOnExec(change.int(0), false);
  },
  pipe: (change) => madePipe(change, 0),
  pipe2: (change) => madePipe(change, change.int(1)),
  socket(change) {
    const type = change.int(1);
    change.table.open(change.result, socketName(change.int(0), type, change.int(2)), hasCloseOnExec(type));
  },
  socketpair(change) {
    const ends = change.call.parts(3)[0] && change.pair(3);
    const type = change.int(1);
    for (const fd of ends || [])
      change.table.open(fd, socketName(change.int(0), type, change.int(2)), hasCloseOnExec(type));
  },
  accept: (change) => change.table.copy(change.int(0), change.result, false),
  accept4: (change) => change.table.copy(change.int(0), change.result, hasCloseOnExec(change.int(3))),
  bind: addressed,
  connect: addressed,
  chdir: (change) => change.table.open(workingFolder, pathFrom(change, workingFolder, change.text(0))),
  fchdir: (change) => change.table.open(workingFolder, change.table.name(change.int(0))),
  eventfd: made('anon_inode:[eventfd]', 0, 0),
  eventfd2: made('anon_inode:[eventfd]', 1),
  epoll_create: made('anon_inode:[eventpoll]', 0, 0),
  epoll_create1: made('anon_inode:[eventpoll]', 0),
  timerfd_create: made('anon_inode:[timerfd]', 1),
  signalfd(change) {
    if (change.int(0) === -1) change.table.open(change.result, 'anon_inode:[signalfd]');
  },
  signalfd4(change) {
    if (change.int(0) === -1) change.table.open(change.result, 'anon_inode:[signalfd]', hasCloseOnExec(change.int(3)));
  },
  inotify_init: made('anon_inode:inotify', 0, 0),
  inotify_init1: made('anon_inode:inotify', 0),
  fanotify_init: made('anon_inode:[fanotify]', 0, 1),
  userfaultfd: made('anon_inode:[userfaultfd]', 0),
  perf_event_open: made('anon_inode:[perf_event]', 4, 8),
  io_uring_setup: made('anon_inode:[io_uring]'),
  bpf(change) {
    const name = bpfNames[change.int(0)];
    if (name !== undefined) change.table.open(change.result, name, true);
  },
  seccomp(change) {
    if (change.int(0) === setFilter && (change.int(1) & newListener) !== 0) {
      change.table.open(change.result, 'anon_inode:seccomp notify', true);
    }
  },
  landlock_create_ruleset(change) {
    if ((change.int(2) & 1) === 0) change.table.open(change.result, 'anon_inode:[landlock-ruleset]', true);
  },
  memfd_create: (change) =>
    change.table.open(change.result, `/memfd:${change.text(0) ?? ''} (deleted)`, (change.int(1) & 1) !== 0),
  memfd_secret: made('/secretmem (deleted)', 0),
  pidfd_open: (change) => change.table.open(change.result, `pid:${change.int(0)}`, true),
  fsopen: (change) =>
    change.table.open(change.result, `fscontext:[${change.text(0) ?? ''}]`, (change.int(1) & 1) !== 0),
  fspick: (change) =>
    change.table.open(
      change.result,
      `fscontext:[${pathFrom(change, change.int(0), change.text(1)) ?? ''}]`,
      (change.int(2) & 1) !== 0,
    ),
  fsmount: (change) =>
    change.table.open(
      change.result,
      `mount:[${insideOf(change.table.name(change.int(0)))}]`,
      (change.int(1) & 1) !== 0,
    ),
  open_tree: (change) => openedTree(change, change.int(2)),
  open_tree_attr: (change) => openedTree(change, change.int(2)),
  unshare(change) {
    if (((change.call.registers[0] ?? 0n) & cloneFiles) !== 0n)
      change.tables.replace(change.call.pid, change.table.duplicate());
  },
};
