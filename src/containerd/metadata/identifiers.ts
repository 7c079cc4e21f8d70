// Names that become paths or keys. Rule: whatever a client sends is checked here before it is joined to a path.
import { LabError } from '../../base/errors.ts';

const identifier = /^[A-Za-z0-9]+(?:[._-](?:[A-Za-z0-9]+))*$/;
const longestIdentifier = 76;

/** A container, exec or namespace name. @source containerd identifiers/validate.go. Errors: invalidArgument. */
export function checkIdentifier(what: string, name: string): string {
  if (name.length > longestIdentifier) {
    throw new LabError(
      'invalidArgument',
      `${what} "${name.slice(0, 20)}…": ${name.length} characters, at most ${longestIdentifier} are allowed`,
    );
  }
  if (!identifier.test(name)) {
    throw new LabError(
      'invalidArgument',
      `${what} "${name}": expected letters and digits, with single . _ - between them`,
    );
  }
  return name;
}
