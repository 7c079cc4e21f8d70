// What every verb of the daemon works with. Made once, in main.ts; verbs take it as their first argument.
import type { ContainerdClient } from '../containerd/client.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { Builder } from './build/builder.ts';
import type { Configuration } from './configuration.ts';
import type { Containers } from './container/containers.ts';
import type { EventHub } from './events.ts';
import type { Execs } from './exec/execs.ts';
import type { LayerMeter } from './image/sizes.ts';
import type { ImageStore } from './image/store.ts';
import type { Networking } from './network/networking.ts';
import type { Runtime } from './runtimes.ts';
import type { HostFacts } from './spec/input.ts';
import type { Remap } from './userns.ts';
import type { VolumeStore } from './volume/store.ts';

/** Docker's namespace in containerd: what it keeps there, `ctr -n moby` shows. */
export const containerdNamespace = 'moby';
/** On a container's snapshot: its id. Tells our snapshots from those of other users of the same containerd. */
export const ownerLabel = 'io.tlab/container';
/** On a container in containerd: where each field of its config.json comes from. */
export const provenanceExtension = 'io.tlab.provenance';

export interface Engine {
  builder: Builder;
  configuration: Configuration;
  containerd: ContainerdClient;
  containers: Containers;
  events: EventHub;
  execs: Execs;
  images: ImageStore;
  kernel: Kernel;
  /** What the layers of images take on disk. */
  layers: LayerMeter;
  networking: Networking;
  /** Of containerd: where layers are unpacked and containers write. */
  snapshotter: string;
  runtimes: ReadonlyMap<string, Runtime>;
  volumes: VolumeStore;
  facts: HostFacts;
  /** userns-remap of daemon.json: what containers get that do not say --userns=host. */
  remap: Remap | undefined;
  /** Random, kept in the data root: who this daemon is. */
  daemonId: string;
  /** When somebody last asked for a deed, not for a look, refused ones too: milliseconds since 1970, 0 for never. */
  lastDeedAt: number;
}
