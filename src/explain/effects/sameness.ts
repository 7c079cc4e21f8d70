// What differs between two runs of the same command, and its place-holder: container ids, network namespaces, the engine's folders,
// numbers of snapshots, pids, names of veths, addresses that were free. Two traces that went alike then have the same text.
// Rule: only what the engine chose by itself is replaced, never what a person asked for.
import type { TraceEvent } from '../../trace/file.ts';

const idForm = /\b[0-9a-f]{64}\b/g;
const runFolder = /(\/[^\s,:="]*)\/(?:containerd\/io\.containerd\.runtime\.v2\.task|netns|fifo|runtime[^/]*\/moby)\//;
const dataFolder = /(\/[^\s,:="]*)\/(?:containers\/[0-9a-f]{64}|containerd\/snapshots)\//;

/** The texts of one trace with place-holders for what belongs to this run alone. */
export class Sameness {
  /** What to replace, the longest first. */
  readonly #known: [string, string][] = [];

  constructor(events: readonly TraceEvent[]) {
    const known = new Map<string, string>();
    for (const event of events) {
      if (event.type === 'kernel.syscall-made') continue;
      const text = JSON.stringify(event.data);
      for (const [id] of text.matchAll(idForm)) {
        if (known.has(id)) continue;
        known.set(id, '<id>');
        known.set(id.slice(0, 12), '<id>');
      }
      const [run, data] = [runFolder.exec(text)?.[1], dataFolder.exec(text)?.[1]];
      if (run !== undefined && run.length > 1) known.set(run, '<run>');
      if (data !== undefined && data.length > 1) known.set(data, '<data>');
    }
    this.#known = [...known].sort(([a], [b]) => b.length - a.length);
  }

  of(text: string): string {
    let result = text;
    for (const [own, placeholder] of this.#known) {
      if (result.includes(own)) result = result.replaceAll(own, placeholder);
    }
    return result
      .replace(/(^|[\s,:=])<run>\/containerd\/io\.containerd\.runtime\.v2\.task\/\w+\/<id>\/rootfs/g, '$1<rootfs>')
      .replace(/\/netns\/[0-9a-f]{12}\b/g, '/netns/<id>')
      .replace(/\/snapshots\/\d+\//g, '/snapshots/<n>/')
      .replace(/\/proc\/\d+\//g, '/proc/<pid>/')
      .replace(/\b(?:tlab-[0-9a-f]{8}|veth[0-9a-f]{7})\b/g, '<veth>')
      .replace(/[^\s,:="]*\/dist\/bin\//g, '<tlab>/');
  }
}
