/**
 * One engine per data directory. The lock is an open exclusive transaction in a file of its own: the operating
 * system lets go of it when the process ends, however it ends, so nothing stale can be left behind.
 */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Why403Error } from '../../errors.ts';

export function lockDirectory(directory: string): () => void {
  const lock = new Database(join(directory, 'why403.lock'), { timeout: 200 });
  try {
    lock.pragma('journal_mode = DELETE');
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if ((error as { code?: string }).code === 'SQLITE_BUSY') {
      throw new Why403Error(
        'DATA_LOCKED',
        `another why403 is using ${directory}`,
        'stop it, or give this one another directory with --data DIR',
      );
    }
    throw error;
  }
  return () => lock.close();
}
