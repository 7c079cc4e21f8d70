// From a parsed command line to the body of POST /containers/create and its provenance.
// Rule: every field has a cause: the flag, the operand, or a default with a name in trace/defaults.ts.
import type { CreateRequest } from '../../daemon/protocol.ts';
import type { Provenance } from '../../trace/cause.ts';
import type { ParsedLine } from '../flags/parse.ts';
import { usageError } from '../flags/spec.ts';
import { Draft } from './draft.ts';
import { type CreateFlag, createFlags } from './flags.ts';

export type CreateLine = Pick<ParsedLine<typeof createFlags>, 'flags' | 'operands' | 'given'> & { name: string };

export interface PreparedCreate {
  body: CreateRequest;
  provenance: Provenance;
  /** Streams that the command line stays attached to. */
  attached: { stdin: boolean; stdout: boolean; stderr: boolean };
}

/** `detached`: the container runs in the background (`run -d`, `create`). */
export function prepareCreate(line: CreateLine, detached: boolean): PreparedCreate {
  const [image, ...command] = line.operands;
  if (image === undefined) throw usageError(`tlab ${line.name}: expected an image`);
  const draft = new Draft(`command:${line.name.split(' ').at(-1) ?? 'run'}`);
  draft.because('argument:IMAGE', () => draft.set('/Image', image));
  if (command.length > 0) draft.because('argument:COMMAND', () => draft.set('/Cmd', command));
  applyFlags(line, draft);
  applyDefaults(draft);
  const attached = applyStreams(line, draft, detached);
  return { body: draft.body as unknown as CreateRequest, provenance: draft.provenance, attached };
}

function applyFlags(line: CreateLine, draft: Draft): void {
  for (const [name, flag] of Object.entries(createFlags)) {
    if (!line.given.has(name)) continue;
    const { apply } = flag as CreateFlag<unknown>;
    const value = line.flags[name as keyof typeof createFlags];
    if (apply !== undefined) draft.because(`flag:--${name}`, () => apply(value, draft));
  }
}

function applyDefaults(draft: Draft): void {
  if (draft.get('/HostConfig/NetworkMode') === undefined) {
    draft.because('default:cli-network', () => draft.set('/HostConfig/NetworkMode', 'default'));
  }
  if (draft.get('/HostConfig/RestartPolicy') === undefined) {
    draft.because('default:cli-restart-policy', () =>
      draft.set('/HostConfig/RestartPolicy', { Name: 'no', MaximumRetryCount: 0 }),
    );
  }
}

/** @source docker-run foreground: without --attach, stdout and stderr, and stdin with --interactive */
function applyStreams(line: CreateLine, draft: Draft, detached: boolean): PreparedCreate['attached'] {
  const asked = line.flags.attach;
  const interactive = line.flags.interactive;
  if (detached && asked.length > 0 && line.given.has('detach' as never)) {
    throw usageError('--attach and --detach exclude each other');
  }
  const wants = (stream: 'stdin' | 'stdout' | 'stderr'): boolean => {
    if (detached) return false;
    if (asked.length > 0) return asked.includes(stream);
    return stream === 'stdin' ? interactive : true;
  };
  const attached = { stdin: wants('stdin'), stdout: wants('stdout'), stderr: wants('stderr') };
  const cause = asked.length > 0 ? 'flag:--attach' : detached ? 'flag:--detach' : 'default:cli-attached-output';
  draft.because(line.name === 'create' && detached ? 'command:create' : cause, () => {
    draft.set('/AttachStdout', attached.stdout);
    draft.set('/AttachStderr', attached.stderr);
  });
  if (interactive) {
    draft.because('flag:--interactive', () => {
      draft.set('/OpenStdin', true);
      draft.set('/AttachStdin', attached.stdin);
      draft.set('/StdinOnce', attached.stdin);
    });
  }
  return attached;
}
