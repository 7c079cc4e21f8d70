// The device controller's rules → what is allowed in the end. Rules apply in order, as writes to devices.deny and devices.allow
// would: a rule for every device sets the default, others add or take away exceptions from it.
import type { DeviceRule } from '../../oci/runtime-resources.ts';
import { type PlanCause, refusal } from './context.ts';

/** One exception: a device, or with `*` many. */
export interface DeviceException {
  type: 'b' | 'c';
  major: number | '*';
  minor: number | '*';
  access: string;
}

/** `isAllowed` holds for every device that no exception names. */
export interface DevicePolicy {
  isAllowed: boolean;
  exceptions: DeviceException[];
}

/**
 * What a container may use however strict its rules are: mknod of anything, and the devices of its own /dev.
 * runc before 1.2 also allows /dev/net/tun (10:200); tlab follows the newer runc.
 * @source oci-runtime config-linux#default-devices; runc libcontainer/specconv AllowedDevices
 */
const alwaysAllowed: readonly DeviceException[] = [
  { type: 'c', major: '*', minor: '*', access: 'm' },
  { type: 'b', major: '*', minor: '*', access: 'm' },
  { type: 'c', major: 1, minor: 3, access: 'rwm' },
  { type: 'c', major: 1, minor: 8, access: 'rwm' },
  { type: 'c', major: 1, minor: 7, access: 'rwm' },
  { type: 'c', major: 5, minor: 0, access: 'rwm' },
  { type: 'c', major: 1, minor: 5, access: 'rwm' },
  { type: 'c', major: 1, minor: 9, access: 'rwm' },
  { type: 'c', major: 136, minor: '*', access: 'rwm' },
  { type: 'c', major: 5, minor: 2, access: 'rwm' },
];

/** The policy that config.json's rules and the defaults come to; exceptions sorted by type, major, minor. */
export function devicePolicy(rules: readonly DeviceRule[]): DevicePolicy {
  // A config.json without rules gets the strict start, as from runc, although a new cgroup inherits more from its parent.
  let policy: DevicePolicy = { isAllowed: false, exceptions: [] };
  for (const [index, rule] of rules.entries()) policy = applyRule(policy, rule, `/linux/resources/devices/${index}`);
  for (const exception of alwaysAllowed) policy = allow(policy, exception, '');
  return { ...policy, exceptions: policy.exceptions.sort(byNumber) };
}

function applyRule(policy: DevicePolicy, rule: DeviceRule, pointer: string): DevicePolicy {
  if (rule.type === undefined || rule.type === 'a') return { isAllowed: rule.allow, exceptions: [] };
  const exception: DeviceException = {
    type: rule.type,
    major: deviceNumber(rule.major),
    minor: deviceNumber(rule.minor),
    access: rule.access ?? '',
  };
  if (exception.access === '') throw refusal(`${pointer}/access`, 'missing: expected letters of r, w and m');
  return rule.allow ? allow(policy, exception, pointer) : deny(policy, exception, pointer);
}

const allow = (policy: DevicePolicy, exception: DeviceException, pointer: string): DevicePolicy =>
  policy.isAllowed ? without(policy, exception, pointer) : including(policy, exception);

const deny = (policy: DevicePolicy, exception: DeviceException, pointer: string): DevicePolicy =>
  policy.isAllowed ? including(policy, exception) : without(policy, exception, pointer);

function including(policy: DevicePolicy, exception: DeviceException): DevicePolicy {
  const same = policy.exceptions.find((other) => isSameDevice(other, exception));
  const access = [...'rwm']
    .filter((letter) => exception.access.includes(letter) || same?.access.includes(letter))
    .join('');
  return { ...policy, exceptions: [...policy.exceptions.filter((other) => other !== same), { ...exception, access }] };
}

function without(policy: DevicePolicy, exception: DeviceException, pointer: string): DevicePolicy {
  const wider = policy.exceptions.find((other) => !isSameDevice(other, exception) && covers(other, exception));
  if (wider !== undefined && pointer !== '') {
    throw refusal(
      pointer,
      `takes part of an earlier rule for ${deviceWords(wider)} away, which the kernel cannot express`,
    );
  }
  const left = policy.exceptions.map((other) => {
    if (!isSameDevice(other, exception)) return other;
    return { ...other, access: [...other.access].filter((letter) => !exception.access.includes(letter)).join('') };
  });
  return { ...policy, exceptions: left.filter((other) => other.access !== '') };
}

const isSameDevice = (a: DeviceException, b: DeviceException): boolean =>
  a.type === b.type && a.major === b.major && a.minor === b.minor;

const covers = (wide: DeviceException, narrow: DeviceException): boolean =>
  wide.type === narrow.type &&
  (wide.major === '*' || wide.major === narrow.major) &&
  (wide.minor === '*' || wide.minor === narrow.minor) &&
  [...narrow.access].some((letter) => wide.access.includes(letter));

/**
 * The rule that an exception comes from: the last one about that device; of what none asks for, the default. Without an
 * exception: the rule that the policy starts from, where there is one.
 */
export function deviceCause(
  rules: readonly DeviceRule[],
  { isAllowed }: Pick<DevicePolicy, 'isAllowed'>,
  exception?: DeviceException,
): PlanCause {
  const at = rules.findLastIndex((rule) =>
    exception === undefined
      ? rule.type === undefined || rule.type === 'a'
      : rule.allow !== isAllowed &&
        rule.type === exception.type &&
        deviceNumber(rule.major) === exception.major &&
        deviceNumber(rule.minor) === exception.minor,
  );
  if (at >= 0) return `/linux/resources/devices/${at}`;
  return exception === undefined ? 'default:default-devices' : 'default:spec-devices';
}

/** `c 1:3 rwm`: what devices.allow and devices.deny take. @source kernel cgroup-v1/devices.rst */
export const deviceWords = (exception: DeviceException): string =>
  `${exception.type} ${exception.major}:${exception.minor} ${exception.access}`;

const deviceNumber = (value: number | bigint | undefined): number | '*' =>
  value === undefined || value < 0 ? '*' : Number(value);

function byNumber(a: DeviceException, b: DeviceException): number {
  const rank = (value: number | '*'): number => (value === '*' ? -1 : value);
  return a.type.charCodeAt(0) - b.type.charCodeAt(0) || rank(a.major) - rank(b.major) || rank(a.minor) - rank(b.minor);
}
