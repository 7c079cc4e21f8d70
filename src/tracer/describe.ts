// From the registers and bytes of one call to what people read: name, arguments, result, errno.
// Rule: never throws, whatever the registers and bytes are; what cannot be decoded is shown as a number with a mark.
import { permissionText } from './decode/arguments.ts';
import { errnoName, isErrorResult, isRestart } from './errno.ts';
import type { RawCall } from './raw.ts';
import type { ArgumentType, SyscallRow } from './syscall.ts';
import { syscallOf, typesOf } from './table.ts';
import type { ArgumentView, CapturedBytes, ProcessView } from './view.ts';

export interface DescribedCall {
  /** In kernel spelling; `syscall_999` and `i386_syscall_20` for those without a row. */
  name: string;
  /** Each as strace prints it. */
  args: string[];
  /** A string where a number would lose bits or is an address. Absent: it never returned, or is restarted. */
  result?: number | string;
  /** `ENOENT`; with an absent result `ERESTARTSYS` and its like. */
  errno?: string;
  noise: boolean;
}

class View implements ArgumentView {
  readonly value: bigint;
  readonly parts: readonly CapturedBytes[];
  readonly captured?: CapturedBytes;
  readonly registers: readonly bigint[];
  readonly result?: bigint;
  readonly process: ProcessView;
  #call: RawCall;

  constructor(call: RawCall, position: number, process: ProcessView) {
    this.#call = call;
    this.value = call.registers[position] ?? 0n;
    this.parts = call.parts(position);
    const first = this.parts[0];
    if (first && first.whole >= 0) this.captured = first;
    this.registers = call.registers;
    if (call.result !== undefined) this.result = call.result;
    this.process = process;
  }

  other(position: number): CapturedBytes | undefined {
    const first = this.#call.parts(position)[0];
    return first && first.whole >= 0 ? first : undefined;
  }
}

const inHex = (value: bigint): string => (value === 0n ? '0' : `0x${value.toString(16)}`);

function show(type: ArgumentType, call: RawCall, position: number, process: ProcessView): string {
  try {
    return type.show(new View(call, position, process));
  } catch {
    return `${inHex(call.registers[position] ?? 0n)} /* undecoded */`;
  }
}

function resultOf(result: bigint, kind: SyscallRow['result']): number | string {
  if (kind === 'pointer') return inHex(BigInt.asUintN(64, result));
  if (kind === 'octal') return permissionText(Number(result));
  const number = Number(result);
  return Number.isSafeInteger(number) ? number : String(result);
}

/** The call as people read it, with descriptors named as of the moment that `process` stands for. */
export function describeCall(call: RawCall, process: ProcessView): DescribedCall {
  const known = call.otherTable ? undefined : syscallOf(process.machine, call.number);
  const described: DescribedCall = { name: call.name, args: [], noise: known?.row.noise === true };
  if (known) {
    for (const [position, type] of typesOf(known, call.registers).entries()) {
      const text = show(type, call, position, process);
      if (text !== '') described.args.push(text);
    }
  } else {
    described.args = call.registers.map(inHex);
  }
  if (call.result === undefined) return described;
  if (!isErrorResult(call.result)) {
    described.result = resultOf(call.result, known?.row.result);
    return described;
  }
  const code = Number(-call.result);
  described.errno = errnoName(code);
  if (!isRestart(code)) described.result = -1;
  return described;
}
