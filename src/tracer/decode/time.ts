// Arguments of the calls on time: seconds with nanoseconds or microseconds, intervals, timers, what happens when one runs out.
// @source man clock_gettime(2), setitimer(2), timer_create(2), utimensat(2), sigevent(7)

import { nameOf } from '../flags/names.ts';
import { signals } from '../flags/signal.ts';
import { clocks, notifyKinds, timeAdjustments } from '../flags/time.ts';
import type { ArgumentType } from '../syscall.ts';
import { int32 } from './arguments.ts';
import {
  behind,
  flagsShape,
  nameShape,
  pointerText,
  pointerTo,
  readNumber,
  readUnsigned,
  type Shape,
  signed,
  struct,
} from './shapes.ts';

export const timespec: Shape = struct({ tv_sec: signed(8), tv_nsec: signed(8) });
export const timeval: Shape = struct({ tv_sec: signed(8), tv_usec: signed(8) });
const interval = struct({ it_interval: timespec, it_value: timespec });
const intervalInMicroseconds = struct({ it_interval: timeval, it_value: timeval });

export const timespecIn = pointerTo(timespec);
export const timespecOut = pointerTo(timespec, 'exit');
export const timevalIn = pointerTo(timeval);
export const timevalOut = pointerTo(timeval, 'exit');
export const intervalIn = pointerTo(interval);
export const intervalOut = pointerTo(interval, 'exit');
export const microsecondsIn = pointerTo(intervalInMicroseconds);
export const microsecondsOut = pointerTo(intervalInMicroseconds, 'exit');
export const timezoneIn = pointerTo(struct({ tz_minuteswest: signed(4), tz_dsttime: signed(4) }));
export const timezoneOut = pointerTo(struct({ tz_minuteswest: signed(4), tz_dsttime: signed(4) }), 'exit');

const interrupted = new Set([-4n, -516n]);

/** What was left of a sleep: the kernel says it only when the sleep was interrupted. */
export const remaining: ArgumentType = {
  capture: { kind: 'struct', size: timespec.size },
  when: 'exit',
  show(view) {
    const isThere = view.captured && view.captured.bytes.length >= timespec.size;
    if (!isThere || view.result === undefined || !interrupted.has(view.result)) return pointerText(view.value);
    return view.captured ? timespec.show(view.captured.bytes, view) : '';
  },
};

/** Processor clocks of other processes have numbers below 0. */
export const clock: ArgumentType = {
  show(view) {
    const number = int32(view.value);
    if (number >= 0) return nameOf(BigInt(number), clocks) ?? `0x${number.toString(16)} /* CLOCK_??? */`;
    const kinds = ['CPUCLOCK_PROF', 'CPUCLOCK_VIRT', 'CPUCLOCK_SCHED', 'CLOCKFD'];
    const kind = kinds[number & 3] ?? '';
    const owner = ~(number >> 3);
    if (kind === 'CLOCKFD') return `FD_TO_CLOCKID(${owner})`;
    return number & 4 ? `MAKE_THREAD_CPUCLOCK(${owner}, ${kind})` : `MAKE_PROCESS_CPUCLOCK(${owner}, ${kind})`;
  },
};

const [now, omit] = [0x3fffffffn, 0x3ffffffen];

function fileTime(data: Uint8Array, view: Parameters<Shape['show']>[1]): string {
  const nanoseconds = readUnsigned(data, 8);
  if (nanoseconds === now) return 'UTIME_NOW';
  return nanoseconds === omit ? 'UTIME_OMIT' : timespec.show(data, view);
}

/** Two times of a file, last access and last change. */
export const fileTimes: ArgumentType = behind({ kind: 'struct', size: 32 }, (data, view) =>
  data.length < 32 ? pointerText(view.value) : `[${fileTime(data, view)}, ${fileTime(data.subarray(16), view)}]`,
);
export const fileTimesInMicroseconds: ArgumentType = behind({ kind: 'struct', size: 32 }, (data, view) =>
  data.length < 32
    ? pointerText(view.value)
    : `[${timeval.show(data, view)}, ${timeval.show(data.subarray(16), view)}]`,
);
export const fileTimesInSeconds = pointerTo(struct({ actime: signed(8), modtime: signed(8) }));

const threadNotify = 4;

/** `struct sigevent`: what a timer or a message queue does when its time has come. */
export const signalEvent: ArgumentType = behind({ kind: 'struct', size: 64 }, (data, view) => {
  const kind = readNumber(data, 12, 4);
  const shown = [
    `sigev_value={sival_int=${readNumber(data, 0, 4) | 0}, sival_ptr=${pointerText(readUnsigned(data, 0))}}`,
    `sigev_signo=${nameOf(BigInt(readNumber(data, 8, 4)), signals) ?? readNumber(data, 8, 4)}`,
    `sigev_notify=${nameShape(notifyKinds).show(data.subarray(12), view)}`,
    ...(kind === threadNotify ? [`sigev_notify_thread_id=${readNumber(data, 16, 4)}`] : []),
  ];
  return `{${shown.join(', ')}}`;
});

/** `struct timex`: what is asked for, and how far the clock is off. */
export const clockAdjustment = behind({ kind: 'struct', size: 24 }, (data, view) => {
  const modes = flagsShape(timeAdjustments).show(data, view);
  return `{modes=${modes}, offset=${BigInt.asIntN(64, readUnsigned(data, 8))}, freq=${BigInt.asIntN(64, readUnsigned(data, 16))}, ...}`;
});
