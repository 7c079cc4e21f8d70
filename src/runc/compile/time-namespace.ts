// A time namespace of the container's own, and `linux.timeOffsets`. unshare(2) makes one for children only; its clocks can be set until
// somebody is in it. So: the child leaves the host's, the runtime writes the offsets (the file belongs to the host's root), the child enters.
// @source man time_namespaces(7); oci-runtime config-linux#offset-for-time-namespace
import type { Operation } from '../plan/operations.ts';
import { byInit, byRuntime, type CompileContext, refusal } from './context.ts';
import { CLONE_NEW } from './flags.ts';

const clocks = ['monotonic', 'boottime'];

export function checkTimeOffsets({ config }: CompileContext): void {
  const offsets = config.linux?.timeOffsets;
  if (offsets === undefined) return;
  const time = (config.linux?.namespaces ?? []).find(({ type }) => type === 'time');
  if (time === undefined) throw refusal('/linux/timeOffsets', 'expected none without a time namespace');
  if (time.path)
    throw refusal('/linux/timeOffsets', 'expected none, since the time namespace is joined and its clocks are set');
  const other = Object.keys(offsets).find((clock) => !clocks.includes(clock));
  if (other !== undefined)
    throw refusal(
      `/linux/timeOffsets/${other}`,
      `"${other}": expected monotonic or boottime, the clocks that have an offset`,
    );
}

export function timeOperations({ config }: CompileContext): Operation[] {
  const { namespaces = [], timeOffsets = {} } = config.linux ?? {};
  const index = namespaces.findIndex(({ type, path }) => type === 'time' && !path);
  if (index < 0) return [];
  const cause = `/linux/namespaces/${index}` as const;
  const lines = Object.entries(timeOffsets).map(
    ([clock, { secs = 0, nanosecs = 0 }]) => `${clock} ${secs} ${nanosecs}\n`,
  );
  return [
    byInit('unshare', cause, { flags: CLONE_NEW.time }),
    ...(lines.length === 0 ? [] : [byRuntime('time_offsets', '/linux/timeOffsets', { value: lines.join('') })]),
    byInit('time_enter', cause, {}),
  ];
}
