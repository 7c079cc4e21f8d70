// The part of a twin script that runs in the new namespaces, as the process that becomes the container: mounts, devices, names, masks,
// limits, then the one line that gives away privileges and executes the program.
// Rule: everything that needs a program of the host comes before the root is changed, since an image may have none of them.
import { propagationName, rlimitNames } from '../../base/kernel-names.ts';
import type { TraceEvent } from '../../trace/file.ts';
import type { Step } from './blocks.ts';
import type { Names } from './names.ts';
import type { RunFacts } from './run.ts';
import { type Substitution, word } from './shell.ts';

type Given = Record<string, unknown>;
type Maker = (given: Given, substitutions: readonly Substitution[]) => string[];

const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');

const makers: Readonly<Record<string, Maker>> = {
  session_keyring: (a) => [
    `# not done by hand: the session keyring ${word(text(a.name))}; keyctl(1) would start it for a program of its own`,
  ],
  loopback_up: () => ['ip link set lo up'],
  root_propagation: (a) => [`mount --make-${propagation(Number(a.flags))} /`],
  root_bind: () => ['mount --rbind "$ROOTFS" "$ROOTFS"'],
  device_make: deviceLines,
  symlink: (a, substitutions) => [`ln -s ${word(text(a.target))} ${inRoot(text(a.path), substitutions)}`],
  root_readonly: () => ['mount -o remount,bind,ro "$ROOTFS"'],
  umask: (a) => [`umask ${word(text(a.mask))}`],
  sethostname: (a) => [`hostname ${word(text(a.name))}`],
  setdomainname: (a) => [`domainname ${word(text(a.name))}`],
  sysctl: (a) => [`sysctl -q -w ${word(`${text(a.key).replaceAll('/', '.')}=${text(a.value)}`)}`],
  readonly_path: (a) => [`read_only ${word(text(a.path))}`],
  mask_path: (a) => [`mask ${word(text(a.path))}`],
  rlimit: (a) => [`prlimit --pid $$ --${limitName(Number(a.resource))}=${word(`${text(a.soft)}:${text(a.hard)}`)}`],
  seccomp: (a) => [`# not done by hand: the seccomp filter (${word(text(a.program))}): no shell command installs one`],
  console: () => ["# not done by hand: the container's terminal: the program keeps the script's own standard streams"],
  hook: (a) => [`# not done by hand: the hook ${word(text(a.path))}`],
};

/** Written by the script's frame: the namespaces, the change of root, the barrier, and the privileges that one setpriv gives away. */
const framed = new Set([
  'setsid',
  'controlling_terminal',
  'close_descriptors',
  'setns',
  'unshare',
  'pivot_root',
  'await_start',
  'exec',
  'chdir',
  'no_new_privs',
  'capability_bounding',
  'capset',
  'capability_ambient',
  'setgroups',
  'setgid',
  'setuid',
]);

/** The step of an event that the container's first process made before it became the program. */
export function insideStep(event: TraceEvent, names: Names): Step | undefined {
  const failed = typeof event.data.errno === 'string';
  if (event.type === 'kernel.mount-attached')
    return failed ? undefined : { event, lines: mountLines(event, names.substitutions) };
  if (event.type === 'kernel.cgroup-written') {
    return failed
      ? undefined
      : {
          event,
          lines: [`echo ${word(text(event.data.value))} > ${word(text(event.data.path), names.substitutions)}`],
        };
  }
  if (event.type !== 'kernel.operation-executed') return undefined;
  const operation = text(event.data.operation);
  if (framed.has(operation)) return undefined;
  // A path that was not there may be there on another host: the functions look.
  if (failed && operation !== 'mask_path' && operation !== 'readonly_path') return undefined;
  const maker = Object.hasOwn(makers, operation) ? makers[operation] : undefined;
  const given = (event.data.arguments ?? {}) as Given;
  return { event, lines: maker?.(given, names.substitutions) ?? [`# not done by hand: ${word(operation)}`] };
}

/** The folder is resolved below the root; the last name is what is made. */
function inRoot(path: string, substitutions: readonly Substitution[]): string {
  const folder = path.slice(0, path.lastIndexOf('/')) || '/';
  return `"$(beneath ${word(folder, substitutions)})"/${word(path.slice(path.lastIndexOf('/') + 1))}`;
}

