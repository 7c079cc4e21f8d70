// Plans beside their documents: `<bundle>/plans/<sha256 of the document>.plan`, so that `tlab-runc create` and `exec` start no compiler.
// Rule: only our own runtime gets a plan; runc and crun read config.json themselves.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fromBinary } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import type { CompiledPlan } from '../../runc/compile.ts';
import { type Options, OptionsSchema } from '../../shim/proto/gen/runc_options_pb.ts';
import { emit } from '../../trace/recorder.ts';
import type { Bundle } from './bundle.ts';

/** True when the shim will run tlab-runc for these options. */
export function wantsPlan(runtime: string, ...options: Array<Any | undefined>): boolean {
  if (runtime !== 'io.containerd.tlab.v2') return false;
  const chosen = options.map(binaryName).find((name) => name !== '') ?? process.env.TLAB_RUNTIME ?? '';
  return chosen === '' || chosen.split('/').at(-1) === 'tlab-runc';
}

/** A bundle's file that says: it has plans, and by which driver. */
export const plansMark = 'has-plans';

type CgroupDriver = 'cgroupfs' | 'systemd';

/** Who the shim will have make the container's cgroups for these options. */
export const cgroupDriverOf = (...options: Array<Any | undefined>): CgroupDriver =>
  options.some((one) => optionsOf(one)?.systemdCgroup === true) ? 'systemd' : 'cgroupfs';

function driverOfPlans(bundle: Bundle): CgroupDriver {
  return readFileSync(`${bundle.path}/${plansMark}`, 'utf8') === 'systemd' ? 'systemd' : 'cgroupfs';
}

function binaryName(options: Any | undefined): string {
  return optionsOf(options)?.binaryName ?? '';
}

function optionsOf(options: Any | undefined): Options | undefined {
  if (options === undefined || !options.typeUrl.endsWith(OptionsSchema.typeName)) return undefined;
  return fromBinary(OptionsSchema, options.value);
}

/** Compiles config.json. Errors: invalidArgument, notImplemented, with the JSON pointer. */
export async function writeContainerPlan(
  bundle: Bundle,
  config: Uint8Array,
  cgroupDriver: CgroupDriver,
): Promise<void> {
  const startedMs = performance.now();
  const { compileBundle } = await import('../../runc/compile.ts');
  const compiled = compileBundle({
    id: bundle.id,
    bundle: bundle.path,
    config: Buffer.from(config).toString(),
    cgroupDriver,
  });
  writePlan({ bundle, document: 'config.json', startedMs, compiled });
}

/** Compiles one exec's process document. Errors: as above. */
export async function writeProcessPlan(bundle: Bundle, execId: string, process: Uint8Array): Promise<void> {
  const startedMs = performance.now();
  const { compileProcessDocument } = await import('../../runc/compile.ts');
  const config = readFileSync(`${bundle.path}/config.json`, 'utf8');
  const compiled = compileProcessDocument({
    id: bundle.id,
    bundle: bundle.path,
    config,
    process: Buffer.from(process).toString(),
    cgroupDriver: driverOfPlans(bundle),
  });
  writePlan({ bundle, document: `exec ${execId}`, startedMs, compiled });
}

function writePlan(work: { bundle: Bundle; document: string; startedMs: number; compiled: CompiledPlan }): void {
  const { bundle, document, startedMs, compiled } = work;
  mkdirSync(`${bundle.path}/plans`, { recursive: true, mode: 0o700 });
  const path = `${bundle.path}/plans/${compiled.fileName}`;
  writeFileSync(path, compiled.bytes, { mode: 0o600 });
  emit('containerd.plan-written', {
    data: {
      path,
      document,
      operations: compiled.operations.length,
      sizeBytes: compiled.bytes.length,
      durationMs: Math.round((performance.now() - startedMs) * 1000) / 1000,
    },
    twin: `tlab plan show ${path}`,
  });
}
