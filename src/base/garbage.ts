// How V8 collects the garbage of the stages that serve.
import { setFlagsFromString } from 'node:v8';

/**
 * Marks the heap in one go of a few milliseconds. In small steps V8 posts itself one task after the other, and in the end, while it waits
 * for its helper threads, a thousand in a few milliseconds, each with a write, an epoll_pwait and a read. Call it first of all.
 */
export function collectAtOnce(): void {
  setFlagsFromString('--no-incremental-marking');
}
