// Figures of a registry: the same image pulled by skopeo from `tlab registry serve` and from Debian's docker-registry, taking turns, so that
// only the server differs; nothing is unpacked.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { freePort, startDockerRegistry } from '../helpers/docker-registry.ts';
import { tlabProgram } from '../helpers/engine.ts';
import { must, start } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';
import { makeLargeImage, megabytesPerSecond, type Puller, pullInTurn } from './images.ts';
import { compared, type Figure, medianOf } from './measure.ts';

/** One layer of about 45 MB: what is sent outweighs what is asked. */
const layerFolders = ['/usr/lib/gcc'];

async function startOurs(storage: string) {
  const host = `127.0.0.1:${await freePort()}`;
  const server = start(tlabProgram, ['registry', 'serve', '--quiet', '--listen', host, '--storage', storage]);
  const answers = () =>
    fetch(`http://${host}/v2/`).then(
      ({ ok }) => ok,
      () => false,
    );
  await waitUntil(answers, { what: 'tlab registry serve to answer', deadlineMs: 30_000 });
  return { host, stop: () => server.stop() };
}

const plain = ['-q', '--insecure-policy'];

export async function registryFigures({ folders = layerFolders, rounds = 5 } = {}): Promise<Figure[]> {
  const folder = mkdtempSync('/var/tmp/tlab-bench-registry-');
  const stops: Array<() => Promise<unknown>> = [];
  try {
    const large = await makeLargeImage(folder, folders);
    const ours = await startOurs(`${folder}/ours`);
    stops.push(ours.stop);
    const theirs = await startDockerRegistry({ storage: `${folder}/theirs` });
    stops.push(theirs.stop);
    const pullers: Puller[] = [];
    for (const [name, host] of [
      ['tlab registry serve', ours.host],
      ['docker-registry', theirs.host],
    ] as const) {
      const image = `docker://${host}/big:latest`;
      await must('skopeo', ['copy', ...plain, '--dest-tls-verify=false', `oci:${folder}/layout:big`, image]);
      const into = `${folder}/pulled`;
      pullers.push({
        name,
        program: 'skopeo',
        args: ['copy', ...plain, '--src-tls-verify=false', image, `dir:${into}`],
        undo: async () => rmSync(into, { recursive: true }),
      });
    }
    const timings = await pullInTurn(pullers, rounds);
    const bytes = large.blobs.reduce((sum, blob) => sum + statSync(blob).size, 0);
    const rate = (name: string): string => megabytesPerSecond(bytes, medianOf(timings, name));
    const what = `pull of ${(bytes / 1e6).toFixed(0)} MB from a registry (skopeo)`;
    const figure = compared(timings, ['tlab registry serve', 'docker-registry'], { what });
    return [
      {
        ...figure,
        value: `${figure.value} (${rate('tlab registry serve')})`,
        beside: `${figure.beside} (${rate('docker-registry')})`,
      },
    ];
  } finally {
    for (const stop of stops) await stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
