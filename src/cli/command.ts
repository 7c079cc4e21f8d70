// A command: one file, one call of defineCommand. oclif finds and runs it; its own parser does not read the line, because
// Docker's rules (flags end at IMAGE, -dp 8080:80, -h is a hostname) are not oclif's.
// Rule: a command returns its exit status, or throws; main alone ends the process.
import { Command } from '@oclif/core/command';
import type { ErrorKind } from '../base/errors.ts';
import { type ParsedLine, parseLine } from './flags/parse.ts';
import { type FlagTable, type FlagValues, usageError } from './flags/spec.ts';

export interface Example {
  says: string;
  line: string;
}

export interface CommandSpec<Table extends FlagTable> {
  /** After `tlab <name> [OPTIONS]`: `CONTAINER [CONTAINER...]`; empty for none. */
  operands?: string;
  /** How many operands; none by default. */
  count?: { min: number; max?: number };
  /** What it does, for its own help; the one-line summary stands in the catalogue. */
  says?: string;
  flags: Table;
  /** The first operand ends the flags. */
  untilOperand?: boolean;
  examples?: readonly Example[];
  /** Exit statuses by error kind that differ from 1, as `run` and `exec` hand on 125, 126 and 127. */
  exitStatus?: (kind: ErrorKind) => number;
  run(line: CommandLine<Table>): Promise<number | undefined> | number | undefined;
}

export interface CommandLine<Table extends FlagTable> extends ParsedLine<Table> {
  flags: FlagValues<Table>;
  /** `trace run`, as it was typed. */
  name: string;
}

/** A class that oclif can run, with its description as data for help and completion. */
export type CommandClass = Command.Class & { spec: CommandSpec<FlagTable> };

export function defineCommand<Table extends FlagTable>(spec: CommandSpec<Table>): CommandClass {
  class Defined extends Command {
    static spec = spec;
    static override strict = false;

    override async run(): Promise<void> {
      const name = (this.id ?? '').replaceAll(':', ' ');
      const line = parseLine(spec.flags, this.argv, { untilOperand: spec.untilOperand ?? false });
      checkCount(name, spec, line.operands.length);
      this.parsed = true;
      const status = await spec.run({ ...line, name });
      process.exitCode = status ?? 0;
    }

    /** Errors are printed in one place: start.ts. */
    override async catch(error: Error): Promise<never> {
      this.parsed = true;
      throw error;
    }
  }
  return Defined as unknown as CommandClass;
}

function checkCount(name: string, spec: Pick<CommandSpec<FlagTable>, 'count'>, seen: number): void {
  const { min, max } = spec.count ?? { min: 0, max: 0 };
  if (seen >= min && (max === undefined || seen <= max)) return;
  const wanted = min === max ? `${min}` : max === undefined ? `at least ${min}` : `${min} to ${max}`;
  const noun = wanted.endsWith('1') ? 'argument' : 'arguments';
  throw usageError(`tlab ${name}: expected ${wanted === '0' ? 'no' : wanted} ${noun}, got ${seen}`);
}
