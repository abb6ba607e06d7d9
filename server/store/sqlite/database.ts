/**
 * Opens the SQLite file and owns its schema. One connection writes (WAL), others read; the settings and what
 * they mean for a power cut are in ARCHITECTURE.md.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { errnoOf, Why403Error } from '../../errors.ts';

export type Db = Database.Database;

/** Grows by one with each change of SCHEMA; a file of another version is refused with a sentence. */
const SCHEMA_VERSION = 2;

const SCHEMA = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE source (
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL,                -- where it lies now; a rotated file keeps its row and changes its path
  device TEXT NOT NULL, inode TEXT NOT NULL,
  state TEXT NOT NULL,               -- the Source as JSON; columns above are what is looked up
  entry_share REAL                   -- share of its access lines that no outer log knows; NULL = not learned
);

CREATE TABLE block (
  source_id INTEGER NOT NULL REFERENCES source(id),
  offset INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  first_line INTEGER NOT NULL,
  lines INTEGER NOT NULL,
  time_min INTEGER, time_max INTEGER, -- ms as the records say; NULL = none of them has a time
  reference INTEGER NOT NULL,
  reader TEXT NOT NULL,
  packed INTEGER NOT NULL,            -- bytes of raw
  raw BLOB NOT NULL,                  -- zstd
  UNIQUE (source_id, offset)
);
CREATE INDEX block_time ON block (source_id, time_max, time_min, lines);
CREATE INDEX block_age ON block (time_max, packed);

CREATE TABLE counter_total (          -- step: 60000 or 3600000 ms
  step INTEGER NOT NULL, time INTEGER NOT NULL, source_id INTEGER NOT NULL, host TEXT NOT NULL,
  requests INTEGER NOT NULL,
  PRIMARY KEY (step, time, source_id, host)
) WITHOUT ROWID;
CREATE TABLE operation (              -- what requests are counted by, named once
  id INTEGER PRIMARY KEY, host TEXT NOT NULL, route TEXT NOT NULL, method TEXT NOT NULL,
  UNIQUE (route, host, method)
);
CREATE TABLE counter_route (          -- by the hour; by the minute only for the last day
  step INTEGER NOT NULL, time INTEGER NOT NULL, source_id INTEGER NOT NULL, operation_id INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  PRIMARY KEY (step, time, source_id, operation_id)
) WITHOUT ROWID;

CREATE TABLE dirty (bucket INTEGER PRIMARY KEY, mark INTEGER NOT NULL);

