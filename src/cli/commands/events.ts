// tlab events: what the daemon tells as it happens. @source docker-events(1)
import { jsonLines } from '../../daemon/client.ts';
import type { EventMessage } from '../../daemon/protocol.ts';
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { timestampText } from '../flags/readers.ts';
import { boolean, one, text } from '../flags/spec.ts';
import { filterFlag, filterQuery } from '../format/filters.ts';
import { parseTemplate } from '../format/template.ts';
import { copyOut, stopWhenClosed } from '../run/output.ts';

export default defineCommand({
  says: 'Until ctrl-c, or until the time of --until.',
  flags: {
    filter: filterFlag,
    format: text('Print each by a Go template, or as json'),
    json: boolean('Print one JSON document a line'),
    since: one('Begin with those after this time or within this duration', timestampText),
    until: one('End at this time', timestampText),
  },
  examples: [{ says: 'only the deaths', line: 'tlab events --filter event=die' }],
  async run({ flags }) {
    const asJson = flags.json || flags.format === 'json';
    const template = asJson || flags.format === undefined ? undefined : parseTemplate(flags.format);
    const stream = await connect().stream({
      method: 'GET',
      path: '/events',
      query: { since: flags.since, until: flags.until, filters: filterQuery(flags.filter) },
    });
    stopWhenClosed(stream);
    for await (const event of jsonLines<EventMessage>(stream)) {
      const line = asJson ? JSON.stringify(event) : (template?.({ ...absent, ...event }) ?? eventLine(event));
      copyOut(process.stdout, `${line}\n`, stream);
    }
    return 0;
  },
});

/** Members that only containers' and images' events have: empty to a template for the others. */
const absent = { status: '', id: '', from: '' };

/** `2026-11-20T12:00:00.000000000+00:00 container start <id> (image=busybox, name=web)`. */
function eventLine(event: EventMessage): string {
  const attributes = Object.entries(event.Actor.Attributes ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`);
  const about = attributes.length === 0 ? '' : ` (${attributes.join(', ')})`;
  return `${eventTime(event)} ${event.Type} ${event.Action} ${event.Actor.ID}${about}`;
}

function eventTime(event: EventMessage): string {
  const at = new Date(event.time * 1000);
  // JSON numbers keep about 256 ns of a present-day timeNano: shown as it came.
  const nanos = String(BigInt(event.timeNano) % 1_000_000_000n).padStart(9, '0');
  const offset = -at.getTimezoneOffset();
  const two = (n: number): string => String(Math.trunc(Math.abs(n))).padStart(2, '0');
  const local = new Date(at.getTime() + offset * 60_000).toISOString().slice(0, 19);
  const zone = offset === 0 ? 'Z' : `${offset < 0 ? '-' : '+'}${two(offset / 60)}:${two(offset % 60)}`;
  return `${local}.${nanos}${zone}`;
}
