// Any event in our words: what it does, why now, what would break without it, which entries of the course it shows.
import type { TraceEvent } from '../trace/file.ts';
import { Call } from './call.ts';
import { eventRows } from './events.ts';
import { messageRows } from './messages.ts';
import { operationOf, operationRows } from './operations.ts';
import { cgroupOf, cgroupRows } from './subjects/cgroup.ts';
import { mountOfEvent, mountRows } from './subjects/mount.ts';
import { netlinkRows } from './subjects/netlink.ts';
import { ruleRows } from './subjects/rule.ts';
import { explainCall } from './syscalls/explain.ts';
import { type Explanation, explanationFrom, own } from './words-row.ts';

const text = (value: unknown): string => (value === undefined || value === null ? '' : String(value));

/**
 * The explanation of an event; undefined for types that only speak for themselves. `operation` is the event that a system call
 * carries out: where the call's own row says nothing about its moment, the operation's place in the order does.
 */
export function explain(event: TraceEvent, operation?: TraceEvent): Explanation | undefined {
  if (event.type === 'kernel.syscall-made') return explainedCall(event, operation);
  return kernelObject(event) ?? message(event) ?? explanationFrom(eventRows, event);
}

function explainedCall(event: TraceEvent, operation?: TraceEvent): Explanation {
  const explanation = explainCall(new Call(event, operation), event.data.noise === true);
  if (explanation.now !== undefined || operation === undefined) return explanation;
  const whole = explain(operation);
  if (whole === undefined) return explanation;
  const { now, without } = whole;
  return {
    ...explanation,
    now: `One step of ${partOf(operation)}.${now === undefined ? '' : ` ${now}`}`,
    ...(explanation.without === undefined && without !== undefined && { without: `Of the whole step: ${without}` }),
    shows: explanation.shows.length > 0 ? explanation.shows : whole.shows,
  };
}

const steps: Record<string, string> = {
  'kernel.process-executed': 'running that program',
  'kernel.mount-attached': 'that mount',
  'kernel.mount-detached': 'that unmount',
  'kernel.cgroup-made': 'making that cgroup',
  'kernel.cgroup-written': 'that write to a cgroup',
  'kernel.cgroup-removed': 'removing that cgroup',
  'kernel.netlink-sent': 'that netlink message',
  'kernel.rule-added': 'adding that rule',
};

const partOf = ({ type, data }: TraceEvent): string =>
  own(steps, type) ??
  (text(data.operation) ||
    (text(data.method) === '' ? type.replace(/^.*\./, '').replaceAll('-', ' ') : `the message ${text(data.method)}`));

function kernelObject(event: TraceEvent): Explanation | undefined {
  const { type, data } = event;
  switch (type) {
    case 'kernel.operation-executed':
      return explanationFrom(operationRows, operationOf(event));
    case 'kernel.mount-attached':
      return explanationFrom(mountRows, mountOfEvent(event));
    case 'kernel.cgroup-written':
      return explanationFrom(cgroupRows, cgroupOf(text(data.path), text(data.value), event.truth === 'derived'));
    case 'kernel.netlink-sent': {
      const message = text(data.message);
      const attributes = JSON.stringify(data.attributes ?? {});
      return explanationFrom(netlinkRows, { message, text: attributes, namespace: text(data.namespace) });
    }
    case 'kernel.rule-added':
      return explanationFrom(ruleRows, { table: text(data.table), chain: text(data.chain), rule: text(data.rule) });
    default:
      return undefined;
  }
}

/** Of an answer: what happened below it. */
function answerNow({ data }: TraceEvent): string {
  if (text(data.error) !== '')
    return 'The work below this message failed or was refused; the error goes up to whoever asked.';
  if (data.status === 101) return 'From here on this connection carries the streams instead of messages.';
  return 'The work below this message is done.';
}

function message(event: TraceEvent): Explanation | undefined {
  if (!/\.(request|response)-(sent|received)$/.test(event.type)) return undefined;
  const explanation = explanationFrom(messageRows, event);
  if (explanation === undefined || event.type.includes('.request-')) return explanation;
  const { without: _, ...answer } = explanation;
  return {
    ...answer,
    does: `The answer to: ${explanation.does}`,
    now: answerNow(event),
  };
}
