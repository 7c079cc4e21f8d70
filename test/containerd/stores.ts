// A containerd stage's stores in a folder of a test's own.
import { mkdtempSync, rmSync } from 'node:fs';
import { openStage, type Stage } from '../../src/containerd/stage.ts';

export interface TestStage {
  folder: string;
  stage: Stage;
  /** Closes and opens again, as a restart does. */
  restart(): Promise<void>;
  [Symbol.dispose](): void;
}

/** Where thousands of files are made and removed in no time. */
export const inMemory = '/dev/shm';

export async function testStage(below = '/tmp'): Promise<TestStage> {
  const folder = mkdtempSync(`${below}/tlab-containerd-`);
  const open = () =>
    openStage({
      address: `${folder}/s`,
      root: `${folder}/root`,
      state: `${folder}/state`,
      publishBinary: '/bin/false',
      binaryFolder: `${folder}/bin`,
    });
  const test: TestStage = {
    folder,
    stage: await open(),
    async restart() {
      test.stage.close();
      test.stage = await open();
    },
    [Symbol.dispose]() {
      test.stage.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return test;
}

/** Stores a blob the long way, and returns its digest. */
export async function putBlob(stage: Stage, namespace: string, text: string, labels: Record<string, string> = {}) {
  stage.namespaces.ensure(namespace);
  const ingest = await stage.ingests.open(namespace, { ref: `put-${text.slice(0, 40)}` });
  await ingest.write(Buffer.from(text));
  const { digest } = await ingest.commit({ total: text.length, expected: '', labels });
  return digest;
}
