// A container's id names files, cgroups and a keyring, so it may never hold a path separator or be a path of its own.
import { LabError } from '../base/errors.ts';

/** @source runc libcontainer/factory_linux.go idRegex */
const form = /^[A-Za-z0-9_+.-]{1,1024}$/;

export const isContainerId = (id: string): boolean => form.test(id) && id !== '.' && id !== '..';

/** Throws `invalidArgument`. */
export function checkContainerId(id: string): void {
  if (!isContainerId(id)) {
    throw new LabError('invalidArgument', `container id "${id}": expected letters, digits and _ + . -`);
  }
}
