// A system call in words: the row for the call and its arguments; else what every call of this name is.
// Rule: what the container's own program does is its own affair: it is named, never explained by the engine's reasons.
import type { Call } from '../call.ts';
import { type CgroupSubject, cgroupOf, cgroupRows } from '../subjects/cgroup.ts';
import { mountOfCall, mountRows } from '../subjects/mount.ts';
import { type NetlinkSubject, netlinkRows } from '../subjects/netlink.ts';
import { type Explanation, explanationFrom, explanationOf, own, rowFor } from '../words-row.ts';
import { descriptorCalls } from './descriptors.ts';
import { fileCalls } from './files.ts';
import { identityCalls } from './identity.ts';
import { mountCalls } from './mount.ts';
import { networkCalls } from './network.ts';
import { noiseNow, phrases } from './phrases.ts';
import { processCalls } from './process.ts';
import type { CallRow } from './row.ts';

export const callRows: readonly CallRow[] = [
  ...mountCalls,
  ...processCalls,
  ...identityCalls,
  ...fileCalls,
  ...descriptorCalls,
  ...networkCalls,
];

const byName = new Map<string, CallRow[]>();
for (const row of callRows) {
  for (const name of row.calls) byName.set(name, [...(byName.get(name) ?? []), row]);
}

export function explainCall(call: Call, isNoise: boolean): Explanation {
  const source = `man ${call.name}(2)`;
  if (call.isContainers) return { ...phraseOf(call, source), now: ownAffair };
  if (isNoise && isOwnRecord(call)) return { ...phraseOf(call, source), now: recordNow };
  if (isNoise) return special(call) ?? { ...phraseOf(call, source), now: noiseNow };
  return special(call) ?? phraseOf(call, source);
}

const ownAffair =
  "Made by the container's own program, after execve: the engine has no part in it. Only limits, filter and capabilities still decide whether it may.";

/** A stage's part of the very trace that is looked at. */
const isOwnRecord = (call: Call): boolean => /\/parts\/[\w-]+\.jsonl$/.test(call.file(0));
const recordNow = 'The stage writes down what it does, for this trace: without a trace it would not. Viewers fold it.';

function special(call: Call): Explanation | undefined {
  if (call.name === 'mount') return explanationFrom(mountRows, mountOfCall(call));
  const value = cgroupWrite(call);
  if (value !== undefined) return explanationFrom(cgroupRows, value);
  const message = netlinkMessage(call);
  if (message !== undefined) return explanationFrom(netlinkRows, message);
  const row = rowFor(byName.get(call.name) ?? [], call);
  if (row === undefined) return undefined;
  const explanation = explanationOf(row, call);
  if (row.isRuntimes !== true || call.isRuntimes) return explanation;
  return { does: explanation.does, shows: [], source: explanation.source };
}

function cgroupWrite(call: Call): CgroupSubject | undefined {
  if (!/^p?write/.test(call.name) || !call.file(0).includes('/cgroup')) return undefined;
  return cgroupOf(call.file(0), call.written(1), call.operationEvent?.truth === 'derived');
}

function netlinkMessage(call: Call): NetlinkSubject | undefined {
  if (call.name !== 'sendto' && call.name !== 'sendmsg') return undefined;
  const message = /\b(RTM_[A-Z]+|NFT_MSG_[A-Z]+)\b/.exec(call.all)?.[1];
  if (message === undefined) return undefined;
  return { message, text: call.all, namespace: String(call.operationEvent?.data.namespace ?? '') };
}

function phraseOf(call: Call, source: string): Explanation {
  const phrase = own(phrases, call.name);
  if (phrase !== undefined) return { does: `\`${call.name}\`: ${phrase}.`, shows: [], source };
  const unknown = `A system call that this version does not know${/^i386_|^arm_/.test(call.name) ? ': it came through the 32-bit table, whose numbers are other calls' : ', by its number'}.`;
  return { does: unknown, shows: [], source: 'man syscalls(2)' };
}
