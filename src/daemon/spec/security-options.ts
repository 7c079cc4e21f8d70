// --security-opt: no-new-privileges, seccomp, AppArmor, and the names of what tlab does not have. @source docker-api HostConfig#SecurityOpt
import { LabError } from '../../base/errors.ts';

export interface SecurityOptions {
  noNewPrivileges: boolean;
  /** `default`, `unconfined`, or a profile as JSON text. */
  seccomp: string;
  /** The name of a profile, or `unconfined`; undefined: none was asked for. */
  appArmor?: string;
  /** systempaths=unconfined: nothing masked, nothing read-only. */
  areSystemPathsUnconfined: boolean;
}

/** Errors: invalidArgument for what nobody knows, notImplemented for what tlab does not have. */
export function parseSecurityOptions(options: readonly string[]): SecurityOptions {
  const parsed: SecurityOptions = { noNewPrivileges: false, seccomp: 'default', areSystemPathsUnconfined: false };
  for (const option of options) {
    const match = /^([a-z-]+)(?:[=:](.*))?$/s.exec(option);
    applyOption(parsed, { option, name: match?.[1] ?? '', value: match?.[2] });
  }
  return parsed;
}

interface Given {
  option: string;
  name: string;
  value: string | undefined;
}

function applyOption(parsed: SecurityOptions, { option, name, value }: Given): void {
  if (name === 'no-new-privileges') {
    parsed.noNewPrivileges = value === undefined || value === 'true';
  } else if (name === 'seccomp' && value !== undefined) {
    parsed.seccomp = value === 'builtin' ? 'default' : value;
  } else if (name === 'systempaths' && value === 'unconfined') {
    parsed.areSystemPathsUnconfined = true;
  } else if (name === 'apparmor' && value !== undefined && /^\S+$/.test(value)) {
    parsed.appArmor = value;
  } else if (name === 'label' && value === 'disable') {
    // SELinux is not applied at all, so there is nothing to switch off.
  } else if (name === 'label') {
    throw new LabError('notImplemented', `security option "${option}": tlab applies no SELinux labels`);
  } else {
    throw new LabError('invalidArgument', `invalid --security-opt 2: "${option}"`, {
      hint: 'known are no-new-privileges, seccomp=unconfined, seccomp=JSON, apparmor=PROFILE, systempaths=unconfined',
    });
  }
}
