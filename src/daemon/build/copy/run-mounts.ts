// RUN --mount: flags as data, and the mounts of the container's spec that they become, with their undo.
import type { MountSpec } from '../../../oci/runtime.ts';

/** One --mount, variables replaced, defaults filled in. Errors of the parser: invalidArgument; ssh: notImplemented. */
export type RunMount =
  | { type: 'bind'; target: string; from: string | undefined; source: string; isWritable: boolean }
  | {
      type: 'cache';
      target: string;
      /** Default: the target. */
      id: string;
      sharing: 'shared' | 'private' | 'locked';
      from: string | undefined;
      source: string;
      isReadOnly: boolean;
      mode: number;
      uid: number;
      gid: number;
    }
  | { type: 'tmpfs'; target: string; sizeBytes: number | undefined }
  | {
      type: 'secret';
      id: string;
      /** Undefined when it is given by environment variable only. */
      target: string | undefined;
      env: string | undefined;
      isRequired: boolean;
      mode: number;
      uid: number;
      gid: number;
    };

/** What a build gives to the mounts of its RUN instructions. */
export interface RunMountSources {
  binaryFolder: string;
  /** The stage's mounted root filesystem: mount points that had to be made in it are taken away again. */
  rootfs: string;
  /** Host path of the tree that a `from` names: undefined is the context. Called only when it is needed; release what it mounted yourself. */
  treeOf(from: string | undefined): Promise<string>;
  /** Values of --secret by id; undefined when there is none. Never written anywhere but to a tmpfs. */
  secretOf(id: string): Buffer | undefined;
  /** Waiting for a locked cache ends with it. */
  signal?: AbortSignal;
}

export interface PreparedRunMounts {
  /** For config.json, behind the default mounts, in this order. */
  mounts: MountSpec[];
  /** Secrets that are wanted as variables: for the process's environment only, never for the image's. */
  env: string[];
  /** After the container's end: releases caches, unmounts, forgets secrets, takes made mount points out of the rootfs. Safe to call twice. */
  undo(): Promise<void>;
}
