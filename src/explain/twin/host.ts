// The host's part of a twin script: image layers, overlay, network, cgroups, and what the runtime does around the clone.
// One row for each kind of event: the command, and beside it the command that takes it back.
import type { TraceEvent } from '../../trace/file.ts';
import type { Step } from './blocks.ts';
import type { Names } from './names.ts';
import type { RunFacts } from './run.ts';
import { type Substitution, word, wordsIn } from './shell.ts';

/**
 * What a command taken from a trace may be: nothing else of it is run. `ip netns exec` and `ip -batch` would run what the script does
 * not show.
 */
const allowedForm = /^(?:ip (?:link|addr|route|neigh|rule) [a-z]+ |sysctl -w [^-])/;

/** The words of a twin of the trace; undefined for one that may not be a line of the script. */
function commandWords(twin: string): string[] | undefined {
  const words = wordsIn(twin);
  const isInside = words[0] === 'nsenter' && words[1]?.startsWith('--net=') === true;
  const command = (isInside ? words.slice(2) : words).join(' ');
  return allowedForm.test(command) && !/[\n\0]/.test(command) ? words : undefined;
}

const lineOf = (words: readonly string[], substitutions: readonly Substitution[]): string =>
  words.map((text) => word(text, substitutions)).join(' ');

/** A file of a cgroup, and none elsewhere by way of `..`. */
const isCgroupPath = (path: string): boolean =>
  path.startsWith('/sys/fs/cgroup/') && !/\/\.\.?(?:\/|$)|[\n\0]/.test(path);

const notDone = (event: TraceEvent, what: string): Step => ({ event, lines: [`# not done by hand: ${what}`] });

/** Everything that stages on the host did between two events. */
export const hostSteps = (run: RunFacts, names: Names, range: { after: number; before: number }): Step[] =>
  run.events
    .filter((event) => event.seq > range.after && event.seq < range.before && event.pid !== run.initPid)
    .map((event) => hostStep(event, names, run.initPid))
    .filter((step): step is Step => step !== undefined);

/** The step of an event that a stage on the host made; undefined for events that change nothing that the container needs. */
export function hostStep(event: TraceEvent, names: Names, initPid: number): Step | undefined {
  if (typeof event.data.errno === 'string') return undefined;
  const { substitutions } = names;
  switch (event.type) {
    case 'kernel.netlink-sent':
      return networkStep(event, substitutions);
    case 'kernel.network-namespace-created':
      return {
        event,
        lines: [': > "$NETNS"', 'undo rm -f "$NETNS"', 'unshare --net="$NETNS" true', 'undo umount "$NETNS"'],
      };
    case 'kernel.file-written':
      return sysctlStep(event, substitutions);
    case 'kernel.chain-made':
      return chainStep(event, substitutions);
    case 'kernel.rule-added':
      return ruleStep(event, names);
    case 'kernel.cgroup-made': {
      const path = String(event.data.path);
      if (!isCgroupPath(path)) return notDone(event, `making ${word(path)}, which is no cgroup`);
      return { event, lines: [`make_cgroup ${word(path, substitutions)}`] };
    }
    case 'kernel.cgroup-written':
      return cgroupWriteStep(event, initPid, substitutions);
    case 'kernel.operation-executed':
      return operationStep(event);
    default:
      return undefined;
  }
}

function networkStep(event: TraceEvent, substitutions: readonly Substitution[]): Step | undefined {
  const words = commandWords(event.twin ?? '');
  if (words === undefined) return notDone(event, `the netlink message ${word(String(event.data.message))}`);
  const made = /^ip link add /.test(words.join(' ')) ? words[3] : undefined;
  const undo = made === undefined ? [] : [`undo ip link delete ${word(made, substitutions)}`];
  return { event, lines: [lineOf(words, substitutions), ...undo] };
}

