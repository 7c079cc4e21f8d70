// Ten steps built cold, again, and with one changed file: tlab, docker's classic builder and buildah, from nothing, so that all three have the same base.
// buildah isolates a RUN by chroot alone, as it must where it cannot make cgroups: it does less for its time.
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type TestEngine, tlabProgram } from '../helpers/engine.ts';
import type { RealDocker } from '../helpers/real-docker.ts';
import { run } from '../helpers/shell.ts';
import { type Candidate, compared, type Figure, sideBySide } from './measure.ts';

const dockerfile = `FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "/bin"]
ENV PATH=/bin
WORKDIR /work
COPY file .
RUN cp file copy
RUN seq 1 100000 > numbers
RUN sort -r numbers > sorted
CMD ["cat", "copy"]
`;

export async function buildFigures(engine: TestEngine, docker: RealDocker): Promise<Figure[]> {
  const folder = mkdtempSync('/var/tmp/tlab-bench-build-');
  try {
    copyFileSync('/bin/busybox', `${folder}/busybox`);
    writeFileSync(`${folder}/Dockerfile`, dockerfile);
    writeFileSync(`${folder}/file`, 'file\n');
    const hasBuildah = (await run('sh', ['-c', 'command -v buildah'])).status === 0;
    const builders: Builder[] = [
      { name: 'tlab', env: engine.env, line: `nsenter ${engine.enter.join(' ')} ${tlabProgram} build -q` },
      { name: 'docker', env: { DOCKER_BUILDKIT: '0' }, line: `/usr/bin/docker ${docker.host.join(' ')} build -q` },
      ...(hasBuildah ? [buildah(folder)] : []),
    ];
    const figures: Figure[] = [];
    for (const [what, prelude, flags] of [
      ['a build of ten steps, cold', '', '--no-cache'],
      ['the same from the cache', '', ''],
      ['the same with one changed file', `date +%N > ${folder}/file;`, ''],
    ] as const) {
      const candidates = builders.map((builder) => candidateOf(builder, { prelude, flags, folder }));
      const timings = await sideBySide(candidates, { runs: 5, warmUps: 1 });
      for (const { name } of builders.slice(1)) figures.push(compared(timings, ['tlab', name], { what }));
    }
    return figures;
  } finally {
    // Its storage has mounts of its own only while it works.
    for (const path of [folder, `${folder}.storage`, `${folder}.storage-run`])
      rmSync(path, { recursive: true, force: true });
  }
}

interface Builder {
  name: string;
  env: Record<string, string>;
  line: string;
}

const buildah = (folder: string): Builder => ({
  name: 'buildah',
  env: {},
  line: `buildah --root ${folder}.storage --runroot ${folder}.storage-run --storage-driver overlay bud --isolation chroot --layers -q`,
});

const candidateOf = (
  { name, env, line }: Builder,
  { prelude, flags, folder }: { prelude: string; flags: string; folder: string },
): Candidate => ({
  name,
  program: 'sh',
  args: ['-c', `${prelude} exec ${line} ${flags} -t bench ${folder}`],
  env,
});
