// The three implementations of the contract: how each is called. Rule: whatever differs between them is here or in differences.ts.
import { existsSync, readFileSync } from 'node:fs';
import { binaries } from '../helpers/binaries.ts';
import { start } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

export const runtimeNames = ['tlab', 'runc', 'crun'] as const;
export type RuntimeName = (typeof runtimeNames)[number];

export interface Runtime {
  readonly name: RuntimeName;
  /** Program and arguments before the runtime's own, for a call from this directory. */
  commandIn(directory: string): readonly string[];
  /** Of a process in the namespaces that the runtime itself runs in, where its host hooks run too. */
  readonly proc: string;
  /** Compiles in this process before each create, so that no Node.js is started for it. */
  readonly takesPlans: boolean;
  close(): Promise<void>;
}

const plain = (name: RuntimeName, program: string): Runtime => ({
  name,
  commandIn: () => [program],
  proc: '/proc/self',
  takesPlans: name === 'tlab',
  close: async () => undefined,
});

export async function openRuntime(name: RuntimeName): Promise<Runtime> {
  if (name === 'tlab') return plain(name, `${binaries}/tlab-runc`);
  return name === 'crun' && isHybrid() ? crunWithoutUnified() : plain(name, name);
}

const unified = '/sys/fs/cgroup/unified';
const isHybrid = (): boolean => existsSync(`${unified}/cgroup.procs`);

/** crun 1.8 refuses to run where it sees a version 2 hierarchy beside version 1: a process holds a mount namespace without it. */
async function crunWithoutUnified(): Promise<Runtime> {
  const prelude = `umount ${unified} && exec sleep infinity`;
  const holder = start('unshare', ['--mount', '--propagation', 'slave', 'sh', '-c', prelude]);
  await waitUntil(() => readFileSync(`/proc/${holder.pid}/comm`, 'utf8') === 'sleep\n', {
    what: 'a mount namespace for crun',
  });
  const proc = `/proc/${holder.pid}`;
  return {
    name: 'crun',
    commandIn: (directory) => ['nsenter', `--mount=${proc}/ns/mnt`, `--wdns=${directory}`, 'crun'],
    proc,
    takesPlans: false,
    close: () => holder.stop('SIGKILL'),
  };
}
