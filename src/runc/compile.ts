// config.json → plan. One door for the containerd stage and for the `compile` verb; everything with judgement is in compile/.
// The order of the lists below is the order of execution; a comment at a step says what breaks when it moves.
import { createHash } from 'node:crypto';
import { LabError } from '../base/errors.ts';
import { checkDocument, configSchema, parseRuntimeJson, type RuntimeConfig } from '../oci/runtime.ts';
import { type ProcessSpec, processSchema } from '../oci/runtime-process.ts';
import { cgroupsAfterClone, cgroupsAtDelete, cgroupsBeforeClone, joinOperations } from './compile/cgroups.ts';
import { byInit, byRuntime, type CgroupDriver, type CompileContext, refusal, unsupported } from './compile/context.ts';
import { hookOperations } from './compile/hooks.ts';
import { mountSources } from './compile/id-mapped-mounts.ts';
import { lateRemounts, resolveMounts } from './compile/mounts.ts';
import {
  checkNamespaces,
  cloneOperations,
  execNamespaces,
  joinNamespaces,
  loopbackOperations,
} from './compile/namespaces.ts';
import { netDeviceOperations } from './compile/net-devices.ts';
import {
  checkProcess,
  consoleOperations,
  controlOperations,
  execOperation,
  execPrivileges,
  oomOperations,
  privilegeOperations,
  sessionOperations,
  umaskOperation,
} from './compile/process.ts';
import type { ResolvedMount } from './compile/resolved-mount.ts';
import { finalRootPropagation } from './compile/root-propagation.ts';
import { hiddenPaths, nameOperations, prepareRoot, readonlyRoot } from './compile/rootfs.ts';
import { finalAffinity, initialAffinity } from './compile/scheduling.ts';
import { checkSharedMounts, enterRootOfInit, enterSharedRoot, hasOwnMounts } from './compile/shared-mounts.ts';
import { sysctlOperations } from './compile/sysctl.ts';
import { checkDriver, isSystemd } from './compile/systemd.ts';
import { checkMapped } from './compile/user-namespace.ts';
import { checkContainerId } from './container-id.ts';
import { type HostFacts, readHostFacts } from './host/facts.ts';
import type { RootlessWord } from './host/rootless.ts';
import { encodePlan } from './plan/encode.ts';
import type { Plan } from './plan/format.ts';
import type { Operation } from './plan/operations.ts';
import { tracePlan } from './trace-plan.ts';

export interface BundleSource {
  /** The container's id. */
  id: string;
  /** Absolute path of the bundle. */
  bundle: string;
  /** The text of config.json, as it is on disk. */
  config: string;
  /** Without a word, tlab-runc makes the cgroups itself. */
  cgroupDriver?: CgroupDriver | undefined;
  /** This host's facts; read when absent. */
  host?: HostFacts;
  /** What `--rootless` says; for reading the facts. */
  rootless?: RootlessWord;
}

export interface CompiledPlan {
  plan: Plan;
  /** The binary plan. */
  bytes: Uint8Array;
  /** Hex, of the source document. */
  sha256: string;
  /** The plan belongs in `<bundle>/plans/`: `<sha256>.plan`, or `<sha256>.systemd.plan`, since the two drivers' plans differ. */
  fileName: string;
  operations: readonly Operation[];
  warnings: readonly string[];
}

/**
 * The plan of a container. Throws LabError `invalidArgument` (config.json is wrong) or `notImplemented` (it asks for what tlab-runc
 * cannot do); both name the JSON pointer.
 */
export function compileBundle(source: BundleSource): CompiledPlan {
  const startedMs = performance.now();
  const context = contextOf(source);
  const { config } = context;
  const operations = containerOperations(context);
  const plan: Plan = {
    sha256: sha256Of(source.config),
    containerId: source.id,
    kind: 'container',
    ociVersion: config.ociVersion,
    rootfs: config.root?.path ?? '',
    terminal: config.process?.terminal === true,
    annotations: config.annotations ?? {},
    operations,
  };
  return finish(plan, { context, startedMs, document: 'config.json' });
}

/** The plan of one more process in a container: `process` is the text of the process document. */
export function compileProcessDocument(source: BundleSource & { process: string }): CompiledPlan {
  const startedMs = performance.now();
  const context = contextOf(source);
  const document = checkDocument(processSchema, parseRuntimeJson(source.process, 'process'), 'process');
  const process = withContainerDefaults(document, context.config.process);
  const plan: Plan = {
    sha256: sha256Of(source.process),
    containerId: source.id,
    kind: 'process',
    ociVersion: '',
    rootfs: '',
    terminal: process.terminal === true,
    annotations: {},
    operations: processOperations(context, process),
  };
  return finish(plan, { context, startedMs, document: 'process.json' });
}

const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex');

function contextOf(source: BundleSource): CompileContext {
  checkContainerId(source.id);
  if (!source.bundle.startsWith('/'))
    throw new LabError('invalidArgument', `bundle "${source.bundle}": expected an absolute path`);
  const config = checkDocument(configSchema, parseRuntimeJson(source.config, 'config.json'), 'config.json');
  const context: CompileContext = {
    id: source.id,
    bundle: source.bundle,
    config,
    host: source.host ?? readHostFacts(source.rootless),
    cgroupDriver: source.cgroupDriver,
    warnings: [],
  };
  refuseUnsupported(config);
  checkDriver(context);
  checkNamespaces(context);
  checkSharedMounts(context);
  return context;
}

