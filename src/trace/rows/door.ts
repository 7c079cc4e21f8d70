// The four messages at a door, the same for every stage: request sent and received, response sent and received.
import { type DoorData, doorData, type Row, row } from '../row.ts';

type DoorRows<Stage extends string> = {
  [Message in `${Stage}.${'request-sent' | 'request-received' | 'response-sent' | 'response-received'}`]: Row<DoorData>;
};

/** `Tasks/Create` for `containerd.services.tasks.v1.Tasks/Create`: packages say little to people. */
const withoutPackage = (method: string): string => method.replace(/^[a-z0-9_.]+\.([A-Z][A-Za-z]*\/)/, '$1');

export function doorRows<Stage extends string>(stage: Stage): DoorRows<Stage> {
  const message = (verb: string, preposition: string): Row<DoorData> =>
    row({
      level: 1,
      data: doorData,
      says: (d) =>
        `${stage} ${verb} ${withoutPackage(d.method)} ${preposition} ${d.peer} (${d.door})` +
        (d.status === undefined ? '' : ` → ${d.status}`) +
        (d.error === undefined ? '' : `: ${d.error}`),
      source: 'tlab doors',
    });
  return {
    [`${stage}.request-sent`]: message('sends', 'to'),
    [`${stage}.request-received`]: message('receives', 'from'),
    [`${stage}.response-sent`]: message('answers', 'to'),
    [`${stage}.response-received`]: message('has the answer to', 'from'),
  } as DoorRows<Stage>;
}
