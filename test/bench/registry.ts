// Pulls from a registry on this machine, side by side: tlab beside docker and containerd (pull and unpack), and beside skopeo (copy to a folder,
// nothing unpacked); and what the cache asks its upstream for when fifty pull at once.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { startDockerRegistry } from '../helpers/docker-registry.ts';
import { startEngine, tlabProgram } from '../helpers/engine.ts';
import { startOwnRegistry } from '../helpers/own-registry.ts';
import { type RealDocker, startRealDocker } from '../helpers/real-docker.ts';
import { must, run } from '../helpers/shell.ts';
import { type Candidate, compared, type Figure, sideBySide } from './measure.ts';

const runs = { runs: 5, warmUps: 1 };
/** Half of it does not compress, as programs half do. */
const layerBytes = [96, 48, 24].map((megabytes) => megabytes << 20);

/** Three layers of files, as an image of the real docker, in a registry whose storage both sides serve. */
async function makeImage(docker: RealDocker, name: string): Promise<void> {
  const context = mkdtempSync(`${tmpdir()}/tlab-bench-image-`);
  try {
    for (const [layer, bytes] of layerBytes.entries()) {
      mkdirSync(`${context}/${layer}`);
      for (let file = 0; file < 64; file++) {
        const size = Math.floor(bytes / 128);
        writeFileSync(`${context}/${layer}/${file}`, Buffer.concat([randomBytes(size), Buffer.alloc(size, 'text ')]));
      }
    }
    const lines = ['FROM busybox', ...layerBytes.map((_bytes, layer) => `COPY ${layer} /data/${layer}`)];
    writeFileSync(`${context}/Dockerfile`, lines.join('\n'));
    await must('/usr/bin/docker', [...docker.host, 'build', '-q', '-t', name, context], {
      env: { DOCKER_BUILDKIT: '0' },
      timeoutMs: 300_000,
    });
    await must('/usr/bin/docker', [...docker.host, 'push', '-q', name], { timeoutMs: 300_000 });
    await must('/usr/bin/docker', [...docker.host, 'rmi', name]);
  } finally {
    rmSync(context, { recursive: true });
  }
}

export async function registryFigures(): Promise<Figure[]> {
  const docker = await startRealDocker();
  const engine = await startEngine();
  try {
    await using there = await startDockerRegistry({ enter: docker.enter });
    const name = `${there.host}/bench/app:1`;
    await makeImage(docker, name);
    await using here = await startDockerRegistry({ enter: engine.enter, storage: there.storage });
    const ours = `${here.host}/bench/app:1`;
    const shell = (what: string, enter: readonly string[], script: string): Candidate => ({
      name: what,
      program: 'nsenter',
      args: [...enter, 'sh', '-ec', script],
      env: engine.env,
    });
    const folder = `${engine.root}/skopeo`;
    const forget = `${tlabProgram} rmi ${ours} >/dev/null 2>&1 || true`;
    const timings = await sideBySide(
      [
        shell(
          'docker',
          docker.enter,
          `docker ${docker.host.join(' ')} pull -q ${name}; docker ${docker.host.join(' ')} rmi ${name}`,
        ),
        shell('tlab', engine.enter, `${tlabProgram} pull -q ${ours}; ${forget}`),
        shell(
          'skopeo copy',
          engine.enter,
          `rm -rf ${folder}; skopeo copy -q --insecure-policy --src-tls-verify=false docker://${ours} oci:${folder}:1`,
        ),
      ],
      runs,
    );
    return [
      compared(timings, ['tlab', 'docker'], { what: 'pull, unpack and remove 168 MB' }),
      compared(timings, ['tlab', 'skopeo copy'], {
        what: 'the same beside skopeo copy (no unpacking)',
      }),
      await cacheFigure(),
    ];
  } finally {
    await engine.stop();
    await docker.stop();
  }
}

/** Fifty skopeos at once through our cache, whose upstream counts. */
async function cacheFigure(): Promise<Figure> {
  await using upstream = await startOwnRegistry();
  const root = mkdtempSync(`${tmpdir()}/tlab-bench-cache-`);
  try {
    mkdirSync(`${root}/image`);
    const tar = `${root}/image/layer.tar`;
    writeFileSync(`${root}/image/file`, randomBytes(8 << 20));
    execFileSync('tar', ['-C', `${root}/image`, '-cf', tar, 'file']);
    await must('umoci', ['init', '--layout', `${root}/layout`]);
    await must('umoci', ['new', '--image', `${root}/layout:1`]);
    await must('umoci', ['raw', 'add-layer', '--image', `${root}/layout:1`, tar]);
    const plain = ['--insecure-policy', '--quiet'];
    await must('skopeo', [
      'copy',
      ...plain,
      '--dest-tls-verify=false',
      `oci:${root}/layout:1`,
      `docker://${upstream.host}/app:1`,
    ]);
    upstream.asked.length = 0;
    const endpoint = { origin: new URL(upstream.url), verify: false, isMirror: false, credentialsOf: upstream.host };
    await using cache = await startOwnRegistry({ proxy: { endpoint, believeMs: 60_000 } });
    const pulls = Array.from({ length: 50 }, (_each, index) =>
      run(
        'skopeo',
        ['copy', ...plain, '--src-tls-verify=false', `docker://${cache.host}/app:1`, `dir:${root}/${index}`],
        { timeoutMs: 120_000 },
      ),
    );
    const failed = (await Promise.all(pulls)).filter(({ status }) => status !== 0).length;
    const blobs = upstream.asked.filter((line) => /^GET \S+\/blobs\//.test(line));
    const value = `${blobs.length} GET`;
    const beside = `${new Set(blobs).size} blobs, ${cache.asked.filter((line) => line.includes('/blobs/')).length} asked of the cache, ${failed} failed`;
    return { what: 'fifty pulls through the cache: upstream', value, beside, ratio: Number.NaN, budget: undefined };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
