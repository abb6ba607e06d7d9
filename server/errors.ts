/**
 * Errors that a person can act on. `code` is stable and documented, `hint` says what to do. Anything else that
 * is thrown is a defect of ours and may show its stack.
 */
export const ERROR_CODES = {
  USAGE: 2,
  NO_SUCH_PATH: 1,
  UNREADABLE: 1,
  NOTHING_TO_READ: 1,
  NOTHING_KNOWN: 1,
  BINARY: 1,
  CONFIG: 2,
  PORT_IN_USE: 1,
  DATA_DIR: 1,
  DATA_LOCKED: 1,
  NOT_FOUND: 1,
  UNSAFE_HOST: 2,
} as const;
export type ErrorCode = keyof typeof ERROR_CODES;

export class Why403Error extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  constructor(code: ErrorCode, message: string, hint: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'Why403Error';
    this.code = code;
    this.hint = hint;
  }
  get exitCode(): number {
    return ERROR_CODES[this.code];
  }
  /** One line for a terminal. */
  line(): string {
    return `why403: ${this.message}${this.hint ? ` — ${this.hint}` : ''}`;
  }
}

/** errno of a Node error ("ENOENT"), or '' for all others: trouble of the store is not that of a file. */
export function errnoOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  return /^E[A-Z0-9]+$/.test(code) ? code : '';
}
