// A profile whose every word is known, as numbers. Names of system calls stay names: libseccomp knows their numbers.
import type { SeccompArgument, SeccompProfile, SeccompRule } from '../../oci/runtime-seccomp.ts';
import { refusal } from '../compile/context.ts';
import { actions, architectures, filterFlags, listenerFlags, operators } from './names.ts';

export interface FilterRule {
  names: readonly string[];
  action: number;
  /** Each group becomes one rule; an empty list is one rule without conditions. */
  conditions: readonly (readonly FilterCondition[])[];
}

export interface FilterCondition {
  index: number;
  operator: number;
  value: bigint;
  valueTwo: bigint;
}

export interface Filter {
  defaultAction: number;
  /** Audit numbers. */
  architectures: readonly number[];
  rules: readonly FilterRule[];
  /** Whether unknown newer system calls should fail with ENOSYS instead of the default action. */
  answersEnosys: boolean;
}

const base = '/linux/seccomp';
const EPERM = 1;
const ENOSYS = 38;
const uint64 = 0xffff_ffff_ffff_ffffn;

export function checkProfile(profile: SeccompProfile): Filter {
  checkListener(profile);
  const defaultAction = actionNumber(profile.defaultAction, profile.defaultErrnoRet, `${base}/defaultAction`);
  return {
    defaultAction,
    architectures: (profile.architectures ?? []).map(architectureNumber),
    rules: (profile.syscalls ?? [])
      .map((rule, index) => checkRule(rule, `${base}/syscalls/${index}`))
      // A rule that says what the default says anyway is refused by libseccomp.
      .filter((rule) => rule.action !== defaultAction),
    answersEnosys: answersEnosys(profile),
  };
}

const NOTIFY = 'SCMP_ACT_NOTIFY';

/** Whether an agent answers for some system calls. */
export const hasListener = (profile: SeccompProfile): boolean =>
  (profile.syscalls ?? []).some(({ action }) => action === NOTIFY);

/** @source oci-runtime config-linux#seccomp listenerPath, listenerMetadata */
function checkListener(profile: SeccompProfile): void {
  const hasPath = (profile.listenerPath ?? '') !== '';
  if (profile.defaultAction === NOTIFY)
    throw refusal(`${base}/defaultAction`, `"${NOTIFY}": expected an action that needs no agent`);
  if (hasListener(profile) && !hasPath)
    throw refusal(`${base}/listenerPath`, `expected the agent's socket, since a rule says ${NOTIFY}`);
  if ((profile.listenerMetadata ?? '') !== '' && !hasPath)
    throw refusal(`${base}/listenerMetadata`, 'expected none without listenerPath');
}

/**
 * A program built for a newer kernel probes with ENOSYS and falls back; EPERM would make it fail. So calls beyond the newest that
 * the profile names get ENOSYS, unless the profile says that itself or lets calls through.
 * @source runc libcontainer/seccomp/patchbpf
 */
const answersEnosys = (profile: SeccompProfile): boolean =>
  profile.defaultErrnoRet !== ENOSYS &&
  !['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_TRACE'].includes(profile.defaultAction);

/** The flags of seccomp(2). */
export function flagBits(profile: SeccompProfile): number {
  const asked = (profile.flags ?? []).reduce((bits, name, index) => {
    const pointer = `${base}/flags/${index}`;
    if (name === 'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV' && !hasListener(profile))
      throw refusal(pointer, `"${name}": expected a rule that says ${NOTIFY} beside it`);
    return bits | lookUp(filterFlags, name, pointer);
  }, 0);
  return hasListener(profile) ? asked | listenerFlags.NEW_LISTENER | listenerFlags.TSYNC_ESRCH : asked;
}

function checkRule(rule: SeccompRule, pointer: string): FilterRule {
  const conditions = (rule.args ?? []).map((argument, index) => checkCondition(argument, `${pointer}/args/${index}`));
  const repeats = new Set(conditions.map((condition) => condition.index)).size < conditions.length;
  return {
    names: rule.names,
    action: actionNumber(rule.action, rule.errnoRet, `${pointer}/action`),
    // Two conditions on one argument cannot both hold in one libseccomp rule: each is a rule of its own then, as in runc.
    conditions: repeats ? conditions.map((condition) => [condition]) : [conditions],
  };
}

function checkCondition(argument: SeccompArgument, pointer: string): FilterCondition {
  if (argument.index > 5) throw refusal(`${pointer}/index`, `${argument.index}: expected 0 to 5`);
  return {
    index: argument.index,
    operator: lookUp(operators, argument.op, `${pointer}/op`),
    value: within(argument.value, `${pointer}/value`),
    valueTwo: within(argument.valueTwo ?? 0, `${pointer}/valueTwo`),
  };
}

function within(value: number | bigint, pointer: string): bigint {
  if (BigInt(value) > uint64) throw refusal(pointer, `${value}: expected at most ${uint64}`);
  return BigInt(value);
}

function actionNumber(name: string, errnoRet: number | undefined, pointer: string): number {
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined) throw refusal(pointer, `"${name}": expected one of ${Object.keys(actions).join(', ')}`);
  if (!action.takesValue) {
    if (errnoRet !== undefined) throw refusal(pointer, `"${name}": takes no errnoRet`);
    return action.value;
  }
  const value = errnoRet ?? EPERM;
  if (value > 0xffff) throw refusal(pointer, `errnoRet ${value}: expected at most 65535`);
  return action.value | value;
}

const architectureNumber = (name: string, index: number): number =>
  lookUp(architectures, name, `${base}/architectures/${index}`);

function lookUp(table: Readonly<Record<string, number>>, name: string, pointer: string): number {
  const value = Object.hasOwn(table, name) ? table[name] : undefined;
  if (value === undefined) throw refusal(pointer, `"${name}": expected one of ${Object.keys(table).join(', ')}`);
  return value;
}
