// The one error class of tlab, and the one table that carries an error over every door.
// A door translates by this table only: kind, message and data survive HTTP, gRPC, ttrpc and exit codes.

/**
 * What each kind means at each door.
 * @source docker-api responses; grpc doc/statuscodes.md
 */
export const errorKinds = {
  invalidArgument: { http: 400, grpc: 3, exit: 125 },
  notFound: { http: 404, grpc: 5, exit: 125 },
  alreadyExists: { http: 409, grpc: 6, exit: 125 },
  conflict: { http: 409, grpc: 9, exit: 125 },
  permissionDenied: { http: 403, grpc: 7, exit: 125 },
  unavailable: { http: 503, grpc: 14, exit: 125 },
  notImplemented: { http: 501, grpc: 12, exit: 125 },
  resourceExhausted: { http: 507, grpc: 8, exit: 125 },
  dataLoss: { http: 500, grpc: 15, exit: 125 },
  deadlineExceeded: { http: 504, grpc: 4, exit: 125 },
  cancelled: { http: 499, grpc: 1, exit: 125 },
  /** The container's program was found but the kernel refuses to execute it. */
  notExecutable: { http: 400, grpc: 3, exit: 126 },
  /** The container's program does not exist. */
  programNotFound: { http: 400, grpc: 3, exit: 127 },
  /** The command line itself is wrong. */
  usage: { http: 400, grpc: 3, exit: 125 },
  internal: { http: 500, grpc: 13, exit: 125 },
} as const satisfies Record<string, { http: number; grpc: number; exit: number }>;

export type ErrorKind = keyof typeof errorKinds;

export interface LabErrorOptions {
  cause?: unknown;
  /** What the person can do about it, one sentence; printed after "try:". */
  hint?: string;
  /** Machine-readable details; survives every door. */
  data?: Record<string, unknown>;
}

/**
 * Every failure that a person may see. Message: lower case, no period, no "failed to":
 * what, the value seen, what was needed.
 */
export class LabError extends Error {
  readonly kind: ErrorKind;
  readonly hint: string | undefined;
  readonly data: Record<string, unknown> | undefined;

  constructor(kind: ErrorKind, message: string, options: LabErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'LabError';
    this.kind = kind;
    this.hint = options.hint;
    this.data = options.data;
  }
}

/** Any thrown thing as a LabError; what is not one already becomes `internal`, a full disk `resourceExhausted`. */
export function asLabError(thrown: unknown): LabError {
  if (thrown instanceof LabError) return thrown;
  if (!(thrown instanceof Error)) return new LabError('internal', String(thrown));
  const isFull = ['ENOSPC', 'EDQUOT'].includes(String((thrown as { code?: unknown }).code));
  return new LabError(isFull ? 'resourceExhausted' : 'internal', thrown.message, { cause: thrown });
}

/** The same error with the context of one boundary in front: `starting container "web": …`. */
export function inContext(context: string, thrown: unknown): LabError {
  const error = asLabError(thrown);
  const options: LabErrorOptions = { cause: error };
  if (error.hint !== undefined) options.hint = error.hint;
  if (error.data !== undefined) options.data = error.data;
  return new LabError(error.kind, `${context}: ${error.message}`, options);
}

/** The kind that a gRPC status code stands for; `internal` for those that no kind maps to. */
export function kindOfGrpcCode(code: number): ErrorKind {
  const found = Object.entries(errorKinds).find(([, row]) => row.grpc === code);
  return (found?.[0] ?? 'internal') as ErrorKind;
}
