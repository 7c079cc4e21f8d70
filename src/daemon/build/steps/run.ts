// RUN: the command, what it sees, and its container.
import { LabError } from '../../../base/errors.ts';
import { UndoStack } from '../../../base/undo.ts';
import type { Instruction } from '../../../dockerfile/syntax.ts';
import { formatPlatform } from '../../../oci/platform.ts';
import type { HostConfig } from '../../schema/host-config.ts';
import type { KeyParts } from '../cache/key.ts';
import { type RunMount, runMountsOf } from '../copy/run-mounts.ts';
import { nameOf } from '../environment.ts';
import type { StepRootfs } from '../layer.ts';
import { shellOf } from '../metadata.ts';
import { runContainer } from '../run.ts';
import type { FileStep, StepInput } from '../step.ts';
import { type CommandLine, commandLine, scriptMount } from './command-line.ts';
import { layerStep } from './layer-step.ts';
import { mountsKey, treesOf, withTrees } from './mounts.ts';
import { secretVariables } from './secret-variables.ts';

export async function runStep(input: StepInput): Promise<FileStep> {
  const { solver, state, instruction, scope, lookup } = input;
  const { session } = solver;
  refuseSecurity(instruction);
  await using undo = new UndoStack();
  const network = networkOf(input);
  const workdir = state.config.WorkingDir || '/';
  const command = commandLine(instruction, shellOf(state.config));
  const scopeOfFlags = { lookup, escapeToken: solver.escapeToken };
  const wanted = await withTrees(input, runMountsOf(instruction, scopeOfFlags, workdir));
  const treeOf = treesOf(input, undo);
  const image = state.config.Env ?? [];
  const known = new Set(image.map(nameOf));
  const argumentsSeen = scope.entries().filter(([name]) => !known.has(name));
  const proxies = [...session.given.predefined()].filter(([name]) => !known.has(name));
  const all = new Map([...argumentsSeen, ...proxies]);
  const env = [...image, ...[...all].map(([name, value]) => `${name}=${value}`)];
  return await layerStep(input, {
    parts: {
      parent: state.chainId ?? 'scratch',
      instruction: JSON.stringify([command.argv, command.script ?? '', network]),
      platform: formatPlatform(state.platform),
      environment: JSON.stringify(image),
      arguments: JSON.stringify(argumentsSeen),
      user: state.config.User ?? '',
      workdir,
      ...(wanted.length === 0 ? {} : { mounts: await mountsKey(input, wanted, treeOf) }),
      ...ofRequest(session.request.host),
      ...(session.epoch === undefined ? {} : { epoch: `${session.epoch}` }),
    },
    text: historyText(command.argv, argumentsSeen),
    work: (rootfs) => execute(input, rootfs, { command, wanted, treeOf, env, network, workdir }),
  });
}

/** What --add-host and --ulimit say, a RUN sees. @source buildkit solver/llbsolver/ops/exec.go: Meta is in the digest */
const ofRequest = ({ ExtraHosts: hosts = [], Ulimits: limits = [] }: HostConfig): KeyParts => ({
  ...(hosts.length === 0 ? {} : { hosts: JSON.stringify(hosts) }),
  ...(limits.length === 0 ? {} : { ulimits: JSON.stringify(limits) }),
});

interface Execution {
  command: CommandLine;
  wanted: readonly RunMount[];
  treeOf: (from: string | undefined) => Promise<string>;
  env: readonly string[];
  network: string;
  workdir: string;
}

async function execute(input: StepInput, rootfs: StepRootfs, run: Execution): Promise<void> {
  const { solver, state, instruction, step } = input;
  const { session } = solver;
  const { command, treeOf, network, workdir } = run;
  const { reporter } = session;
  const prepared = await session.runMounts.prepare(run.wanted, {
    binaryFolder: session.binaryFolder,
    rootfs: rootfs.path,
    treeOf,
    secretOf: (id) => session.secrets.get(id),
    signal: session.signal,
  });
  await using undo = new UndoStack();
  undo.push('mounts', () => prepared.undo());
  const { binaryFolder, engine } = session;
  const places = { folder: rootfs.folder, binaryFolder, mounts: engine.kernel.mounts };
  const secrets = secretVariables(prepared.env, places, undo);
  const script = command.script === undefined ? [] : [scriptMount(rootfs.folder, command)];
  reporter.report({ kind: 'container', step, id: rootfs.id });
  const exitCode = await runContainer(session, rootfs, {
    step,
    line: instruction.startLine,
    argv: [...secrets.argv, ...command.argv],
    env: [...run.env],
    user: state.config.User ?? '',
    workdir,
    network,
    mounts: [...prepared.mounts, ...script, ...secrets.mounts],
  });
  reporter.report({ kind: 'container-removed', step, id: rootfs.id });
  if (exitCode !== 0) throw exited(command.argv, exitCode);
}

/** @source docker builder/dockerfile/dispatchers.go: the words that clients look for */
const exited = (argv: readonly string[], code: number): LabError =>
  new LabError('invalidArgument', `The command '${argv.join(' ')}' returned a non-zero code: ${code}`, {
    data: { code },
  });

/** As Docker's own: `RUN |2 A=1 B=2 /bin/sh -c make`. */
function historyText(argv: readonly string[], args: ReadonlyArray<[string, string]>): string {
  const given =
    args.length === 0 ? '' : `|${args.length} ${args.map(([name, value]) => `${name}=${value}`).join(' ')} `;
  return `RUN ${given}${argv.join(' ')}`;
}

function networkOf({ instruction, solver }: StepInput): string {
  const asked = instruction.flags.network?.[0];
  const ofBuild = solver.session.request.host.NetworkMode || 'default';
  if (asked === undefined || asked === 'default') return ofBuild;
  if (asked === 'none') return 'none';
  if (asked === 'host') {
    if (ofBuild === 'host') return 'host';
    throw new LabError('permissionDenied', 'RUN --network=host: the build was not given the network of the host', {
      hint: 'build with --network host',
    });
  }
  throw new LabError('invalidArgument', `RUN --network=${asked}: expected default, none or host`);
}

function refuseSecurity({ flags }: Instruction): void {
  const asked = flags.security?.[0];
  if (asked !== undefined && asked !== 'sandbox')
    throw new LabError('notImplemented', `RUN --security=${asked}: tlab does not support it`);
}
