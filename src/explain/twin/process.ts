// The container's first process by hand: cloned by unshare, prepared by a script in the new namespaces, put below its root by nsenter,
// and replaced by the program. Host and process speak through two FIFOs, as tlab-runc and its child do through a socket.
import { printable } from '../../base/text.ts';
import type { TraceEvent } from '../../trace/file.ts';
import type { Blocks, Step } from './blocks.ts';
import { conversation, insideFunctions } from './frame.ts';
import { hostSteps } from './host.ts';
import { insideStep, privilegesOf } from './inside.ts';
import type { Names } from './names.ts';
import type { RunFacts } from './run.ts';
import { word } from './shell.ts';

/** `mount,uts` as options of unshare(1). */
const namespaceOptions = (event: TraceEvent | undefined): string[] =>
  String((event?.data.arguments as { flags?: unknown } | undefined)?.flags ?? '')
    .split(',')
    .filter((name) => /^[a-z]+$/.test(name))
    .map((name) => `--${name === 'network' ? 'net' : name}`);

const operationOf = ({ events, initPid }: RunFacts, name: string): TraceEvent | undefined =>
  events.find((event) => event.pid === initPid && event.data.operation === name);

/** From the clone to the running program. */
export function processLines(run: RunFacts, names: Names, blocks: Blocks): string[] {
  const { clone, exec, isAttached, takesInput, network } = run;
  const enter = network === undefined ? '' : 'nsenter --net="$NETNS" ';
  const streams = isAttached ? (takesInput ? ' <&5' : '') : ' > "$DIR/output" 2>&1';
  return [
    '',
    '# ── the part that runs in the new namespaces, as the process that becomes the container ──',
    `cat > "$DIR/init" <<'END_OF_INIT'`,
    ...insideLines(run, names, blocks),
    'END_OF_INIT',
    '',
    ...conversation,
    ...(takesInput && isAttached ? ['exec 5<&0'] : []),
    '',
    blocks.comment(clone),
    '# The shell around it waits for the program, as the shim does.',
    '(',
    '  status=0',
    `  ${enter}unshare --fork --propagation unchanged ${namespaceOptions(clone).join(' ')} setsid sh "$DIR/init" || status=$?`,
    '  echo "ended $status" >&4',
    '  exit $status',
    `)${streams} &`,
    'JOB=$!',
    'answer',
    'INIT=$ANSWER',
    'undo stop_process "$INIT"',
    ...blocks.of(hostSteps(run, names, { after: clone.seq, before: exec.seq })),
    '',
    '# In its cgroups now: the first process may go on, and says when all is prepared.',
    'echo go >&3',
    'answer',
    ...rootLines(run, blocks),
    ...startLines(run, blocks),
  ];
}

function rootLines(run: RunFacts, blocks: Blocks): string[] {
  return [
    '',
    blocks.comment(operationOf(run, 'pivot_root') ?? run.exec),
    'nsenter --mount="/proc/$INIT/ns/mnt" sh -c \'cd "$1" && pivot_root . .\' sh "$ROOTFS"',
    '# The old root lies over the new one now, so nsenter lands in it, and finds umount.',
    'nsenter --mount="/proc/$INIT/ns/mnt" umount --lazy /',
  ];
}

function startLines({ exec, isAttached }: RunFacts, blocks: Blocks): string[] {
  const attached = [
    'status=0',
    'wait "$JOB" || status=$?',
    'echo "twin: $ID ended with $status; take it back with: ID=$ID sh $0 clean" >&2',
    'trap - EXIT',
    'exit $status',
  ];
  const detached = ['echo "$ID runs as process $INIT; its output: $DIR/output; take it back with: ID=$ID sh $0 clean"'];
  return ['', blocks.comment(exec), 'echo start >&3', ...(isAttached ? attached : detached)];
}

/** A cgroup namespace is made only when the process is in its cgroup: by an unshare of its own, which starts this script again. */
function insideLines(run: RunFacts, names: Names, blocks: Blocks): string[] {
  const { events, initPid, exec } = run;
  const steps = events
    .filter((event) => event.pid === initPid && event.seq < exec.seq)
    .map((event) => insideStep(event, names))
    .filter((step): step is Step => step !== undefined);
  const late = operationOf(run, 'unshare');
  const session = operationOf(run, 'setsid');
  return [
    'set -eu',
    ...(session === undefined ? [] : [blocks.comment(session), '# setsid stands in the line that starts this.']),
    ...(late === undefined ? [] : [`if [ "\${1-}" != joined ]; then`]),
    "# /proc is still the host's: it tells this process its number there.",
    'read -r INIT rest < /proc/self/stat',
    'echo "$INIT" >&4',
    'read -r go <&3',
    ...(late === undefined
      ? []
      : [blocks.comment(late), `exec unshare ${namespaceOptions(late).join(' ')} sh "$0" joined`, 'fi']),
    '',
    ...insideFunctions,
    ...blocks.of(steps),
    '',
    ...programLines(run, blocks),
  ];
}

function programLines(run: RunFacts, blocks: Blocks): string[] {
  const privileges = privilegesOf(run);
  const { known, unknown } = environmentWords(run.environment);
  return [
    blocks.comment(operationOf(run, 'capability_bounding') ?? run.exec, run.exec),
    ...unknown,
    `exec setpriv ${privileges.options.join(' ')} \\`,
    `  env -i ${known.map((variable) => `${variable} \\\n  `).join('')}/bin/sh -c '`,
    '    echo ready >&4',
    '    read -r start <&3',
    '    exec 3>&- 4>&-',
    '    cd "$1"',
    '    unset PWD OLDPWD',
    '    shift',
    '    exec "$@"',
    `' sh ${[privileges.folder, ...privileges.argv].map((text) => word(text)).join(' ')}`,
  ];
}

/** Values that the trace does not hold are taken from the script's own environment, by another name. */
function environmentWords(environment: readonly string[]): { known: string[]; unknown: string[] } {
  const known: string[] = [];
  const unknown: string[] = [];
  for (const variable of environment) {
    const equals = variable.indexOf('=');
    const name = variable.slice(0, equals);
    // env(1) takes a word that begins with - for an option: -S would run what it holds.
    if (equals > 0 && !name.startsWith('-') && !/^(\[redacted\]|\*+)$/.test(variable.slice(equals + 1)))
      known.push(word(variable));
    else if (/^[A-Za-z_]\w*$/.test(name)) {
      known.push(`${name}="\${ENV_${name}-}"`);
      unknown.push(`# The value of ${name} was not recorded: set ENV_${name}.`);
    } else unknown.push(`# ${printable(name)}: its value was not recorded, or no shell variable can have its name.`);
  }
  return { known, unknown };
}