/** A setting of the host is given back; one of the namespace goes with it. */
function sysctlStep(event: TraceEvent, substitutions: readonly Substitution[]): Step | undefined {
  const words = commandWords(event.twin ?? '');
  if (words === undefined) return notDone(event, `writing ${word(String(event.data.path))}`);
  const command = lineOf(words, substitutions).replace(' -w ', ' -q -w ');
  if (words[0] !== 'sysctl') return { event, lines: [command] };
  const name = word((words[2] ?? '').replace(/=.*$/s, ''), substitutions);
  return { event, lines: [`undo sysctl -q -w ${name}="$(sysctl -n ${name})"`, command] };
}

function chainStep(event: TraceEvent, substitutions: readonly Substitution[]): Step {
  if (/\n/.test(`${event.data.table}${event.data.chain}`)) return notDone(event, 'a chain whose name has a newline');
  const table = word(String(event.data.table));
  const chain = word(String(event.data.chain), substitutions);
  return {
    event,
    lines: [
      `iptables -w 10 -t ${table} -N ${chain}`,
      `undo iptables -w 10 -t ${table} -X ${chain}`,
      `undo iptables -w 10 -t ${table} -F ${chain}`,
    ],
  };
}

/** A rule in a chain of ours goes with the chain; one in the kernel's own chains is taken back by itself. */
function ruleStep(event: TraceEvent, { substitutions, ports }: Names): Step {
  const verb = / -I /.test(event.twin ?? '') ? '-I' : '-A';
  const chain = String(event.data.chain);
  const words = wordsIn(String(event.data.rule));
  if (isForeignRule([chain, ...words])) return notDone(event, `the rule ${word(String(event.data.rule))}`);
  const isPublished = event.data.table === 'nat' && words.includes('DNAT');
  const rule = words
    .map((text, i) => {
      const variable = isPublished && words[i - 1] === '--dport' ? ports.get(text) : undefined;
      return variable === undefined ? word(text, substitutions) : `"$${variable}"`;
    })
    .join(' ');
  const table = word(String(event.data.table));
  const where = word(chain, substitutions);
  const lines = [`iptables -w 10 -t ${table} ${verb} ${where} ${rule}`];
  if (/^[A-Z]+$/.test(chain) && chain !== 'TLAB') lines.push(`undo iptables -w 10 -t ${table} -D ${where} ${rule}`);
  return { event, lines };
}

/** `--modprobe` and `-M` name a program that iptables runs; letters of options can be joined. @source man iptables(8), getopt(3) */
const isForeignRule = (words: readonly string[]): boolean => words.some((one) => /\n|^--mo|^-M|^-[A-Za-z]./.test(one));

function cgroupWriteStep(event: TraceEvent, initPid: number, substitutions: readonly Substitution[]): Step {
  if (!isCgroupPath(String(event.data.path))) {
    return notDone(event, `writing ${word(String(event.data.path))}, which is no file of a cgroup`);
  }
  const value = String(event.data.value) === String(initPid) ? '"$INIT"' : word(String(event.data.value));
  return { event, lines: [`echo ${value} > ${word(String(event.data.path), substitutions)}`] };
}

/** What tlab-runc does for the waiting child. The clone itself is written by the script's frame. */
function operationStep(event: TraceEvent): Step | undefined {
  const given = event.data.arguments as Record<string, unknown>;
  switch (event.data.operation) {
    case 'oom_score_adj':
      return { event, lines: [`echo ${word(String(given.value))} > "/proc/$INIT/oom_score_adj"`] };
    case 'fork':
    case 'clone':
      return undefined;
    case 'cgroup_devices':
      return notDone(
        event,
        `the device program (${word(String(given.program))}): attaching one to a cgroup is bpf(2), which no shell command calls`,
      );
    case 'systemd_call':
      return notDone(
        event,
        `systemd's unit ${word(String(given.unit))}: the cgroup of a command is systemd-run --scope's to make, and the twin makes its own`,
      );
    case 'hook':
      return notDone(
        event,
        `the hook ${word(String(given.path))}: it is a program of the host's, run it where you need it`,
      );
    default:
      return notDone(event, word(String(event.data.operation)));
  }
}
