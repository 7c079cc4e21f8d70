// Every case of copy-cases.ts is taken or refused as its row says; and where real builders were recorded (record-copies.ts makes test/fixtures/copies.json)
// it makes the tree that they made: names, types, modes, owners, contents, targets, hard links, which times are the source's. We do what BuildKit does;
// where a builder differs, the row says why. Needs root: overlays.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { Readable } from 'node:stream';
import { after, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { binaries } from '../helpers/binaries.ts';
import { makeBase, makeContext, treeLines } from '../helpers/copy-lab.ts';
import { root } from '../helpers/root.ts';
import { type CopyCase, copyCases } from './copy-cases.ts';
import { type Copied, readRecording } from './record-copies.ts';

const lab = mkdtempSync('/var/tmp/tlab-copies-');
process.env.TLAB_DATA_ROOT = `${lab}/data`;
const { receiveContext } = await import('../../src/daemon/build/context/receive.ts');
const { resolveSources } = await import('../../src/daemon/build/copy/resolve.ts');
const { copySources } = await import('../../src/daemon/build/copy/copy.ts');
const { copyOf } = await import('../../src/daemon/build/copy/request.ts');
const { parseDockerfile } = await import('../../src/dockerfile/parse.ts');
const native = { binaryFolder: binaries };

async function makeLab(): Promise<string> {
  makeContext(`${lab}/context`);
  makeBase(`${lab}/base`);
  const tar = execFileSync('tar', ['c', '--owner=0', '--group=0', '--numeric-owner', '-C', `${lab}/context`, '.']);
  return (await receiveContext(Readable.from([tar]), native)).root;
}
const context = process.getuid?.() === 0 ? await makeLab() : '';
after(() => rmSync(lab, { recursive: true, force: true }));

/** The upper directory of an overlay over the base image, after the lines. */
async function copied(lines: string): Promise<string[]> {
  const place = mkdtempSync(`${lab}/case-`);
  for (const part of ['upper', 'work', 'merged']) mkdirSync(`${place}/${part}`);
  const layers = `lowerdir=${lab}/base,upperdir=${place}/upper,workdir=${place}/work`;
  execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', layers, `${place}/merged`]);
  try {
    await carryOut(lines, `${place}/merged`);
    return treeLines(`${place}/upper`);
  } finally {
    execFileSync('umount', [`${place}/merged`]);
  }
}

async function carryOut(lines: string, rootfs: string): Promise<void> {
  let workdir = '';
  for (const instruction of parseDockerfile(`FROM base\n${lines}\n`).stages[0]?.instructions ?? []) {
    const { keyword, arguments: words, flags } = instruction;
    if (keyword === 'WORKDIR' && words.kind === 'text') {
      workdir = words.text;
      mkdirSync(`${rootfs}${workdir}`, { recursive: true });
    }
    if (keyword !== 'COPY' && keyword !== 'ADD') continue;
    const isContext = flags.from === undefined;
    const request = copyOf(instruction, { lookup: () => undefined });
    const resolved = await resolveSources(isContext ? context : `${lab}/base`, request, { ...native, isContext });
    await copySources(resolved, { ...native, rootfs, workdir });
    await resolved.release();
  }
}

const { classic, buildkit } = readRecording();
const isRefused = (result: Copied | undefined): boolean => result !== undefined && !Array.isArray(result);

/** One of ours, once. */
const results = new Map<string, Copied>();
async function ours({ lines }: CopyCase): Promise<Copied> {
  const known = results.get(lines);
  if (known !== undefined) return known;
  const result = await copied(lines).catch((error: Error): Copied => ({ refused: error.message }));
  results.set(lines, result);
  return result;
}

for (const each of copyCases)
  test(`${JSON.stringify(each.lines)} is ${each.isRefused === true ? 'refused' : 'taken'}`, root(), async () => {
    const result = await ours(each);
    assert.equal(isRefused(result), each.isRefused === true, JSON.stringify(result));
  });

/** That BuildKit sets a directory's time before it fills it, so that it is the time of the copy. */
const withoutDirectoryTimes = (result: Copied | undefined): Copied | undefined =>
  Array.isArray(result) ? result.map((line) => line.replace(/( directory .*) (old|now)$/, '$1')) : result;

const recorded = copyCases.filter(({ lines }) => classic[lines] !== undefined && buildkit[lines] !== undefined);

for (const each of recorded)
  test(`${JSON.stringify(each.lines)} makes the tree that real builders made`, root(), async () => {
    const result = await ours(each);
    for (const [name, theirs, reason] of [
      ['buildkit', buildkit[each.lines], each.buildkit],
      ['classic', classic[each.lines], each.classic],
    ] as const) {
      const [mine, other] = name === 'buildkit' ? [result, theirs].map(withoutDirectoryTimes) : [result, theirs];
      const isSame = isRefused(result) ? isRefused(theirs) : isDeepStrictEqual(mine, other);
      if (reason !== undefined) assert.ok(!isSame, `${name}: it is the same by now, and the table says: ${reason}`);
      else if (isRefused(result)) assert.ok(isSame, `${name}: ${JSON.stringify(theirs)}`);
      else assert.deepEqual(mine, other, name);
    }
  });
