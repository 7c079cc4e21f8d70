// The offline images: which of Debian's packages go into which layer, what replaces their maintainer scripts, and how the
// image is run. Data only. Maintainer scripts are never run: `add` says what they would have done for us.
import type { RunConfig } from '../oci/image.ts';

/** A file, directory or symlink that no package brings. */
export type Addition =
  | { path: string; kind: 'file'; text: string; mode?: number; owner?: number }
  | { path: string; kind: 'directory'; mode?: number; owner?: number }
  | { path: string; kind: 'symlink'; to: string }
  /** The bytes of a file that a package of this layer brings. */
  | { path: string; kind: 'copy'; from: string; mode?: number; owner?: number };

export interface LayerRecipe {
  /** Packages whose files go in. */
  packages: readonly string[];
  /** Whether what these packages depend on goes in as well. */
  withDependencies: boolean;
  add: readonly Addition[];
  /** The package whose busybox gets a symlink for each of its applets. */
  busyboxApplets?: true;
}

export interface ImageRecipe {
  /** What it is, for `tlab library ls`. */
  says: string;
  /** Names of layers, bottom to top. */
  layers: readonly string[];
  /** The package whose version is the image's. */
  versionOf: string;
  config: RunConfig;
}

/** @source docker.io official images: the search path of all of them */
const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export const layerRecipes: Record<string, LayerRecipe> = {
  base: {
    packages: ['base-files', 'base-passwd', 'busybox-static', 'netbase'],
    withDependencies: false,
    busyboxApplets: true,
    add: [
      { path: 'etc/passwd', kind: 'copy', from: 'usr/share/base-passwd/passwd.master' },
      { path: 'etc/group', kind: 'copy', from: 'usr/share/base-passwd/group.master' },
      {
        path: 'etc/nsswitch.conf',
        kind: 'file',
        text: 'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n',
      },
      { path: 'etc/profile', kind: 'copy', from: 'usr/share/base-files/profile' },
      { path: 'root', kind: 'directory', mode: 0o700 },
      { path: 'dev', kind: 'directory' },
      { path: 'proc', kind: 'directory' },
      { path: 'sys', kind: 'directory' },
      { path: 'run', kind: 'directory' },
      { path: 'tmp', kind: 'directory', mode: 0o1777 },
      { path: 'var/tmp', kind: 'directory', mode: 0o1777 },
    ],
  },
  libc: { packages: ['libc6'], withDependencies: true, add: [] },
  nginx: {
    packages: ['nginx'],
    withDependencies: true,
    add: [
      {
        path: 'etc/nginx/conf.d/default.conf',
        kind: 'file',
        text: 'server {\n    listen 80;\n    server_name localhost;\n    root /usr/share/nginx/html;\n    index index.html;\n}\n',
      },
      { path: 'var/log/nginx', kind: 'directory' },
      { path: 'var/log/nginx/access.log', kind: 'symlink', to: '/dev/stdout' },
      { path: 'var/log/nginx/error.log', kind: 'symlink', to: '/dev/stderr' },
      { path: 'var/lib/nginx', kind: 'directory' },
    ],
  },
  redis: {
    packages: ['redis-server'],
    withDependencies: true,
    add: [{ path: 'data', kind: 'directory', mode: 0o777 }],
  },
  python: { packages: ['python3'], withDependencies: true, add: [] },
};

/** Shared objects of applications name themselves here; what only administration needs is left out, with all below it. */
export const skippedPackages: ReadonlySet<string> = new Set([
  'debconf', // asks questions during installation
  'cdebconf',
  'debconf-2.0',
  'libdebconfclient0',
  'dpkg',
  'perl-base', // maintainer scripts
  'adduser',
  'passwd',
  'lsb-base',
  'sysvinit-utils',
  'init-system-helpers',
  'iproute2', // nginx's init script only
  'awk',
  'mawk',
  'tzdata',
  'media-types',
  'mailcap',
  'logrotate',
]);

/** Documentation, translations, services of an init system: what a container has no use for. Copyright files stay. */
export const skippedPaths: readonly RegExp[] = [
  /^usr\/share\/doc\/(?!.*\/copyright$).*[^/]$/,
  /^usr\/share\/(?:man|info|locale|lintian|bug|linda|doc-base|initramfs-tools|apport|vim|pixmaps|menu|applications)(?:\/|$)/,
  /^usr\/lib\/(?:[^/]+\/gconv|systemd|init|tmpfiles\.d|sysusers\.d)(?:\/|$)/,
  /^etc\/(?:init\.d|logrotate\.d|ufw|default|systemd|update-motd\.d)(?:\/|$)/,
  /^usr\/sbin\/update-passwd$/,
];

export const imageRecipes: Record<string, ImageRecipe> = {
  busybox: {
    says: 'a shell and the small tools',
    layers: ['base'],
    versionOf: 'busybox-static',
    config: { Env: [path], Cmd: ['sh'] },
  },
  nginx: {
    says: 'a web server',
    layers: ['base', 'libc', 'nginx'],
    versionOf: 'nginx',
    config: {
      Env: [path],
      Cmd: ['nginx', '-g', 'daemon off;'],
      ExposedPorts: { '80/tcp': {} },
      /** @source man nginx(8): QUIT lets requests end */
      StopSignal: 'SIGQUIT',
    },
  },
  redis: {
    says: 'a key-value store',
    layers: ['base', 'libc', 'redis'],
    versionOf: 'redis-server',
    config: {
      Env: [path],
      Cmd: ['redis-server', '--protected-mode', 'no'],
      ExposedPorts: { '6379/tcp': {} },
      Volumes: { '/data': {} },
      WorkingDir: '/data',
    },
  },
  python: {
    says: 'the Python language',
    layers: ['base', 'libc', 'python'],
    versionOf: 'python3',
    config: { Env: [path, 'LANG=C.UTF-8'], Cmd: ['python3'] },
  },
};
