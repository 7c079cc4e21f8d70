// `linux.sysctl` → writes below /proc/sys. Rule: only keys that a namespace of the container's own keeps apart from the host.
import { type NamespaceType, pointerPart } from '../../oci/runtime.ts';
import type { Operation } from '../plan/operations.ts';
import { byInit, type CompileContext, isApart, refusal } from './context.ts';

/** Which namespace a key belongs to. @source man namespaces(7); docker docs run#sysctl */
const namespaceOfKey: readonly (readonly [RegExp, NamespaceType])[] = [
  [/^net\//, 'network'],
  [/^kernel\/(msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)$/, 'ipc'],
  [/^fs\/mqueue\//, 'ipc'],
  [/^kernel\/domainname$/, 'uts'],
  [/^user\//, 'user'],
];

export function sysctlOperations(context: CompileContext): Operation[] {
  return Object.entries(context.config.linux?.sysctl ?? {}).map(([name, value]) => {
    const pointer = `/linux/sysctl/${pointerPart(name)}` as const;
    const key = sysctlPath(name);
    if (!/^[A-Za-z0-9_.:@*-]+(\/[A-Za-z0-9_.:@*-]+)+$/.test(key) || key.split('/').includes('..')) {
      throw refusal(pointer, 'expected a key such as net.ipv4.ip_forward');
    }
    if (key === 'kernel/hostname') throw refusal(pointer, 'expected the property hostname instead');
    const namespace = namespaceOfKey.find(([form]) => form.test(key))?.[1];
    if (namespace === undefined)
      throw refusal(pointer, 'is not kept apart by a namespace, so it would change the host');
    if (!isApart(context, namespace))
      throw refusal(pointer, `expected a ${namespace} namespace of its own, since it would change the host`);
    return byInit('sysctl', pointer, { key, value });
  });
}

/** The first separator of a key decides: `net.ipv4.conf.eth0/100.x` has dots as separators and a slash for the dot. @source man sysctl.d(5) */
function sysctlPath(name: string): string {
  const first = /[./]/.exec(name)?.[0];
  if (first !== '.') return name;
  return name.replace(/[./]/g, (separator) => (separator === '.' ? '/' : '.'));
}
