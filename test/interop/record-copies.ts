// Records what real builders make of the cases of copy-cases.ts, as test/fixtures/copies.json: `node test/interop/record-copies.ts`, as root, with
// Debian's docker.io. The classic builder and the BuildKit in the same dockerd; each result is the layer's own directory, as lines of copy-lab.ts.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { makeBase, makeContext, treeLines } from '../helpers/copy-lab.ts';
import { startRealDocker } from '../helpers/real-docker.ts';
import { must, run } from '../helpers/shell.ts';
import { copyCases } from './copy-cases.ts';

/** A tree's lines, or what the refusal says. */
export type Copied = string[] | { refused: string };
/** By the case's lines. */
export type Recorded = Record<'classic' | 'buildkit', Record<string, Copied>>;

export const recording = new URL('../fixtures/copies.json', import.meta.url).pathname;

export function readRecording(): Recorded {
  try {
    return JSON.parse(readFileSync(recording, 'utf8')) as Recorded;
  } catch {
    return { classic: {}, buildkit: {} };
  }
}

/** Only cases that are not in the file yet: remove it to record all. */
async function record(): Promise<void> {
  const recorded = readRecording();
  const lab = mkdtempSync('/var/tmp/tlab-record-');
  makeContext(`${lab}/context`);
  makeBase(`${lab}/base`);
  const docker = await startRealDocker();
  const build = async (lines: string, builder: keyof Recorded): Promise<void> => {
    if (recorded[builder][lines] !== undefined) return;
    const file = `${lab}/${builder}.Dockerfile`;
    writeFileSync(file, `FROM base AS base\nFROM base\n${lines}\n`);
    const ran = await run('/usr/bin/docker', [...docker.host, 'build', '-q', '-f', file, `${lab}/context`], {
      env: { DOCKER_BUILDKIT: builder === 'buildkit' ? '1' : '0' },
      timeoutMs: 120_000,
    });
    if (ran.status !== 0) {
      recorded[builder][lines] = { refused: ran.stderr.trim().split('\n').at(-1)?.replaceAll(lab, '') ?? '' };
      return;
    }
    const id = ran.stdout.trim();
    const [image] = JSON.parse(await docker.docker('inspect', id)) as [{ GraphDriver: { Data: { UpperDir: string } } }];
    recorded[builder][lines] = treeLines(image.GraphDriver.Data.UpperDir);
    await docker.docker('rmi', '-f', id);
  };
  try {
    await must('sh', ['-c', `tar -C ${lab}/base -c . | /usr/bin/docker ${docker.host.join(' ')} import - base`]);
    for (const { lines } of copyCases) {
      await Promise.all([build(lines, 'classic'), build(lines, 'buildkit')]);
      writeFileSync(recording, `${JSON.stringify(recorded, undefined, 1)}\n`);
    }
  } finally {
    await docker.stop();
    rmSync(lab, { recursive: true, force: true });
  }
}

if (import.meta.main) await record();
