// The request becomes config.json: pure, so that the same input gives the same document on any machine.
// Every value has a cause; a test walks the whole document and finds none without.
import { exactJson } from '../../base/json.ts';
import type { RuntimeConfigInput } from '../../oci/runtime.ts';
import type { Provenance } from '../../trace/cause.ts';
import { newDraft } from './draft.ts';
import type { SpecInput } from './input.ts';
import { putLinux } from './linux.ts';
import { putMounts } from './mounts.ts';
import { hostnameCause, hostnameOf, putProcess } from './process.ts';

/** @source oci-runtime config#specification-version */
const ociVersion = '1.0.2';

export interface GeneratedSpec {
  config: RuntimeConfigInput;
  provenance: Provenance;
}

/** Errors: invalidArgument when there is no program to run or a seccomp profile is malformed. */
export function generateSpec(input: SpecInput): GeneratedSpec {
  const { config, host } = input;
  const draft = newDraft();
  draft.put('/ociVersion', ociVersion, 'default:oci-version');
  putProcess(draft, input);
  draft.put('/root/path', 'rootfs', 'default:bundle-root');
  draft.put('/root/readonly', host.ReadonlyRootfs || undefined, 'api:/HostConfig/ReadonlyRootfs');
  if (host.UTSMode !== 'host') {
    draft.put('/hostname', hostnameOf(input), hostnameCause(input));
    draft.put('/domainname', config.Domainname || undefined, 'api:/Domainname');
  }
  putMounts(draft, input);
  putLinux(draft, input);
  return draft.finish();
}

/** JSON of a document that may hold 64-bit numbers as bigint. */
export function specBytes(document: unknown): Uint8Array {
  return new TextEncoder().encode(exactJson(document));
}
