// State probes that read /proc and /sys: processes, namespaces, mounts, cgroups, files. They need no helper program and change nothing.
// Rule: a path inside of a container is resolved within its root; a link in it never leads to the host.
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  type Stats,
} from 'node:fs';
import { join } from 'node:path';
import { CannotTell, type Facts } from './verdict.ts';

const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException).code);

/** What reads nothing when the thing is not there, and says so when it may not look. */
function ifThere<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ESRCH', 'EINVAL'].includes(codeOf(error))) return undefined;
    throw new CannotTell((error as Error).message);
  }
}

/** /proc/<pid>/status by its own names, with what its links say. @source man proc_pid_status(5) */
export function processFacts(pid: number): Facts {
  const status = ifThere(() => readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (status === undefined) return {};
  const fields = status.split('\n').flatMap((line) => {
    const colon = line.indexOf(':');
    return colon < 0
      ? []
      : [
          [
            line.slice(0, colon),
            line
              .slice(colon + 1)
              .trim()
              .replace(/\s+/g, ' '),
          ],
        ];
  });
  const link = (name: string): string | undefined => ifThere(() => readlinkSync(`/proc/${pid}/${name}`));
  const command = ifThere(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? '';
  const oneLine = (name: string): string | undefined =>
    ifThere(() => readFileSync(`/proc/${pid}/${name}`, 'utf8'))
      ?.trim()
      .replace(/\s+/g, ' ');
  return {
    ...Object.fromEntries(fields),
    exe: link('exe'),
    cwd: link('cwd'),
    root: link('root'),
    cmdline: command.replaceAll('\0', ' ').trim(),
    parent: parentName(status),
    oom_score_adj: oneLine('oom_score_adj'),
    uid_map: oneLine('uid_map'),
    gid_map: oneLine('gid_map'),
  };
}

/** The process of a file that `--pid-file` or `echo $!` wrote, while there is one. */
export function pidInFile(path: string): number | undefined {
  const text = ifThere(() => readFileSync(path, 'utf8'))?.trim() ?? '';
  return /^[1-9]\d{0,9}$/.test(text) && existsSync(`/proc/${text}`) ? Number(text) : undefined;
}

/** The program that a process is a child of. @source man proc_pid_comm(5): cut at fifteen bytes */
const parentName = (status: string): string | undefined => {
  const [, parent] = /^PPid:\s+(\d+)$/m.exec(status) ?? [];
  return parent === undefined || parent === '0'
    ? undefined
    : ifThere(() => readFileSync(`/proc/${parent}/comm`, 'utf8').trim());
};

/** Processes in the same pid namespace as this one, itself included; those that may not be looked at are none of ours. */
export function processesBeside(pid: number): number[] {
  const own = ifThere(() => readlinkSync(`/proc/${pid}/ns/pid`));
  const namespaceOf = (other: number): string | undefined => {
    try {
      return readlinkSync(`/proc/${other}/ns/pid`);
    } catch {
      return undefined;
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((other) => own !== undefined && namespaceOf(other) === own);
}

/** The host is where the one who asks is. @source man namespaces(7): the number in the link is the namespace's inode */
export function namespaceFacts(pid: number, kind: string, otherPid?: number): Facts {
  const id = ifThere(() => readlinkSync(`/proc/${pid}/ns/${kind}`));
  if (id === undefined) return {};
  const host = ifThere(() => readlinkSync(`/proc/self/ns/${kind}`));
  const other = otherPid === undefined ? undefined : ifThere(() => readlinkSync(`/proc/${otherPid}/ns/${kind}`));
  return { id, isHost: id === host, ...(otherPid !== undefined && { isShared: id === other }) };
}

/** The last mount on a path, which is the one that is seen. @source man proc_pid_mountinfo(5) */
export function mountFacts(pid: number | 'self', path: string): Facts {
  const lines = ifThere(() => readFileSync(`/proc/${pid}/mountinfo`, 'utf8'))?.split('\n') ?? [];
  const line = lines.findLast((one) => unescaped(one.split(' ')[4] ?? '') === path);
  if (line === undefined) return {};
  const [id = '', parent, device, root = '', , options = '', ...rest] = line.split(' ');
  const separator = rest.indexOf('-');
  const [type, source = '', superOptions = ''] = rest.slice(separator + 1);
  return {
    id: Number(id),
    parent: Number(parent),
    device,
    root: unescaped(root),
    options: options.split(','),
    propagation: rest.slice(0, separator),
    type,
    source: unescaped(source),
    superOptions: superOptions.split(','),
  };
}

const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

export interface CgroupFile {
  /** `memory.limit_in_bytes`: its controller is the part before the dot. */
  v1?: string | undefined;
  v2?: string | undefined;
}

/** The file's text, its words, and where it is, on the version whose hierarchy has the controller. @source man cgroups(7) */
export function cgroupFacts(pid: number, { v1, v2 }: CgroupFile): Facts {
  const groups = (ifThere(() => readFileSync(`/proc/${pid}/cgroup`, 'utf8')) ?? '').split('\n').map((line) => {
    const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    return { controllers: controllers.split(','), path };
  });
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const mountOf = (type: string, option?: string): string | undefined =>
    mounts
      .map((line) => line.split(' '))
      .find((parts) => {
        const [fsType, , superOptions = ''] = parts.slice(parts.indexOf('-') + 1);
        return fsType === type && (option === undefined || superOptions.split(',').includes(option));
      })?.[4];
  const candidates = [
    { version: 1, name: v1, controller: v1?.split('.')[0] },
    { version: 2, name: v2, controller: '' },
  ];
  for (const { version, name, controller } of candidates) {
    const group = groups.find(({ controllers }) => controllers.includes(controller ?? '?'));
    const mount = version === 1 ? mountOf('cgroup', controller) : mountOf('cgroup2');
    if (name === undefined || group === undefined || mount === undefined) continue;
    const path = join(mount, group.path, name);
    const text = ifThere(() => readFileSync(path, 'utf8').trim());
    if (text !== undefined) return { version, path, text, ...words(text) };
  }
  return {};
}

/** Lines `key value` as facts of their own: `memory.events` has `oom_kill`. */
const words = (text: string): Facts =>
  Object.fromEntries(
    text.split('\n').flatMap((line) => {
      const [key = '', value, ...more] = line.split(' ');
      return value !== undefined && more.length === 0 ? [[key, value]] : [];
    }),
  );

const mostLinks = 40;
/** More of a file is no evidence that a lesson asks for. */
const mostBytes = 1 << 20;

/** `root` is /proc/<pid>/root for a container's file, / for one of the host. */
export function fileFacts(root: string, path: string): Facts {
  const found = resolveWithin(root, path);
  const stat = found === undefined ? undefined : ifThere(() => lstatSync(found));
  if (found === undefined || stat === undefined) return { exists: false };
  const type = typeOf(stat);
  return {
    exists: true,
    type,
    mode: (stat.mode & 0o7777).toString(8).padStart(4, '0'),
    uid: stat.uid,
    gid: stat.gid,
    size: stat.size,
    links: stat.nlink,
    inode: stat.ino,
    device: stat.dev,
    ...(type === 'file' && contentFacts(found)),
    ...(type === 'directory' && { entries: ifThere(() => readdirSync(found).sort()) }),
  };
}

function contentFacts(path: string): Facts {
  const fd = ifThere(() => openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK));
  if (fd === undefined) return {};
  try {
    if (!fstatSync(fd).isFile()) return {};
    const bytes = Buffer.alloc(mostBytes);
    const content = bytes.subarray(0, readSync(fd, bytes, 0, mostBytes, 0));
    const text = content.toString('utf8').trimEnd();
    return { content: text, sha256: createHash('sha256').update(content).digest('hex'), ...jsonFacts(path, text) };
  } finally {
    closeSync(fd);
  }
}

/** What a document says, for `json.process.args`; nothing while it is half written. */
function jsonFacts(path: string, text: string): Facts {
  if (!path.endsWith('.json')) return {};
  try {
    return { json: JSON.parse(text) };
  } catch {
    return {};
  }
}

function typeOf(stat: Stats): string {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'symlink';
  if (stat.isSocket()) return 'socket';
  return stat.isFIFO() ? 'fifo' : 'device';
}

/** Where a path leads below a root, all links followed but the last part's own; undefined for more links than the kernel follows. */
function resolveWithin(root: string, path: string): string | undefined {
  const left = path.split('/').filter((part) => part !== '' && part !== '.');
  const done: string[] = [];
  let links = 0;
  while (left.length > 0) {
    const part = left.shift() as string;
    if (part === '..') {
      done.pop();
      continue;
    }
    done.push(part);
    if (left.length === 0) break;
    const target = ifThere(() => readlinkSync(join(root, ...done)));
    if (target === undefined) continue;
    if (++links > mostLinks) return undefined;
    done.splice(target.startsWith('/') ? 0 : done.length - 1);
    left.unshift(...target.split('/').filter((one) => one !== '' && one !== '.'));
  }
  return join(root, ...done);
}
