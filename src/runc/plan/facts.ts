// What the executor's verbs must know of a bundle without parsing JSON. Written before the operations of a plan, in this order,
// one value each; a row added here is a new version of the format.
import type { ArgumentType } from './operations.ts';

export const facts = {
  /** The container that the plan was compiled for: default cgroup paths and the keyring's name depend on it. */
  containerId: 'string',
  /** `container` for a config.json, `process` for an exec's process document. */
  kind: 'string',
  /** The specification's version that config.json names; '' in a process plan. */
  ociVersion: 'string',
  /** The root filesystem, absolute or relative to the bundle; '' in a process plan. */
  rootfs: 'string',
  /** 1 when the process wants a terminal. */
  terminal: 'number',
  /** config.json's annotations as a JSON object, ready for `state` and hooks. */
  annotations: 'string',
} as const satisfies Record<string, ArgumentType>;

export type FactName = keyof typeof facts;
