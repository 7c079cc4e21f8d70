// Which calls belong to a derived event besides those that change something: what prepares it (the look-up and the open of the same
// path) and what ends it (the close, a look at the file just written). Told by the paths that calls speak of, never by time alone:
// between two changes a runtime does much that is part of neither.
import type { TraceEvent } from '../../trace/file.ts';
import type { Call } from './call.ts';

interface Deed {
  calls: TraceEvent[];
  paths: ReadonlySet<string>;
}

interface Passed {
  event: TraceEvent;
  paths: ReadonlySet<string>;
}

/** More between two changes are a program at its own work. */
const mostPending = 300;

export class Window {
  #last: Deed | undefined;
  #pending: Passed[] = [];

  /** A call that changes nothing by itself. */
  passes(event: TraceEvent, paths: ReadonlySet<string>): void {
    if (paths.size > 0) this.#pending.push({ event, paths });
    if (this.#pending.length > mostPending) this.settle();
  }

  /** A change, by these calls: they are added to. */
  changes(deed: Deed, isInside: (path: string) => boolean): void {
    const [before, isOwn] = [this.#last?.calls, new Set(deed.calls)];
    const rest: Passed[] = [];
    for (const one of this.#pending) {
      if (isOwn.has(one.event)) continue;
      if (prepares(one.paths, deed.paths, isInside)) deed.calls.push(one.event);
      else rest.push(one);
    }
    this.#pending = before === deed.calls ? [] : rest;
    this.settle();
    this.#last = deed;
  }

  /** What is left ends the last change, or belongs to none. */
  settle(): void {
    const last = this.#last;
    for (const { event, paths } of this.#pending)
      if (last !== undefined && ends(paths, last.paths)) last.calls.push(event);
    this.#pending = [];
  }
}

/** The same path, or a folder above it within the container's root. */
function prepares(paths: ReadonlySet<string>, deed: ReadonlySet<string>, isInside: (path: string) => boolean): boolean {
  for (const path of paths) {
    if (deed.has(path)) return true;
    if (isInside(path)) for (const whole of deed) if (whole.startsWith(`${path}/`)) return true;
  }
  return false;
}

/** The same path; of a control group, another file of the same group. */
function ends(paths: ReadonlySet<string>, deed: ReadonlySet<string>): boolean {
  for (const path of paths) {
    if (deed.has(path)) return true;
    const folder = path.startsWith('/sys/fs/cgroup/') ? folderOf(path) : undefined;
    if (folder !== undefined) for (const one of deed) if (folderOf(one) === folder) return true;
  }
  return false;
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

/** Calls whose strings are data, not names. */
const isData = /^p?(read|write)|^send|^recv|^set(host|domain)name$|^prctl$|^keyctl$|^execve/;

/** The paths that a call speaks of: names of descriptors, strings as they resolve; `/` says nothing. */
export function pathsOf(call: Call, resolve: (path: string, folder?: string) => string): Set<string> {
  const paths = new Set<string>();
  for (let at = 0; at < call.count; at++) {
    const descriptor = call.descriptor(at);
    const next = call.string(at + 1);
    const isFolder = next !== undefined && next !== '' && !isData.test(call.name);
    if (descriptor?.name?.startsWith('/') && !isFolder) paths.add(descriptor.name);
    const path = isData.test(call.name) ? undefined : call.string(at);
    if (path !== undefined && path !== '')
      paths.add(resolve(path, at === 0 ? undefined : call.descriptor(at - 1)?.name));
  }
  paths.delete('/');
  return paths;
}
