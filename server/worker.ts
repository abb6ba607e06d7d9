/**
 * The engine in a thread of its own: reads, stores, correlates, evaluates alerts and delivers them, so that the
 * API never waits for it. Watching the file system only wakes it; it looks by itself every few seconds as well.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { watch as watchFiles } from 'chokidar';
import { type Channel, deliver } from './alert/deliver.ts';
import { sendWebhook } from './alert/notify/webhook.ts';
import type { AlertRule } from './alert/rule.ts';
import { watch as watchAlerts } from './alert/watch.ts';
import { now } from './clock.ts';
import { Engine, type EngineOptions, type Progress } from './engine.ts';
import { Why403Error } from './errors.ts';
import { watchable } from './ingest/given.ts';
import { isTroubled } from './model/line.ts';
import type { Words } from './store/problems.ts';
import { SqliteWords } from './store/sqlite/problems.ts';
import { prune, type Retention } from './store/sqlite/retention.ts';

export interface WorkerOptions {
  engine: EngineOptions;
  rules: AlertRule[];
  webhook: string | null;
  webhookSecret: string | null;
  publicUrl: string | null;
  retention: Retention;
}

/** What the API asks of the one who writes: a word of a person, stored between two rounds. */
export type Saying = { [K in keyof Words]: { kind: K; n: number; args: Parameters<Words[K]> } }[keyof Words];

export type WorkerMessage =
  | { kind: 'opened' }
  | { kind: 'said'; n: number; answer: unknown; error: string | null }
  | { kind: 'progress'; progress: Progress }
  | { kind: 'change'; what: 'refusals' | 'sources' | 'alerts'; revision: number }
  | { kind: 'source'; path: string; state: string; advice: string | null; isTroubled: boolean }
  | { kind: 'delivery-failed'; error: string }
  | { kind: 'stalled'; message: string | null }
  | { kind: 'failed'; message: string; hint: string };

/** The scan that runs whether or not anything woke it (network file systems do not wake). */
const SCAN_MS = 2000;
/** Between two looks while nothing happens; an event cuts it short. */
const IDLE_MS = 500;
const ALERT_MS = 1000;
const PROGRESS_MS = 250;
/** Retention looks this often, and goes on step by step while there is something to prune. */
const PRUNE_MS = 60_000;
/** A store that cannot be written (disk full, locked) is tried again after this; the logs are the buffer. */
const RETRY_MS = 2000;

const port = parentPort!;
const post = (m: WorkerMessage): void => port.postMessage(m);

