// Lists of CPUs and memory nodes as cpuset files have them: `0-3,7`. The executor reads the same form and checks it no further.
import { refusal } from './context.ts';

export function checkNumberList(
  list: string,
  { pointer, below, what }: { pointer: string; below: number; what: string },
): string {
  const wrong = () => refusal(pointer, `"${list}": expected ${what} such as 0-3,7, each below ${below}`);
  for (const part of list.split(',')) {
    const match = /^\s*(\d{1,5})(?:-(\d{1,5}))?\s*$/.exec(part);
    if (match === null) throw wrong();
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (first > last || last >= below) throw wrong();
  }
  return list.replaceAll(/\s/g, '');
}
