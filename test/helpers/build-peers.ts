// What tests of builds compare with other builders: Dockerfiles, configurations, listings of files, and our images as OCI layouts.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { TestEngine } from './engine.ts';
import type { Ran } from './shell.ts';

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}

/** The image as an OCI layout `<folder>/<name>`, tagged `latest`, out of our content store, blob by blob. */
export async function layoutOf(engine: TestEngine, folder: string, name: string): Promise<void> {
  const listed = (await ctr(engine, 'images', 'ls', `name==docker.io/library/${name}:latest`)).stdout;
  const layout = `${folder}/${name}`;
  mkdirSync(`${layout}/blobs/sha256`, { recursive: true });
  const put = (digest: string): Buffer => {
    const hex = digest.replace('sha256:', '');
    const path = `${engine.root}/data/containerd/blobs/sha256/${hex}`;
    copyFileSync(path, `${layout}/blobs/sha256/${hex}`);
    return readFileSync(path);
  };
  let digest = /sha256:[0-9a-f]{64}/.exec(listed)?.[0] ?? '';
  let bytes = put(digest);
  const index = JSON.parse(bytes.toString()) as { manifests?: Descriptor[] };
  if (index.manifests?.[0] !== undefined) {
    digest = index.manifests[0].digest;
    bytes = put(digest);
  }
  const manifest = JSON.parse(bytes.toString()) as { mediaType: string; config: Descriptor; layers: Descriptor[] };
  for (const one of [manifest.config, ...manifest.layers]) put(one.digest);
  const named = {
    mediaType: manifest.mediaType,
    digest,
    size: bytes.length,
    annotations: { 'org.opencontainers.image.ref.name': 'latest' },
  };
  writeFileSync(`${layout}/index.json`, JSON.stringify({ schemaVersion: 2, manifests: [named] }));
  writeFileSync(`${layout}/oci-layout`, JSON.stringify({ imageLayoutVersion: '1.0.0' }));
}

/** The real ctr on our containerd, in the daemon's namespace. */
export const ctr = (engine: TestEngine, ...args: string[]): Promise<Ran> =>
  engine.inside('ctr', ['-a', `${engine.root}/run/containerd/containerd.sock`, '-n', 'moby', ...args]);

/** A context for these Dockerfiles. */
export function makeContext(folder: string): void {
  mkdirSync(`${folder}/dir/sub`, { recursive: true });
  writeFileSync(`${folder}/file`, 'file\n', { mode: 0o640 });
  writeFileSync(`${folder}/dir/sub/deep`, 'deep\n', { mode: 0o755 });
  writeFileSync(`${folder}/.dockerignore`, 'ignored\n');
  writeFileSync(`${folder}/ignored`, 'ignored\n');
}

/** All build upon an image named `base`: ours of busybox. */
export const dockerfiles: Record<string, string> = {
  configuration: `FROM base
ARG V=1
ENV A=1 B="two words" C=$V
LABEL one=1 two="2 3"
EXPOSE 80 8080/udp
VOLUME /data
WORKDIR /work/dir
USER daemon
STOPSIGNAL SIGQUIT
ENTRYPOINT ["/bin/echo", "hello"]
CMD ["world"]
`,
  shell: `FROM base
MAINTAINER somebody <a@b.c>
SHELL ["/bin/sh", "-e", "-c"]
RUN echo $0 > /shell
CMD echo shell form
HEALTHCHECK --interval=5s --retries=2 CMD test -e /shell
`,
  files: `FROM base
COPY file /a/
COPY dir /b
COPY --chown=daemon:root file /c
COPY . /all/
ADD file dir /d/
WORKDIR /made/here
RUN echo 1 > one && ln -s one two && ln one three && mkdir -m 700 private && chown daemon private && rm -r /b/sub
RUN touch -d 2001-01-01 /old && chmod 4755 /old
`,
  stages: `ARG BASE=base
FROM $BASE AS first
ARG WHAT=default
RUN echo $WHAT > /what
FROM base
COPY --from=first /what /copied
COPY --from=0 /what /by-number
`,
  trigger: `FROM base
ONBUILD COPY file /triggered
ONBUILD RUN cat /triggered > /twice
`,
};

/** Of a configuration, as Docker spells them. */
export const keys = [
  ...['Env', 'Cmd', 'Entrypoint', 'WorkingDir', 'User', 'ExposedPorts', 'Volumes', 'Labels', 'StopSignal', 'OnBuild'],
  ...['Healthcheck', 'Shell'],
];

/** What is empty and what is missing is the same. */
export function settings(config: Record<string, unknown>, wanted: readonly string[] = keys): Record<string, unknown> {
  return Object.fromEntries(
    wanted.flatMap((key) => {
      const value = config[key];
      const isEmpty = value === null || value === undefined || value === '' || JSON.stringify(value).length === 2;
      return isEmpty ? [] : [[key, value]];
    }),
  );
}

/** Every file with type, mode, owner, size, content or target; not what an engine puts there itself. */
export const listing = `find / \\( -path /proc -o -path /sys -o -path /dev -o -path /etc/hosts -o -path /etc/hostname -o -path /etc/resolv.conf \
-o -path /.dockerenv -o -path /etc/mtab -o -path /run \\) -prune -o -print | sort | while read -r f; do
  if [ -L "$f" ]; then echo "$f -> $(readlink "$f")"; elif [ -d "$f" ]; then stat -c '%n %A %u:%g' "$f";
  else echo "$(stat -c '%n %A %u:%g %s %h' "$f") $(md5sum < "$f")"; fi; done`;
export const lines = (text: string): string[] => text.split('\n').filter((line) => !/^\/ |^\/etc drw/.test(line));
