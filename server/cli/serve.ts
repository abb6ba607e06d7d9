/** `why403 serve` and `demo`: opens the port, starts the engine's thread, and stops both in order. */

import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { AlertRule } from '../alert/rule.ts';
import { makeApp } from '../api/app.ts';
import type { Status } from '../api/contract.ts';
import { isLoopback } from '../api/guard.ts';
import { Live } from '../api/live.ts';
import { iso, now } from '../clock.ts';
import { type Config, DEFAULTS, defaultDataDirectory } from '../config.ts';
import type { Progress } from '../engine.ts';
import { errnoOf, Why403Error } from '../errors.ts';
import { discover } from '../ingest/discover.ts';
import { makeLog } from '../log.ts';
import { isTroubled } from '../model/line.ts';
import { threadsFor } from '../pool.ts';
import { SqliteArchive } from '../store/sqlite/archive.ts';
import { openDatabase, openReader } from '../store/sqlite/database.ts';
import { SqliteLedger } from '../store/sqlite/ledger.ts';
import { SqliteQuestions } from '../store/sqlite/questions.ts';
import { VERSION } from '../version.ts';
import type { WorkerMessage, WorkerOptions } from '../worker.ts';
import { startDemo } from './demo.ts';
import { type Meant, meant } from './meant.ts';
import { settingRows } from './settings.ts';
import { progressLine } from './terminal.ts';
import { RemoteWriter } from './writer.ts';

export async function serve(config: Config, wantsDemo: boolean): Promise<void> {
  const isDemo = wantsDemo || (config.paths.length === 0 && config.follows.length === 0);
  if (!isLoopback(config.host) && config.token === null) {
    throw new Why403Error(
      'UNSAFE_HOST',
      `${config.host} can be reached by others`,
      'give --token SECRET (16 characters or more), or leave --host away',
    );
  }
  const log = makeLog(config.logLevel);
  const demo = isDemo ? startDemo(now) : null;
  // The demo's files are named the way a user would name theirs, not by the temporary directory they lie in.
  if (demo) process.chdir(demo.directory);
  const paths = demo ? ['logs'] : config.paths;
  try {
    const what = meant(demo ? DEFAULTS : config, paths);
    if (!demo) discover(what.paths, true, what.follows);
    await run(
      config,
      what,
      demo ? join(demo.directory, 'data') : (config.data ?? defaultDataDirectory(process.env)),
      demo !== null,
      log,
    );
  } finally {
    demo?.stop();
  }
}

function rulesOf(config: Config, demo: boolean): AlertRule[] {
  const rate = config.alertRate ?? (demo ? 0.1 : null);
  if (rate === null) return [];
  return [
    {
      name: 'refused share',
      kind: 'rate',
      threshold: rate,
      windowMs: config.alertWindowMs,
      minimumRequests: config.alertMinimumRequests,
    },
  ];
}