CREATE TABLE refusal (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  time INTEGER NOT NULL,
  client TEXT, method TEXT, host TEXT, path TEXT, query TEXT, route TEXT NOT NULL,
  status INTEGER NOT NULL, user TEXT,
  layer TEXT NOT NULL, cause TEXT NOT NULL, category TEXT NOT NULL, -- the log that decided stands with the problem
  certainty TEXT NOT NULL, confidence REAL NOT NULL, rule TEXT,
  audience TEXT NOT NULL, problem INTEGER NOT NULL REFERENCES problem(no),
  sentence INTEGER, detail TEXT NOT NULL, -- all that a list shows stands in the row; what many say alike, once
  body_id INTEGER NOT NULL, body_at INTEGER NOT NULL -- the rest of the Refusal: which of the body's texts
);
CREATE TABLE sentence (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
-- With the problem at the end, who reads by these indexes counts by cause, layer, log and rule without a row.
CREATE INDEX refusal_time ON refusal (time, id, problem, audience);
CREATE INDEX refusal_client ON refusal (client, time, problem, audience);
CREATE INDEX refusal_route ON refusal (route, time, problem, audience);
CREATE INDEX refusal_host ON refusal (host, time, problem, audience);
CREATE INDEX refusal_path ON refusal (path, time, problem);
CREATE INDEX refusal_user ON refusal (user, time, problem, audience) WHERE user IS NOT NULL;
CREATE INDEX refusal_problem ON refusal (problem, time, audience);
CREATE INDEX refusal_problem_client ON refusal (problem, client);
-- Verdicts and chains of one revision together: what they say is much alike, so that one of 2 kB takes 200 bytes.
-- A number never comes back: readers keep bodies by it.
CREATE TABLE body (id INTEGER PRIMARY KEY AUTOINCREMENT, refusals INTEGER NOT NULL, packed BLOB NOT NULL); -- how many rows need it; zstd of a JSON list

-- Refusals with one fingerprint. What is counted here equals the rows: it changes with them, in their transaction.
CREATE TABLE problem (
  no INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, -- a number never comes back: readers keep what it means
  cause TEXT NOT NULL, category TEXT NOT NULL, layer TEXT NOT NULL, source TEXT, route TEXT NOT NULL, rule TEXT,
  first INTEGER NOT NULL, last INTEGER NOT NULL,  -- ms
  kept_first INTEGER,                             -- first seen in rows that are no longer kept
  came_back INTEGER,                              -- start of the stretch after the last long silence
  refusals INTEGER NOT NULL, clients INTEGER NOT NULL,
  harmed INTEGER NOT NULL, noise INTEGER NOT NULL, undecided INTEGER NOT NULL,
  word TEXT, note TEXT, said_by TEXT, said_at INTEGER -- a person's word, and when it was said
);
CREATE INDEX problem_last ON problem (last);
CREATE INDEX problem_cause ON problem (cause);
CREATE INDEX problem_rule ON problem (rule) WHERE rule IS NOT NULL;
CREATE TABLE problem_said (problem INTEGER NOT NULL, at INTEGER NOT NULL, what TEXT NOT NULL, said_by TEXT, note TEXT);
CREATE INDEX problem_said_problem ON problem_said (problem, at);
-- Refusals of a problem by the hour and by the day: step is 3600000 or 86400000 ms.
CREATE TABLE problem_count (
  step INTEGER NOT NULL, time INTEGER NOT NULL, problem INTEGER NOT NULL,
  harmed INTEGER NOT NULL, noise INTEGER NOT NULL, undecided INTEGER NOT NULL,
  PRIMARY KEY (step, time, problem)
) WITHOUT ROWID;
CREATE INDEX problem_count_problem ON problem_count (problem, step, time, harmed, noise, undecided);
-- Refusals by what charts are stacked and narrowed by (tally.ts). A kind is one combination of what its family tells
-- apart, named once; a family with all columns would have almost as many rows as there are refusals.
CREATE TABLE kind (
  id INTEGER PRIMARY KEY AUTOINCREMENT, family INTEGER NOT NULL, -- a number never comes back
  name TEXT NOT NULL,                 -- JSON list of the values, as the family orders its fields
  refusals INTEGER NOT NULL,          -- of all times; nothing = forgotten
  UNIQUE (family, name)
);
CREATE TABLE tally (                  -- series: family and step; minute: start of the step since 1970
  series INTEGER NOT NULL, minute INTEGER NOT NULL, kind INTEGER NOT NULL, refusals INTEGER NOT NULL,
  PRIMARY KEY (series, minute, kind)
) WITHOUT ROWID;
CREATE TABLE view (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, page TEXT NOT NULL, search TEXT NOT NULL, at INTEGER NOT NULL);

CREATE TABLE hop (source_id INTEGER NOT NULL, line INTEGER NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY (source_id, line, seq)) WITHOUT ROWID;
CREATE TABLE request_id (request_id TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (request_id, seq)) WITHOUT ROWID;

CREATE TABLE alert (
  id INTEGER PRIMARY KEY, rule TEXT NOT NULL, state TEXT NOT NULL, fired_at INTEGER NOT NULL, resolved_at INTEGER,
  value REAL NOT NULL, peak REAL NOT NULL, summary TEXT NOT NULL, causes TEXT NOT NULL
);
CREATE UNIQUE INDEX alert_one_firing ON alert (rule) WHERE state = 'firing';
CREATE TABLE delivery (
  id INTEGER PRIMARY KEY, alert_id INTEGER NOT NULL REFERENCES alert(id), event TEXT NOT NULL, channel TEXT NOT NULL,
  state TEXT NOT NULL, attempts INTEGER NOT NULL, next_at INTEGER NOT NULL, at INTEGER, error TEXT,
  UNIQUE (alert_id, event, channel)
);
`;

export interface OpenOptions {
  /** A throw-away store (report): no fsync, removed afterwards by whoever made the directory. */
  scratch?: boolean;
}

/** Opens for writing, makes file and schema when they are new. */
export function openDatabase(directory: string, options: OpenOptions = {}): Db {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    throw new Why403Error(
      'DATA_DIR',
      `cannot make the data directory ${directory} (${errnoOf(error)})`,
      'give another with --data DIR',
      { cause: error },
    );
  }
  let db: Db;
  try {
    db = new Database(join(directory, 'why403.db'), { timeout: 5000 });
    // Blocks of a hundred kilobytes are long chains of small pages otherwise. First of all, or it has no effect.
    db.pragma('page_size = 8192');
    // Before the first table, or it has no effect: lets retention give pages back to the disk.
    db.pragma('auto_vacuum = INCREMENTAL');
    db.pragma('journal_mode = WAL');
    db.pragma('wal_autocheckpoint = 2000');
    db.pragma(options.scratch ? 'synchronous = OFF' : 'synchronous = NORMAL');
    db.pragma('cache_size = -16384');
    db.pragma('temp_store = MEMORY');
    db.pragma('foreign_keys = ON');
  } catch (error) {
    throw new Why403Error(
      'DATA_DIR',
      `cannot open the store in ${directory} (${errnoOf(error) || String(error)})`,
      'check that the directory can be written, or give another with --data DIR',
      { cause: error },
    );
  }
  const version = db.pragma('user_version', { simple: true }) as number;
  if (version === 0) {
    db.transaction(() => {
      db.exec(SCHEMA);
      db.pragma(`user_version = ${SCHEMA_VERSION}`);
    })();
  } else if (version !== SCHEMA_VERSION) {
    db.close();
    throw new Why403Error(
      'DATA_DIR',
      `the store in ${directory} has version ${version}, this why403 reads ${SCHEMA_VERSION}`,
      'give another directory with --data DIR',
    );
  }
  return db;
}

/** A connection that only reads: never waits for the writer and never makes it wait. */
export function openReader(directory: string, cacheKib = 32_768): Db {
  const db = new Database(join(directory, 'why403.db'), { readonly: true, timeout: 5000 });
  db.pragma(`cache_size = -${cacheKib}`);
  return db;
}
