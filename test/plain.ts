/** An entry as a plain object: its attributes are read when they are asked for, and no property of its own. */
import { type Entry, type Failure, isFailure } from '../parsers/entry.ts';

export function plain(read: Entry | Failure): object {
  return isFailure(read) ? read : { ...read, attributes: read.attributes === null ? null : { ...read.attributes } };
}