async function run(
  config: Config,
  { paths, logs, follows }: Meant,
  directory: string,
  demo: boolean,
  log: ReturnType<typeof makeLog>,
): Promise<void> {
  // The schema is made here, before anything reads; the engine's thread then is the only writer.
  openDatabase(directory).close();
  const db = openReader(directory);
  const store = { archive: new SqliteArchive(db), ledger: new SqliteLedger(db), questions: new SqliteQuestions(db) };
  const rules = rulesOf(config, demo);
  const startedAt = now();
  let progress: Progress = {
    state: 'starting',
    bytesRead: 0,
    bytesTotal: 0,
    linesRead: 0,
    linesPerSecond: 0,
    bytesPerSecond: 0,
    secondsLeft: null,
  };
  let failure: string | null = null;
  let stalled: string | null = null;
  const status = (): Status => {
    const sources = store.archive.sources();
    return {
      version: VERSION,
      demo,
      paths: demo ? [] : [...paths, ...follows],
      startedAt: iso(startedAt),
      refusedStatus: config.refusedStatus,
      ingest: {
        ...progress,
        state: failure === null && stalled === null ? progress.state : 'failed',
        error: failure ?? stalled,
      },
      sources: { total: sources.length, troubled: sources.filter(isTroubled).length },
      alertsFiring: store.ledger.firing().length,
    };
  };
  const live = new Live();
  const writer = new RemoteWriter();
  const web = webDirectory();
  const publicHost = config.publicUrl === null ? [] : [new URL(config.publicUrl).hostname];
  const app = makeApp({
    store,
    status,
    rules,
    live,
    log,
    host: config.host,
    token: config.token,
    names: publicHost,
    web,
    now,
    writer,
    settings: settingRows(config),
  });
  const server = createServer(app);
  server.requestTimeout = 30_000;
  await new Promise<void>((done, failed) => {
    server.once('error', (error) => {
      failed(
        errnoOf(error) === 'EADDRINUSE'
          ? new Why403Error(
              'PORT_IN_USE',
              `port ${config.port} on ${config.host} is taken`,
              'give another with --port N',
            )
          : new Why403Error(
              'PORT_IN_USE',
              `cannot listen on ${config.host}:${config.port} (${errnoOf(error)})`,
              'give another with --host or --port',
            ),
      );
    });
    server.listen(config.port, config.host, done);
  });
  const address = server.address() as { port: number };
  const shown = config.host.includes(':') ? `[${config.host}]` : config.host;
  const url = `http://${shown}:${address.port}`;
  process.stdout.write(
    demo
      ? `why403 ${VERSION} shows bundled demo logs at ${url}\n\nPoint it at your own:  npm start -- /var/log/nginx /var/log/apache2\n\n`
      : `why403 ${VERSION} at ${url}, following ${[...paths, ...follows].join(' ')}\n`,
  );
  if (web === null) log.warn({ hint: 'npm run build' }, 'the page is not built; only the API answers');

  const options: WorkerOptions = {
    engine: {
      directory,
      scratch: false,
      final: false,
      paths,
      logs,
      follows,
      refusedStatus: config.refusedStatus,
      layers: config.layers,
      timezone: demo ? 'UTC' : config.timezone,
      bytesPerSecondMax: config.readRateMax,
      threads: threadsFor(config.memoryMax),
    },
    rules,
    webhook: config.webhook,
    webhookSecret: config.webhookSecret,
    publicUrl: config.publicUrl ?? url,
    retention: {
      rawMs: config.keepRawMs,
      rawBytes: config.keepRawBytes,
      refusalsMs: config.keepRefusalsMs,
      countersMs: config.keepCountersMs,
    },
  };
  const here = import.meta.url;
  const start = new URL(here.endsWith('.ts') ? '../worker.ts' : '../worker.js', here).href;
  const worker = new Worker(new URL('../start.mjs', here), {
    workerData: { ...options, start },
    resourceLimits: { maxYoungGenerationSizeMb: 24 },
  });
  writer.start(worker);
  const line = progressLine();
  let wasHistory = false;
  worker.on('message', (m: WorkerMessage) => {
    switch (m.kind) {
      case 'progress':
        progress = m.progress;
        if (progress.state === 'history') {
          wasHistory = true;
          line.show(progress);
        } else if (wasHistory) {
          wasHistory = false;
          line.clear();
          log.info({ lines: progress.linesRead }, 'history is read, following');
        }
        live.send({ kind: 'status', revision: 0 });
        break;
      case 'change':
        live.send({ kind: m.what, revision: m.revision });
        break;
      case 'source':
        if (m.isTroubled) log.warn({ path: m.path, hint: m.advice ?? '' }, `source is ${m.state}`);
        else log.info({ path: m.path }, `source is ${m.state} again`);
        break;
      case 'delivery-failed':
        log.error({ error: m.error }, 'an alert could not be delivered');
        break;
      case 'stalled':
        stalled = m.message;
        if (m.message !== null) log.error(m.message);
        else log.info('the store can be written again');
        break;
      case 'failed':
        failure = m.message.split('\n')[0]!;
        log.error({ hint: m.hint }, m.message);
        break;
      default:
    }
  });
  worker.on('error', (error) => {
    failure = error.message;
    log.error({ err: error }, 'the engine stopped');
  });

  await new Promise<void>((done) => {
    let stopping = false;
    const stop = (): void => {
      if (stopping) process.exit(130);
      stopping = true;
      line.clear();
      worker.postMessage('stop');
      // A kill is as good as an end for the store; ending a thread inside SQLite is not.
      const force = setTimeout(() => process.kill(process.pid, 'SIGKILL'), 20_000);
      worker.once('exit', () => {
        clearTimeout(force);
        done();
      });
      if (failure !== null) done();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
    worker.once('exit', () => {
      if (!stopping && failure === null) failure = 'the engine stopped';
    });
  });
  live.close();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  db.close();
}

function webDirectory(): string | null {
  const here = dirname(fileURLToPath(import.meta.url));
  for (const up of ['../../dist/web', '../../web']) {
    const path = join(here, up);
    if (existsSync(join(path, 'assets')) && existsSync(join(path, 'index.html'))) return path;
  }
  return null;
}