async function run(options: WorkerOptions): Promise<void> {
  const engine = new Engine(options.engine);
  post({ kind: 'opened' });
  let stopped = false;
  let wake: (() => void) | null = null;
  const words = new SqliteWords(engine.db);
  port.on('message', (m: 'stop' | Saying) => {
    if (m === 'stop') {
      stopped = true;
      wake?.();
      return;
    }
    try {
      const answer = (words[m.kind] as (...args: unknown[]) => unknown).apply(words, m.args);
      post({ kind: 'said', n: m.n, answer, error: null });
    } catch (error) {
      const why = storeTrouble(error, options.engine.directory) ?? String(error);
      post({ kind: 'said', n: m.n, answer: null, error: why });
    }
  });
  engine.scan(false);
  const watcher = watchFiles(
    [...options.engine.paths.filter((p) => !/[*?[\]{}]/.test(p)), ...(options.engine.follows ?? []).map(watchable)],
    { ignoreInitial: true, ignorePermissionErrors: true, alwaysStat: false },
  );
  watcher.on('all', (_event, path) => {
    engine.ingest.wake(path);
    wake?.();
  });
  watcher.on('error', () => {
    // The scan finds what the watcher cannot see.
  });
  const channels: Record<string, Channel> = {};
  if (options.webhook !== null) {
    const url = options.webhook;
    channels.webhook = (m, id, at) => sendWebhook(url, options.webhookSecret, m, id, at);
  }
  let lastScan = now();
  let lastAlert = 0;
  let lastPrune = 0;
  let stalled = false;
  const troubled = new Map<number, string>();
  let lastProgress = 0;
  let revision = engine.ledger.revision();
  let learned = false;
  let sending: Promise<unknown> | null = null;
  while (!stopped) {
    const at = now();
    if (at - lastScan >= SCAN_MS) {
      lastScan = at;
      engine.scan(false);
      engine.ingest.findSilent(at);
      sayTroubles(engine, troubled);
    }
    let busy: boolean;
    try {
      busy = await engine.tick(at);
      // Beside correlation, not after it: history waits for nobody.
      if (await engine.unpack()) busy = true;
      // Only when everything is read and linked: what is old is not yet done with.
      if (!busy && at - lastPrune >= PRUNE_MS) {
        const pruned = prune(engine.db, options.retention, at);
        if (pruned.blocks + pruned.refusals + pruned.counters + pruned.pages === 0) lastPrune = at;
      }
      if (stalled) {
        stalled = false;
        post({ kind: 'stalled', message: null });
      }
    } catch (error) {
      const why = storeTrouble(error, options.engine.directory);
      if (why === null) throw error;
      if (!stalled) post({ kind: 'stalled', message: why });
      stalled = true;
      await new Promise((done) => setTimeout(done, RETRY_MS));
      continue;
    }
    if (!busy && !learned) {
      learned = true;
      await engine.learnClocks();
      continue;
    }
    const latest = engine.ledger.revision();
    if (latest !== revision) {
      revision = latest;
      post({ kind: 'change', what: 'refusals', revision });
    }
    if (at - lastProgress >= PROGRESS_MS) {
      lastProgress = at;
      post({ kind: 'progress', progress: engine.progress(at) });
      if (busy) post({ kind: 'change', what: 'sources', revision });
    }
    if (at - lastAlert >= ALERT_MS && options.rules.length > 0) {
      lastAlert = at;
      if (watchAlerts(options.rules, Object.keys(channels), engine.ledger, engine.questions, at))
        post({ kind: 'change', what: 'alerts', revision });
      sending ??= deliver(engine.ledger, engine.questions, channels, options.publicUrl, now)
        .then((n) => {
          if (n > 0) post({ kind: 'change', what: 'alerts', revision });
        })
        .catch((error: unknown) => post({ kind: 'delivery-failed', error: String(error) }))
        .finally(() => {
          sending = null;
        });
    }
    await new Promise<void>((done) => {
      if (busy) {
        setImmediate(done);
        return;
      }
      const timer = setTimeout(done, IDLE_MS);
      wake = () => {
        clearTimeout(timer);
        // A writer rarely stops after one line: a few milliseconds make one block of many.
        setTimeout(done, 20);
      };
    });
    wake = null;
  }
  await watcher.close();
  await sending;
  await engine.close();
}

/** Once when a source gets into trouble, and once when it is out of it. */
function sayTroubles(engine: Engine, troubled: Map<number, string>): void {
  for (const s of engine.ingest.sources()) {
    const is = isTroubled(s);
    if ((troubled.get(s.id) ?? null) === (is ? s.state : null)) continue;
    if (is) troubled.set(s.id, s.state);
    else troubled.delete(s.id);
    post({ kind: 'source', path: s.path, state: s.state, advice: s.advice, isTroubled: is });
  }
}

/** Trouble that may pass: what it is and what to do; null = a defect. */
function storeTrouble(error: unknown, directory: string): string | null {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  if (code === 'SQLITE_FULL' || code === 'ENOSPC')
    return `the disk that holds ${directory} is full: free space there; reading goes on by itself`;
  if (code.startsWith('SQLITE_READONLY') || code === 'EROFS' || code === 'EACCES')
    return `${directory} cannot be written: mend its permissions; reading goes on by itself`;
  if (code.startsWith('SQLITE_BUSY'))
    return `another program has locked the store in ${directory}; reading goes on when it lets go`;
  if (code.startsWith('SQLITE_IOERR'))
    return `the disk that holds ${directory} reports errors (${code}); tried again until it works`;
  return null;
}

run(workerData as WorkerOptions).then(
  () => process.exit(0),
  (error: unknown) => {
    post(
      error instanceof Why403Error
        ? { kind: 'failed', message: error.message, hint: error.hint }
        : {
            kind: 'failed',
            message: error instanceof Error ? (error.stack ?? error.message) : String(error),
            hint: '',
          },
    );
    process.exitCode = 1;
    setTimeout(() => process.exit(1), 50);
  },
);
