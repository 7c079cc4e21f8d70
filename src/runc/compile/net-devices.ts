// `linux.netDevices` → network devices of the host that go into the container's network namespace, each under the name that it is to have
// there. Nothing brings them back: when the namespace ends, the kernel returns physical ones to the host and removes the others.
// @source oci-runtime config-linux#network-devices
import { pointerPart } from '../../oci/runtime.ts';
import type { Operation } from '../plan/operations.ts';
import { byRuntime, type CompileContext, isApart, refusal, unsupported } from './context.ts';

export function netDeviceOperations(context: CompileContext): Operation[] {
  const devices = Object.entries(context.config.linux?.netDevices ?? {});
  if (devices.length > 0 && !isApart(context, 'network'))
    throw refusal('/linux/netDevices', 'expected a network namespace of its own to move them into');
  const names = new Set<string>();
  return devices.map(([device, { name: asked = '' }]) => {
    const cause = `/linux/netDevices/${pointerPart(device)}` as const;
    const name = asked || device;
    if (name.includes('%')) throw unsupported(`${cause}/name`, `a name that the kernel completes ("${name}")`);
    if (!isDeviceName(device)) throw refusal(cause, `"${device}": ${nameNeeded}`);
    if (!isDeviceName(name)) throw refusal(`${cause}/name`, `"${name}": ${nameNeeded}`);
    if (names.has(name)) throw refusal(`${cause}/name`, `"${name}": expected each name once`);
    names.add(name);
    return byRuntime('net_device', cause, { device, name });
  });
}

const nameNeeded = 'expected the name of a network device: 1 to 15 bytes without blanks, / and :';

/** @source linux net/core/dev.c dev_valid_name */
const isDeviceName = (name: string): boolean =>
  /^[^\s/:]+$/.test(name) && Buffer.byteLength(name) <= 15 && name !== '.' && name !== '..';
