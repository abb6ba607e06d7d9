/** Several format strings of one log as one string, and formats that are tried in turn. */
import { isFailure } from './entry.ts';
import type { Format } from './parser.ts';

/** Between the strings of one log, where there are several: no configuration can hold it. */
const SEPARATOR = '\u001e';

export const joinPatterns = (patterns: readonly string[]): string => patterns.join(SEPARATOR);
export const splitPatterns = (pattern: string): string[] => pattern.split(SEPARATOR);

/** Reads by the first of these formats that can; what none can read fails as the first says. */
export function inTurn(formats: readonly Format[], pattern: string): Format {
  const first = formats[0]!;
  if (formats.length === 1) return { ...first, pattern };
  return {
    ...first,
    pattern,
    parse(record, context) {
      const entry = first.parse(record, context);
      if (!isFailure(entry)) return entry;
      for (let i = 1; i < formats.length; i++) {
        const other = formats[i]!.parse(record, context);
        if (!isFailure(other)) return other;
      }
      return entry;
    },
  };
}
