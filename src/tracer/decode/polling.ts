// Arguments of the calls that wait for descriptors: pollfd, sets of select, events of epoll.
// @source man poll(2), select(2), epoll_ctl(2), epoll_wait(2)

import { showFlags } from '../flags/names.ts';
import { epollEvents, pollEvents } from '../flags/polling.ts';
import type { ArgumentType } from '../syscall.ts';
import type { ArgumentView } from '../view.ts';
import { descriptorText, int32 } from './arguments.ts';
import { behind, pointerText, pointerToItems, readNumber, readUnsigned, type Shape } from './shapes.ts';

const pollItem: Shape = {
  size: 8,
  align: 4,
  show(data, view) {
    const fd = readNumber(data, 0, 4) | 0;
    if (fd < 0) return `{fd=${fd}}`;
    return `{fd=${descriptorText(fd, view)}, events=${showFlags(BigInt(readNumber(data, 4, 2)), pollEvents)}}`;
  },
};

/** As they were handed over; what became of them is in the result's number only. */
export const pollItems: ArgumentType = pointerToItems(pollItem, 1);

const setBytes = 128;

/** A set of descriptors: `[3</x> 5]`. Positions from the first argument on. */
export const descriptorSet: ArgumentType = behind({ kind: 'struct', size: setBytes }, (data, view) => {
  const most = Math.min(int32(view.registers[0] ?? 0n), data.length * 8);
  const members: string[] = [];
  for (let fd = 0; fd < most; fd++) {
    if (((data[fd >> 3] ?? 0) >> (fd & 7)) & 1) members.push(descriptorText(fd, view));
  }
  return `[${members.join(' ')}]`;
});

const dataText = (data: Uint8Array): string =>
  `data={u32=${readNumber(data, 0, 4)}, u64=${readUnsigned(data, 0) > 0xffffffffn ? pointerText(readUnsigned(data, 0)) : readUnsigned(data, 0)}}`;

/** `struct epoll_event` is packed on x86-64 only. */
const dataAt = (view: ArgumentView): number => (view.process.machine === 'x64' ? 4 : 8);

function eventText(data: Uint8Array, view: ArgumentView): string {
  const events = showFlags(BigInt(readNumber(data, 0, 4)), epollEvents);
  return `{events=${events}, ${dataText(data.subarray(dataAt(view)))}}`;
}

export const epollEvent: ArgumentType = behind({ kind: 'struct', size: 16 }, (data, view) =>
  data.length < dataAt(view) + 8 ? pointerText(view.value) : eventText(data, view),
);

const eventsKept = 12;

/** As many events as the call returned. */
export const epollEventsOut: ArgumentType = behind(
  { kind: 'counted', count: 2, itemSize: 12, most: eventsKept * 16 },
  (data, view) => {
    const size = dataAt(view) + 8;
    const count = Number(view.result ?? 0n);
    const shown = Math.min(count, Math.floor(data.length / size));
    const items = Array.from({ length: shown }, (_, index) => eventText(data.subarray(index * size), view));
    return `[${[...items, ...(shown < count ? ['...'] : [])].join(', ')}]`;
  },
  'exit',
);
