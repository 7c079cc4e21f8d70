// `tlab trace --engine docker run …`: a command of the real Docker on this host, watched from outside, and its story.
import { LabError } from '../../base/errors.ts';
import { loadTrace } from '../../engine/first-look.ts';
import { findDocker } from '../../engine/xray/find.ts';
import { type DockerCommand, recordDocker } from '../../engine/xray/record.ts';
import { redactCommand } from '../../trace/redact.ts';
import { storyEnd, storyLines } from '../../viewer/story.ts';
import { type CreateLine, prepareCreate } from '../create/request.ts';
import { parseLine } from '../flags/parse.ts';
import { runFlags } from '../run/flags.ts';
import { say, terminalColumns } from '../terminal.ts';

const neverSeen = [
  'messages between the stages: what goes over HTTP, gRPC and ttrpc is not captured',
  'work without system calls: the vDSO (clock_gettime and the like), io_uring',
  'other clients: what they ask of the same dockerd meanwhile is in this trace too',
];

/** Words after `--engine docker`: `run -d nginx`. Returns docker's own status. */
export async function xray(words: readonly string[], host: string | undefined): Promise<number> {
  if (process.getuid?.() !== 0) {
    throw new LabError('permissionDenied', 'the X-ray of a real Docker needs root: it attaches to dockerd', {
      hint: 'sudo tlab trace --engine docker run …',
    });
  }
  const docker = findDocker(host);
  const { create, blind } = requestOf(words.slice(1));
  const command: DockerCommand = {
    argv: [...(host === undefined ? [] : ['--host', host]), ...words],
    shown: ['tlab', 'trace', '--engine', 'docker', ...redactCommand(words)],
    create,
    blind: [...neverSeen, ...blind],
  };
  const { traceId, status } = await recordDocker(docker, command);
  const trace = await loadTrace(traceId);
  say('');
  for (const line of [...storyLines(trace, terminalColumns()), ...storyEnd(trace, terminalColumns())]) say(line);
  return status;
}

/** The same flags as our own run: their table says which field of the request each writes. */
function requestOf(argv: readonly string[]): { create: DockerCommand['create']; blind: string[] } {
  try {
    const line = parseLine(runFlags, argv, { untilOperand: true });
    const prepared = prepareCreate({ ...line, name: 'run' } as unknown as CreateLine, line.flags.detach);
    return { create: { body: prepared.body, provenance: prepared.provenance }, blind: [] };
  } catch (error) {
    const reason = error instanceof LabError ? error.message : String(error);
    return { create: undefined, blind: [`which flag caused what: this tlab cannot read the command line (${reason})`] };
  }
}
