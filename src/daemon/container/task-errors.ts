// A start that the runtime refused, in the words and with the exit status that Docker's clients look for.
// @source docker libcontainerd/errors; docker-run exit status 125, 126, 127
import { asLabError, type ErrorKind, LabError } from '../../base/errors.ts';

const missingProgram = /executable file not found|no such file or directory|ENOENT/i;
const notExecutable = /permission denied|EACCES|exec format error|ENOEXEC|is a directory|EISDIR/i;

export interface StartFailure {
  error: LabError;
  /** What the container's state shows. */
  exitCode: number;
}

/** `program` is what config.json's args[0] says. */
export function startFailure(thrown: unknown, program: string): StartFailure {
  const error = asLabError(thrown);
  const kind = kindOf(error, program);
  if (kind === undefined) return { error, exitCode: 128 };
  const words = kind === 'programNotFound' ? missingWords(program) : 'permission denied';
  const said = kind === 'programNotFound' ? missingProgram : /permission denied/i;
  const isSaid = said.test(error.message) && /executable file|no such file|permission denied/i.test(error.message);
  const message = isSaid ? error.message : `${error.message}: exec: "${program}": ${words}`;
  return {
    error: new LabError(kind, message, {
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      data: { ...error.data, program },
    }),
    exitCode: kind === 'programNotFound' ? 127 : 126,
  };
}

const missingWords = (program: string): string =>
  program.includes('/') ? `stat ${program}: no such file or directory` : 'executable file not found in $PATH';

function kindOf(error: LabError, program: string): ErrorKind | undefined {
  if (error.kind === 'programNotFound' || error.kind === 'notExecutable') return error.kind;
  // Other runtimes say it in words: only a message about the program itself counts, not one about a missing mount.
  const isAboutProgram =
    error.message.includes(`exec: "${program}"`) || /execve|exec user process|executable file/.test(error.message);
  if (!isAboutProgram) return undefined;
  if (notExecutable.test(error.message)) return 'notExecutable';
  return missingProgram.test(error.message) ? 'programNotFound' : undefined;
}
