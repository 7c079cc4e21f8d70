// Event types of the kernel stage: objects made, changed and removed, whichever process asked for it (see pid).
import * as v from 'valibot';
import { operationWords } from '../operation-words.ts';
import { row } from '../row.ts';

const optionalError = { errno: v.optional(v.string()) };
/** Of what a plan's executor did: from its start to its end. */
const optionalDuration = { durationNs: v.optional(v.number()) };

function mountWords(mount: { source: string; target: string; fstype: string; options: string }): string {
  const options = mount.options === '' ? '' : ` (${mount.options})`;
  if (/(^|,)remount(,|$)/.test(mount.options)) return `mount again ${mount.target}${options}`;
  return `mount ${mount.fstype || 'bind'} ${mount.source} on ${mount.target}${options}`;
}

/** Attributes of a message without their nesting: `IFLA_IFNAME=tlab0`. What a hostile trace nests too deep stays JSON. */
function leaves(attributes: Readonly<Record<string, unknown>>, depth = 0): string[] {
  return Object.entries(attributes).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null && depth < 8
      ? leaves(value as Record<string, unknown>, depth + 1)
      : `${name}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`,
  );
}

export const kernelRows = {
  'kernel.operation-executed': row({
    level: 2,
    data: v.object({
      /** Position in the plan. */
      index: v.number(),
      /** Name of the operation, the row of src/runc/plan/operations.ts. */
      operation: v.string(),
      arguments: v.record(v.string(), v.unknown()),
      actor: v.string(),
      durationNs: v.number(),
      result: v.number(),
      ...optionalError,
    }),
    says: (d) => operationWords(d.operation, d.arguments),
    source: 'oci-runtime runtime',
  }),
  'kernel.mount-attached': row({
    level: 2,
    data: v.object({
      source: v.string(),
      target: v.string(),
      fstype: v.string(),
      options: v.string(),
      ...optionalDuration,
      ...optionalError,
    }),
    says: mountWords,
    source: 'man mount(2)',
  }),
  'kernel.mount-detached': row({
    level: 2,
    data: v.object({ target: v.string(), flags: v.string(), ...optionalError }),
    says: (d) => `unmount ${d.target}`,
    source: 'man umount(2)',
  }),
  'kernel.cgroup-written': row({
    level: 2,
    data: v.object({ path: v.string(), value: v.string(), ...optionalDuration, ...optionalError }),
    says: (d) => `write ${d.value} to ${d.path}`,
    source: 'man cgroups(7)',
  }),
  'kernel.cgroup-made': row({
    level: 2,
    data: v.object({ path: v.string(), ...optionalDuration, ...optionalError }),
    says: (d) => `make cgroup ${d.path}`,
    source: 'man cgroups(7)',
  }),
  'kernel.cgroup-removed': row({
    level: 2,
    data: v.object({ path: v.string(), ...optionalError }),
    says: (d) => `remove cgroup ${d.path}`,
    source: 'man cgroups(7)',
  }),
  'kernel.file-written': row({
    level: 2,
    data: v.object({ path: v.string(), value: v.string(), ...optionalError }),
    says: (d) => `write ${d.path}`,
    source: 'man write(2)',
  }),
  'kernel.process-executed': row({
    level: 2,
    data: v.object({ executable: v.string(), argv: v.array(v.string()), childPid: v.optional(v.number()) }),
    says: (d) => `execute ${d.argv.join(' ')}`,
    source: 'man execve(2)',
  }),
  'kernel.process-exited': row({
    level: 2,
    data: v.object({ childPid: v.number(), status: v.number(), signal: v.optional(v.string()) }),
    says: (d) => `process ${d.childPid} exits with ${d.status}`,
    source: 'man wait(2)',
  }),
  /** Of a program that reports nothing by itself: which door it knocks at; what it says there is not seen. */
  'kernel.socket-connected': row({
    level: 1,
    data: v.object({ path: v.string(), process: v.string() }),
    says: (d) => `${d.process} connects to ${d.path}`,
    source: 'man unix(7)',
  }),
  'kernel.netlink-sent': row({
    level: 2,
    data: v.object({
      /** RTM_NEWLINK and the like. */
      message: v.string(),
      attributes: v.record(v.string(), v.unknown()),
      namespace: v.string(),
      ...optionalError,
    }),
    says: (d) => `netlink ${[d.message, ...leaves(d.attributes)].join(' ')}`,
    source: 'man rtnetlink(7)',
  }),
  'kernel.network-namespace-created': row({
    level: 2,
    data: v.object({
      path: v.string(),
      /** The process that it is the namespace of already: this is only what keeps it. */
      of: v.optional(v.number()),
      /** The user namespace that it belongs to, made with it. */
      user: v.optional(v.object({ path: v.string(), uidMap: v.string(), gidMap: v.string() })),
      ...optionalError,
    }),
    says: (d) =>
      d.of === undefined
        ? `make a network namespace${d.user === undefined ? '' : ' in a user namespace of its own'}, kept alive by a bind mount on ${d.path}`
        : `keep the network namespace of process ${d.of} by a bind mount of /proc/${d.of}/ns/net on ${d.path}`,
    source: 'man network_namespaces(7)',
  }),
  'kernel.chain-made': row({
    level: 2,
    data: v.object({ table: v.string(), chain: v.string() }),
    says: (d) => `make or empty the chain ${d.chain} of ${d.table}`,
    source: 'man iptables(8)',
  }),
  'kernel.chain-removed': row({
    level: 2,
    data: v.object({ table: v.string(), chain: v.string() }),
    says: (d) => `remove the chain ${d.chain} of ${d.table}`,
    source: 'man iptables(8)',
  }),
  'kernel.rule-added': row({
    level: 2,
    data: v.object({ table: v.string(), chain: v.string(), rule: v.string() }),
    says: (d) => `iptables -t ${d.table} -A ${d.chain} ${d.rule}`,
    source: 'man iptables(8)',
  }),
  'kernel.rule-removed': row({
    level: 2,
    data: v.object({ table: v.string(), chain: v.string(), rule: v.string() }),
    says: (d) => `iptables -t ${d.table} -D ${d.chain} ${d.rule}`,
    source: 'man iptables(8)',
  }),
  /** Every system call of the traced processes: seen from outside by the tracer, decoded by src/tracer. */
  'kernel.syscall-made': row({
    level: 3,
    data: v.object({
      /** In kernel spelling; `syscall_999` for a number without a row. */
      name: v.string(),
      /** Decoded, each as strace prints it: `"proc"`, `MS_NOSUID|MS_NODEV`, `3</proc/self/mountinfo>`. */
      args: v.array(v.string()),
      /** A string where a number would lose bits. Absent: it never returned. */
      result: v.optional(v.union([v.number(), v.string()])),
      errno: v.optional(v.string()),
      durationNs: v.optional(v.number()),
      /** `seccomp`: a filter, or its agent, answered, and the kernel never began the call. Absent: the kernel, or it is not known. */
      answeredBy: v.optional(v.string()),
      /** Who made it: a stage, `container`, or the name of another program. */
      process: v.string(),
      /** The event (its seq) that this call carries out: a kernel operation, a message at a door. */
      operation: v.optional(v.number()),
      /** Housekeeping of a language runtime: kept, and folded by viewers. */
      noise: v.optional(v.boolean()),
    }),
    says: (d) =>
      `${d.process}: ${d.name}(${d.args.join(', ')}) = ${d.result ?? '?'}${d.errno === undefined ? '' : ` ${d.errno}`}`,
    source: 'man syscalls(2)',
  }),
  'kernel.process-forked': row({
    level: 3,
    data: v.object({
      childPid: v.number(),
      childTid: v.number(),
      innerPid: v.optional(v.number()),
      process: v.string(),
      operation: v.optional(v.number()),
    }),
    says: (d) => `${d.process}: makes ${d.childPid === d.childTid ? `process ${d.childPid}` : `thread ${d.childTid}`}`,
    source: 'man clone(2)',
  }),
  'kernel.process-ended': row({
    level: 3,
    data: v.object({
      status: v.number(),
      signal: v.optional(v.string()),
      process: v.string(),
      operation: v.optional(v.number()),
    }),
    says: (d) => `${d.process}: ends ${d.signal === undefined ? `with ${d.status}` : `by ${d.signal}`}`,
    source: 'man wait(2)',
  }),
  'kernel.events-lost': row({
    level: 1,
    data: v.object({ count: v.number(), reason: v.string() }),
    says: (d) => `${d.count} records of the tracer were lost: ${d.reason}`,
    source: 'man bpf(2)',
  }),
} as const;