/** The propagation of a mount stands in its twin: `&& mount --make-rprivate …`. */
function mountLines(event: TraceEvent, substitutions: readonly Substitution[]): string[] {
  const { source, target, fstype, options } = event.data as Record<'source' | 'target' | 'fstype' | 'options', string>;
  const twin = event.twin ?? '';
  const at = (from: string): string => `"$(point ${word(target)}${from})"`;
  const wanted = options === '' ? '' : `-o ${word(options, substitutions)} `;
  const lines: string[] = [];
  if (/^mount --make-/.test(twin)) lines.push(`mount --make-${propagationOf(twin)} ${at('')}`);
  else if (/^mount -o remount/.test(twin)) lines.push(`mount ${wanted}${at('')}`);
  else if (/^mount --r?bind /.test(twin)) {
    const kind = twin.startsWith('mount --rbind') ? '--rbind' : '--bind';
    const from = word(source, substitutions);
    if (from.startsWith('"$VOLUMES')) lines.push(`mkdir -p ${from}`);
    const ids = /-o '(X-mount\.idmap=[^']*)'/.exec(twin)?.[1];
    lines.push(`mount ${kind} ${ids === undefined ? '' : `-o ${word(ids)} `}${from} ${at(` ${from}`)}`);
  } else lines.push(`mount -t ${word(fstype)} ${wanted}${word(source)} ${at('')}`);
  const after = / && mount --make-(r?(?:private|shared|slave|unbindable)) /.exec(twin)?.[1];
  if (after !== undefined) lines.push(`mount --make-${after} ${at('')}`);
  return lines;
}

const propagationOf = (twin: string): string =>
  /--make-(r?(?:private|shared|slave|unbindable)) /.exec(twin)?.[1] ?? 'rprivate';

function deviceLines(a: Given, substitutions: readonly Substitution[]): string[] {
  const bits = Number.parseInt(text(a.mode), 8);
  const kind = { 8192: 'c', 24576: 'b', 4096: 'p' }[bits & 0o170000] ?? 'c';
  const path = inRoot(text(a.path), substitutions);
  const numbers = kind === 'p' ? '' : ` ${Number(a.major)} ${Number(a.minor)}`;
  const lines = [`mknod -m ${(bits & 0o7777).toString(8)} ${path} ${kind}${numbers}`];
  if (Number(a.uid) + Number(a.gid) > 0) lines.push(`chown ${Number(a.uid)}:${Number(a.gid)} ${path}`);
  return lines;
}

const propagation = (flags: number): string => propagationName(flags) ?? 'private';

/** A number without a name stays one, and prlimit refuses it. */
const limitName = (resource: number): string => rlimitNames[resource] ?? String(resource);

export interface Privileges {
  /** Options of setpriv(1). */
  options: string[];
  folder: string;
  argv: string[];
}

/** What the last operations make of the process, for one setpriv. */
export function privilegesOf(run: RunFacts): Privileges {
  const given = (operation: string): Given | undefined => {
    const event = run.events.findLast((one) => one.pid === run.initPid && one.data.operation === operation);
    return event?.data.arguments as Given | undefined;
  };
  const capabilities = (list: unknown): string => {
    const names = text(list)
      .split(',')
      .filter((name) => /^[a-z_]+$/.test(name) && name !== 'none');
    return ['-all', ...names.map((name) => `+${name}`)].join(',');
  };
  const groups = text(given('setgroups')?.gids).trim();
  const ambient = capabilities(given('capability_ambient')?.mask);
  const options = [
    '--bounding-set',
    capabilities(given('capability_bounding')?.keep),
    '--inh-caps',
    capabilities(given('capset')?.inheritable),
    ...(ambient === '-all' ? [] : ['--ambient-caps', ambient]),
    ...(groups === '' ? ['--clear-groups'] : ['--groups', groups.replaceAll(' ', ',')]),
    '--regid',
    String(Number(given('setgid')?.gid ?? 0)),
    '--reuid',
    String(Number(given('setuid')?.uid ?? 0)),
    ...(given('no_new_privs') === undefined ? [] : ['--no-new-privs']),
  ];
  const argv = given('exec')?.argv;
  return {
    options: options.map((option) => word(option)),
    folder: text(given('chdir')?.path) || '/',
    argv: Array.isArray(argv) ? argv.map(String) : [],
  };
}
