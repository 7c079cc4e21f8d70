// Order rules: what every trace, real, simulated or recorded, must satisfy. They come from the rows (`follows`) and from the doors:
// an answer comes after its question, in the same span, and what was sent is received.
import { events as rows } from './events.ts';
import type { TraceEvent } from './file.ts';
import type { Row } from './row.ts';

const rowOf = (type: string): Row<unknown> | undefined => (rows as unknown as Record<string, Row<unknown>>)[type];

/** The message of a door that must have been seen in the same span before this one. */
const doorRules: Array<[suffix: string, before: string]> = [
  ['.response-received', '.request-sent'],
  ['.response-sent', '.request-received'],
];

function doorViolation(event: TraceEvent, seen: Set<string>): string | undefined {
  for (const [suffix, before] of doorRules) {
    if (!event.type.endsWith(suffix)) continue;
    const needed = event.type.replace(suffix, before);
    if (!seen.has(`${event.span} ${needed}`))
      return `event ${event.seq} ${event.type}: no ${needed} before it in span ${event.span}`;
  }
  return undefined;
}

/** Every broken rule in words; empty for a trace that is in order. */
export function orderViolations(events: readonly TraceEvent[]): string[] {
  const types = new Set<string>();
  const inSpan = new Set<string>();
  const violations: string[] = [];
  for (const event of events) {
    const broken = doorViolation(event, inSpan);
    if (broken !== undefined) violations.push(broken);
    const follows = rowOf(event.type)?.follows;
    if (follows !== undefined && !follows.some((type) => types.has(type))) {
      violations.push(`event ${event.seq} ${event.type}: must come after ${follows.join(' or ')}`);
    }
    types.add(event.type);
    inSpan.add(`${event.span} ${event.type}`);
  }
  return violations;
}
