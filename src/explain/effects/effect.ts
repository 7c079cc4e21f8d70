// What a trace changed in the kernel, as a list that two traces can be compared by. An effect has a kind, a subject (what is changed:
// /proc, memory.limit_in_bytes, net.ipv4.ip_forward) and a value (to what). It is read from events of levels 0 to 2, whoever made them:
// reported by our runtime, observed in our daemon, or derived from the calls of a foreign program (derive.ts).
// Rule: what differs from run to run of the same command (ids, pids, addresses given out) stands in neither subject nor value.

import type { TraceEvent } from '../../trace/file.ts';
import type { Draft, Effect } from './kinds.ts';
import { networkEffects } from './network.ts';
import { operationEffects } from './operation.ts';
import { Sameness } from './sameness.ts';

/** The effects of a trace, in the order of its events. What is only taken down again (at the end of a container) is none. */
export function effectsOf(events: readonly TraceEvent[]): Effect[] {
  const sameness = new Sameness(events);
  const effects: Effect[] = [];
  for (const event of events) {
    const errno = typeof event.data.errno === 'string' ? event.data.errno : '';
    const ignored = errno !== '' && isIgnored(event);
    for (const draft of draftsOf(event, sameness)) {
      const value = errno === '' || ignored ? draft.value : `${draft.value} fails: ${errno}`.trim();
      const effect: Effect = { ...draft, value, events: [event] };
      if (ignored) effect.absent = true;
      if (!joined(effects, effect)) effects.push(effect);
    }
  }
  return effects;
}

/** An errno that the operation met and went on: a masked path that does not exist. */
const isIgnored = ({ data }: TraceEvent): boolean =>
  typeof data.result === 'number' ? data.result >= 0 : data.ignored === true;

function draftsOf(event: TraceEvent, sameness: Sameness): Draft[] {
  if (event.type === 'cli.command-ended') {
    return [{ kind: 'exit', subject: 'exit status', value: String(event.data.status ?? 'none: an error') }];
  }
  if (event.stage !== 'kernel') return [];
  return networkEffects(event, sameness) ?? operationEffects(event, sameness);
}

const optionsOf = (value: string): Set<string> => new Set(value.split(',').filter((word) => word !== ''));

/** A remount belongs to the mount before it on the same target: together they are one mount with the options of both. */
function joined(effects: Effect[], effect: Effect): boolean {
  if (effect.kind !== 'mount' || !effect.value.startsWith('remount')) return false;
  const mount = effects.findLast((one) => one.kind === 'mount' && one.subject === effect.subject);
  if (mount === undefined) return false;
  const [head = '', first = ''] = splitOnce(mount.value, ' ');
  const options = optionsOf(splitOnce(effect.value, ' ')[1] ?? '');
  options.delete('bind');
  for (const option of optionsOf(first)) if (!['ro', 'rw'].includes(option)) options.add(option);
  mount.value = `${head} ${[...options].sort().join(',')}`.trim();
  mount.events.push(...effect.events);
  return true;
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