function finish(
  plan: Plan,
  { context, startedMs, document }: { context: CompileContext; startedMs: number; document: string },
): CompiledPlan {
  const bytes = encodePlan(plan);
  tracePlan(plan, {
    path: `${context.bundle}/${document}`,
    durationUs: Math.round((performance.now() - startedMs) * 1000),
    warnings: context.warnings,
  });
  const fileName = `${plan.sha256}${isSystemd(context) ? '.systemd' : ''}.plan`;
  return { plan, bytes, sha256: plan.sha256, fileName, operations: plan.operations, warnings: context.warnings };
}

/** They are part of the state, which hooks read from one pipe of 64 KiB. @source oci-runtime runtime#state */
const largestAnnotationsBytes = 48 * 1024;

function refuseUnsupported(config: RuntimeConfig): void {
  if (Buffer.byteLength(JSON.stringify(config.annotations ?? {})) > largestAnnotationsBytes)
    throw unsupported('/annotations', `more than ${largestAnnotationsBytes} bytes of annotations`);
  for (const platform of ['solaris', 'windows', 'vm', 'zos', 'freebsd'] as const) {
    if (config[platform] !== undefined) throw unsupported(`/${platform}`, `the platform "${platform}"`);
  }
  const { linux } = config;
  for (const name of ['intelRdt'] as const) {
    if (linux?.[name] !== undefined) throw unsupported(`/linux/${name}`, name);
  }
}

function containerOperations(context: CompileContext): Operation[] {
  const { process } = context.config;
  if (process === undefined) throw refusal('/process', 'missing');
  checkProcess(process);
  checkMapped(context, process);
  const mounts = resolveMounts(context);
  return [
    ...cgroupsBeforeClone(context),
    ...mountSources(context, mounts),
    ...cloneOperations(context),
    ...oomOperations(process),
    ...cgroupsAfterClone(context),
    ...joinOperations(context, { isNew: true }),
    ...setUpOperations(context, process, mounts),
    ...privilegeOperations(context, process),
    byInit('await_start', 'default:lifecycle', {}),
    ...hookOperations(context, 'startContainer'),
    execOperation(process),
    // Not run by `create`: `start` and `delete` find them here.
    ...hookOperations(context, 'poststart'),
    ...cgroupsAtDelete(context),
    ...hookOperations(context, 'poststop'),
  ];
}

/** The child's world: namespaces, files, names. */
function setUpOperations(context: CompileContext, process: ProcessSpec, mounts: readonly ResolvedMount[]): Operation[] {
  const isShared = !hasOwnMounts(context);
  return [
    byInit('setsid', 'default:own-session', {}),
    ...joinNamespaces(context),
    ...sessionOperations(context),
    ...loopbackOperations(context),
    ...netDeviceOperations(context),
    ...(isShared ? [] : prepareRoot(context, mounts)),
    // Host hooks see the namespaces and the mounts, but still the old root. @source oci-runtime config#createruntime-hooks
    ...hookOperations(context, 'prestart'),
    ...hookOperations(context, 'createRuntime'),
    ...hookOperations(context, 'createContainer'),
    ...(isShared ? enterSharedRoot(context) : [byInit('pivot_root', '/root/path', {})]),
    ...finalRootPropagation(context),
    // The terminal before read-only remounts: it is bound on a file that may have to be made.
    ...consoleOperations(process, isShared ? '' : '/dev/console'),
    ...controlOperations(process),
    ...lateRemounts(mounts),
    ...readonlyRoot(context),
    umaskOperation(process),
    ...nameOperations(context),
    // Before /proc/sys becomes read-only.
    ...sysctlOperations(context),
    ...hiddenPaths(context),
  ];
}

/** All that needs rights, descriptors or mounts of the host comes before the clone, by a process that the container does not see. */
function processOperations(context: CompileContext, process: ProcessSpec): Operation[] {
  checkProcess(process);
  checkMapped(context, process);
  const { beforeClone, inChild } = execPrivileges(context, process);
  const oom = oomOperations(process);
  const isOrdinary = context.host.rootless !== undefined;
  return [
    ...initialAffinity(process),
    // An ordinary user is kept from the files of a process that may not be dumped: the score is set before, and inherited.
    ...(isOrdinary ? oom : []),
    byRuntime('fork', 'default:exec-process', {}),
    ...(isOrdinary ? [] : oom),
    ...joinOperations(context),
    ...finalAffinity(process),
    ...execNamespaces(context),
    ...enterRootOfInit(context),
    ...sessionOperations(context),
    ...consoleOperations(process, ''),
    umaskOperation(process),
    ...beforeClone,
    byInit('close_descriptors', 'default:exec-process', {}),
    byInit('clone', 'default:exec-process', { flags: 0 }),
    byInit('setsid', 'default:own-session', {}),
    ...controlOperations(process),
    ...inChild,
    execOperation(process),
  ];
}

/** What a process document leaves out is the container's. @source runc libcontainer newInitConfig */
const withContainerDefaults = (process: ProcessSpec, container: ProcessSpec | undefined): ProcessSpec => ({
  ...process,
  capabilities: process.capabilities ?? container?.capabilities,
  rlimits: process.rlimits ?? container?.rlimits,
  noNewPrivileges: process.noNewPrivileges ?? container?.noNewPrivileges,
  oomScoreAdj: process.oomScoreAdj ?? container?.oomScoreAdj,
  apparmorProfile: process.apparmorProfile || container?.apparmorProfile,
  selinuxLabel: process.selinuxLabel || container?.selinuxLabel,
  scheduler: process.scheduler ?? container?.scheduler,
  ioPriority: process.ioPriority ?? container?.ioPriority,
  execCPUAffinity: process.execCPUAffinity ?? container?.execCPUAffinity,
});
