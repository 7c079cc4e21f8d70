// A run as a shell script: the by-hand command of each step, in the order of the trace, with its stage, its event and its cause; and beside
// each the command that takes it back. Parts: twin/run.ts reads the run, twin/names.ts its variables; twin/host.ts, image.ts, inside.ts and
// process.ts turn events into commands; twin/frame.ts has what is the same in every script.
// Rule: nothing is left out silently. What no command does is named in a comment; a trace that lacks what is needed is refused.
import { LabError } from '../base/errors.ts';
import { printable } from '../base/text.ts';
import { gapsOf, type Trace } from '../trace/file.ts';
import { Blocks } from './twin/blocks.ts';
import { bridgeSteps } from './twin/bridge.ts';
import { hostFunctions, opening, unpackFunction } from './twin/frame.ts';
import { hostSteps } from './twin/host.ts';
import { imageLines } from './twin/image.ts';
import { type Names, namesOf } from './twin/names.ts';
import { processLines } from './twin/process.ts';
import { type RunFacts, runFacts } from './twin/run.ts';
import { word } from './twin/shell.ts';

/** The script's lines. @throws LabError invalidArgument for a trace without a container, or of one that no script can make. */
export function twinScript(trace: Trace): string[] {
  const run = runFacts(trace);
  refuseUserNamespace(run);
  const names = namesOf(run);
  const blocks = new Blocks(trace, run);
  const { header } = trace;
  const network = blocks.of(hostSteps(run, names, { after: 0, before: run.overlay.seq }));
  const body = [
    ...bridgeLines(run, names, network),
    ...network,
    ...imageLines(run, names, blocks),
    ...blocks.of(hostSteps(run, names, { after: run.overlay.seq, before: run.clone.seq })),
    ...processLines(run, names, blocks),
  ];
  const title = `Trace ${printable(header.id.slice(0, 12))}, recorded by tlab ${printable(header.tool.tlab)}:`;
  return [
    ...opening(title, printable(header.command.join(' '))),
    ...flawsOf(trace).map((words) => `# ${printable(words)}: steps may be missing below.`),
    ...variableLines(names),
    ...hostFunctions,
    ...programCheck(body),
    ...sourceCheck(run, names),
    ...(run.layers.digests.length > 0 ? ['', ...unpackFunction] : []),
    '',
    `mkdir -p "\${DIR%/*}"`,
    'mkdir "$DIR"',
    ': > "$DIR/undo"',
    '# A script that fails takes back what it did.',
    "trap 'status=$?; [ $status -eq 0 ] || clean; exit $status' EXIT",
    ...body,
  ];
}

/** Lost system calls do not matter here: the script is made of what the stages report. */
const flawsOf = (trace: Trace): string[] => gapsOf(trace).filter((words) => words.startsWith('PARTIAL'));

function refuseUserNamespace({ events }: RunFacts): void {
  const map = events.find(({ data }) => data.operation === 'id_map' || data.operation === 'id_map_check');
  if (map === undefined) return;
  const message = `event ${map.seq}: this container has a user namespace of its own, which a twin script cannot make`;
  throw new LabError('invalidArgument', message, { hint: 'record a run with --userns=host' });
}

function variableLines({ variables }: Names): string[] {
  const all = variables.map(({ name }) => name);
  return [
    '# Names and addresses of its own, so that it can stand beside the original; each can be set from outside.',
    ...variables.map(({ name, value, says }) => `${name}=\${${name}:-${value}} # ${printable(says)}`),
    `export ${all.join(' ')}`,
    `for name in ${all.map((name) => `"$${name}"`).join(' ')}; do`,
    '  case $name in',
    '    \'\' | *[!A-Za-z0-9_./:-]*) echo "twin: \\"$name\\": expected letters, digits and _./:-" >&2; exit 1 ;;',
    '  esac',
    'done',
  ];
}

/** A trace of a run that found its bridge does not show how it was made; one of a daemon that had just started shows a part. */
function bridgeLines({ network }: RunFacts, names: Names, shown: readonly string[]): string[] {
  const { bridge, address } = network ?? {};
  if (bridge?.wasThere !== true || address === undefined) return [];
  const steps = bridgeSteps({ bridge, address }, names).filter(
    ({ lines }) => !lines.some((line) => shown.includes(line)),
  );
  return [
    '',
    `# Not in this trace: the bridge ${word(bridge.name)} was there. An earlier run made it, so:`,
    ...steps.flatMap((step) => step.lines),
  ];
}

/** What of the recording host a bind mount needs. */
const sourceCheck = (run: RunFacts, names: Names): string[] =>
  run.events
    .filter((event) => event.type === 'kernel.mount-attached' && event.pid === run.initPid)
    .filter((event) => /^mount --r?bind /.test(event.twin ?? ''))
    .map((event) => word(String(event.data.source), names.substitutions))
    .filter((source) => !source.includes('$'))
    .map((source) => `[ -e ${source} ] || die "not on this host: "${source}`);

const candidates = (
  'ip iptables nsenter unshare setpriv mount umount pivot_root setsid sysctl hostname domainname prlimit ' +
  'mknod mkfifo env'
).split(' ');

/** Programs that the script's commands name, and those of its functions. */
function programCheck(body: readonly string[]): string[] {
  const text = body.join('\n');
  const used = candidates.filter((program) => new RegExp(`(?:^|[\\s|(])${program} `, 'm').test(text));
  return [
    `for program in ${[...used, 'sha256sum', 'tar', 'readlink'].join(' ')}; do`,
    '  command -v "$program" > /dev/null || die "$program is not installed"',
    'done',
  ];
}
