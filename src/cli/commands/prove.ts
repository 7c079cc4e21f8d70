// tlab prove: the evidence for an entry of the course, point by point. Status 0 shown, 1 not shown, or covered by no lesson yet.
import { join } from 'node:path';
import { LabError } from '../../base/errors.ts';
import { syllabus } from '../../explain/syllabus.ts';
import type { Verdict } from '../../lesson/check/verdict.ts';
import type { Lesson } from '../../lesson/format/load.ts';
import { coveringLessons, type EntryProof, isProved, proveEntry, type Sources } from '../../lesson/prove/entry.ts';
import { solvedVerdicts } from '../../lesson/prove/live.ts';
import type { Trace } from '../../trace/file.ts';
import { readTraceFile } from '../../trace/read.ts';
import { defineCommand } from '../command.ts';
import { closest } from '../flags/closest.ts';
import { boolean } from '../flags/spec.ts';
import { evidenceSince } from '../lesson/evidence.ts';
import { lessonsFolder } from '../lesson/folder.ts';
import { openLessons } from '../lesson/learner.ts';
import { proofLine, showProof } from '../lesson/prove-view.ts';
import { typing } from '../lesson/shell.ts';
import { learnerStatus } from '../prompt/prompter.ts';
import { requireRoot } from '../root.ts';
import { print, say } from '../terminal.ts';

export default defineCommand({
  operands: 'ENTRY|--all',
  count: { min: 0, max: 1 },
  says: "By recorded traces, anywhere; with --live the lesson's solution is run on this machine's engine, its checks are asked, and what it made is taken away.",
  flags: {
    all: boolean('Every entry that a lesson covers'),
    live: boolean('On the engine, as root'),
    json: boolean('Print one JSON document'),
  },
  exitStatus: learnerStatus,
  examples: [
    { says: 'by replay', line: 'tlab prove STK-1' },
    { says: 'on the engine', line: 'sudo tlab prove STO-3 --live' },
  ],
  async run({ operands: [given], flags }) {
    if (flags.all === (given !== undefined)) throw new LabError('usage', 'expected one entry, or --all');
    const { lessons } = openLessons();
    const covered = Object.keys(syllabus).filter((id) => coveringLessons(lessons, id).length > 0);
    const ids = given === undefined ? covered : [entryOf(given)];
    if (flags.live) requireRoot('a live proof');
    const [only = ''] = ids;
    if (given !== undefined && !covered.includes(only)) return uncovered(only, flags.json);
    const sources = sourcesOf(flags.live);
    const proofs: EntryProof[] = [];
    for (const id of ids) proofs.push(await proveEntry(lessons, id, sources));
    if (flags.json) print(JSON.stringify({ schema: 'tlab.prove/1', live: flags.live, entries: proofs }));
    else if (given === undefined) summary(proofs);
    else for (const proof of proofs) showProof(proof, titleOf(proof.id));
    if (!flags.json && !flags.live && hasLiveOnly(proofs))
      say('What is LIVE ONLY is asked of the machine: sudo tlab prove ENTRY --live');
    return proofs.every(isProved) ? 0 : 1;
  },
});

const titleOf = (id: string): string => (syllabus as Record<string, string>)[id] ?? '';

/** @throws LabError notFound, with the nearest id */
function entryOf(given: string): string {
  const id = given.toUpperCase();
  if (Object.hasOwn(syllabus, id)) return id;
  const near = closest(id, Object.keys(syllabus));
  throw new LabError('notFound', `entry "${given}": no such entry of the course`, {
    hint: near === undefined ? 'lessons/README.md lists them' : `tlab prove ${near}`,
  });
}

function uncovered(id: string, asJson: boolean): number {
  const says = `no lesson covers ${id} yet (${titleOf(id)}); it stands as planned in lessons/README.md`;
  if (asJson) print(JSON.stringify({ schema: 'tlab.prove/1', entries: [], planned: id, says }));
  else print(says);
  return 1;
}

function summary(proofs: readonly EntryProof[]): void {
  for (const proof of proofs) print(proofLine(proof));
  const bad = proofs.filter((proof) => !isProved(proof)).length;
  print(`Entries covered: ${proofs.length}, not shown: ${bad}.`);
}

const hasLiveOnly = (proofs: readonly EntryProof[]): boolean =>
  proofs.some(({ questions }) => questions.some(({ points }) => points.some(({ state }) => state === 'live only')));

function sourcesOf(isLive: boolean): Sources {
  const traces = new Map<string, Promise<Trace>>();
  const solved = new Map<string, Promise<ReadonlyMap<string, Verdict>>>();
  const once = <Value>(map: Map<string, Promise<Value>>, key: string, make: () => Promise<Value>): Promise<Value> => {
    const value = map.get(key) ?? make();
    map.set(key, value);
    return value;
  };
  const solve = (lesson: Lesson) =>
    typing((shells) =>
      solvedVerdicts(lesson, { ...shells, evidence: (work?: string) => evidenceSince(new Date(), work) }),
    );
  return {
    recording: (path) => once(traces, path, () => readTraceFile(join(lessonsFolder(), '..', path))),
    ...(isLive && { live: (lesson: Lesson) => once(solved, lesson.id, () => solve(lesson)) }),
  };
}
