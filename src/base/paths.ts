// Where tlab keeps its things on a host. Two roots and one configuration file; tests point them elsewhere
// by environment, and every process of one engine must see the same values, so children inherit them.

const hostRunRoot = '/run/tlab';
const runRoot = process.env.TLAB_RUN_ROOT ?? hostRunRoot;
const dataRoot = process.env.TLAB_DATA_ROOT ?? '/var/lib/tlab';

export const paths = {
  runRoot,
  dataRoot,
  /** The folder of this engine's containers in every cgroup hierarchy; that of a second engine on a host carries a mark. */
  cgroupParent: runRoot === hostRunRoot ? 'tlab' : `tlab-${shortHash(runRoot)}`,
  /** The daemon's configuration, with Docker's keys. */
  configuration: process.env.TLAB_CONFIG ?? '/etc/tlab/daemon.json',
  /** Docker Engine API, HTTP. */
  daemonSocket: `${runRoot}/tlab.sock`,
  daemonPidFile: `${runRoot}/tlabd.pid`,
  /** containerd's gRPC services; the ttrpc event door for shims is the same path plus `.ttrpc`. */
  containerdSocket: `${runRoot}/containerd/containerd.sock`,
  /** Bundles: `<containerdState>/io.containerd.runtime.v2.task/<namespace>/<id>`. */
  containerdState: `${runRoot}/containerd`,
  containerdRoot: `${dataRoot}/containerd`,
  /** Sockets of the shims, named by a hash, short enough for sun_path. */
  shimSockets: `${runRoot}/s`,
  /** `--root` of the OCI runtime; the shim appends the namespace. */
  runtimeRoot: `${runRoot}/runtime`,
  /** Bind mounts that keep network namespaces alive. */
  networkNamespaces: `${runRoot}/netns`,
  /** One folder a container: its JSON, its log, hosts, hostname, resolv.conf. */
  containers: `${dataRoot}/containers`,
  /** Offline images, each an OCI layout: `<library>/<name>`. */
  library: `${dataRoot}/library`,
  /** Work folders of lessons' attempts: `<lessons>/<token>`. */
  lessons: `${dataRoot}/lessons`,
  /** What builds need: `contexts/<id>`, `made/<id>` for downloads and heredocs, `caches/<id>` of RUN --mount=type=cache. */
  build: `${dataRoot}/build`,
  /** Mounts of RUN --mount, secrets in memory among them: `<id>/<number>`, while the RUN lasts. */
  buildMounts: `${runRoot}/build/mounts`,
  /** Traces: `<traces>/<trace-id>/parts/<stage>-<pid>.jsonl`. */
  traces: process.env.TLAB_TRACES ?? `${dataRoot}/traces`,
} as const;

/** FNV-1a, 32 bits: every command computes it, and loading node:crypto takes longer than the rest of many. @source isthe.com/chongo/tech/comp/fnv */
function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
