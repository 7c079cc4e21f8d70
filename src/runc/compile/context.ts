// What every compile step is given, and how it says an operation or a refusal.
// Rule: a step reads only its context; the host's facts are read once, before, so that every step can be tested without a host.
import { LabError } from '../../base/errors.ts';
import type { NamespaceType, RuntimeConfig } from '../../oci/runtime.ts';
import type { DefaultName } from '../../trace/defaults.ts';
import type { HostFacts } from '../host/facts.ts';
import type { Operation, OperationName } from '../plan/operations.ts';

export type CgroupDriver = 'cgroupfs' | 'systemd';

export interface CompileContext {
  /** The container's id. */
  id: string;
  /** Absolute path of the bundle: relative paths of config.json start here. */
  bundle: string;
  config: RuntimeConfig;
  host: HostFacts;
  /** Who makes the container's cgroups; without a word, tlab-runc itself. */
  cgroupDriver?: CgroupDriver | undefined;
  /** What was changed instead of refused; printed and traced. */
  warnings: string[];
}

/** A JSON pointer into config.json, or the named default that asks for something no line of config.json asks for. */
export type PlanCause = `/${string}` | `default:${DefaultName}`;

type ArgumentsOf<Name extends OperationName> = Extract<Operation, { name: Name }>['arguments'];

/** An operation that tlab-runc does on the host. */
export function byRuntime<N extends OperationName>(name: N, cause: PlanCause, values: ArgumentsOf<N>): Operation {
  return { name, actor: 'runtime', cause, arguments: values } as Operation;
}

/** An operation that the container's first process does. */
export function byInit<N extends OperationName>(name: N, cause: PlanCause, values: ArgumentsOf<N>): Operation {
  return { name, actor: 'init', cause, arguments: values } as Operation;
}

/** A config.json that cannot be compiled: the pointer, the value and what was needed. */
export function refusal(pointer: string, message: string): LabError {
  return new LabError('invalidArgument', `config.json ${pointer}: ${message}`, { data: { pointer } });
}

/** A property that the spec knows and tlab cannot do. */
export function unsupported(pointer: string, what: string): LabError {
  return new LabError('notImplemented', `config.json ${pointer}: ${what} is not supported by tlab-runc`, {
    data: { pointer },
  });
}

/** One that is not the host's, be it new or joined: what is changed in it does not change the host. */
export const isApart = ({ config, host }: CompileContext, type: NamespaceType): boolean =>
  (config.linux?.namespaces ?? []).some(
    (namespace) => namespace.type === type && !(namespace.path && host.isHostNamespace(type, namespace.path)),
  );

export const hasNamespace = (context: CompileContext, type: string): boolean =>
  (context.config.linux?.namespaces ?? []).some((namespace) => namespace.type === type);
