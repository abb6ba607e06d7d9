/**
 * What the API's questions cost on a full store, over HTTP, each asked again and again with other values; nothing is
 * answered from a cache. Alone: `node test/bench/api.ts DIR [repeat=30]` on a store that `fill.ts` made.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { makeApp } from '../../server/api/app.ts';
import type { Overview, ProblemsPage, RefusalsPage } from '../../server/api/contract.ts';
import { Live } from '../../server/api/live.ts';
import { makeLog } from '../../server/log.ts';
import { SqliteArchive } from '../../server/store/sqlite/archive.ts';
import { openReader } from '../../server/store/sqlite/database.ts';
import { SqliteLedger } from '../../server/store/sqlite/ledger.ts';
import { SqliteQuestions } from '../../server/store/sqlite/questions.ts';

export interface Timing {
  question: string;
  p50: number;
  p95: number;
  slowest: number;
  /** Processor time of asking and answering, p95: what `p95` is when nothing else runs. */
  cpu95: number;
}

export async function measureApi(directory: string, repeat: number): Promise<{ timings: Timing[]; all: Timing }> {
  const db = openReader(directory);
  const store = { archive: new SqliteArchive(db), ledger: new SqliteLedger(db), questions: new SqliteQuestions(db) };
  const range = store.questions.refusalRange()!;
  const now = range.toMs + 60_000;
  const middle = new Date((range.fromMs + range.toMs) / 2).toISOString();
  const nobody = (): never => {
    throw new Error('nothing is written here');
  };
  const live = new Live();
  const app = makeApp({
    store,
    status: () => ({ ingest: {} }) as never,
    writer: { say: nobody, saveView: nobody, dropView: nobody },
    settings: [],
    rules: [{ name: 'share', kind: 'rate', threshold: 0.1, windowMs: 300_000, minimumRequests: 20 }],
    live,
    log: makeLog('error'),
    host: '127.0.0.1',
    token: null,
    names: [],
    web: null,
    now: () => now,
  });
  const server = createServer(app);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/`;
  const get = async <T>(path: string): Promise<T> => {
    const answer = await fetch(url + path);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  try {
    const overview = await get<Overview>('overview?since=30d');
    const problems = await get<ProblemsPage>('problems?sort=size&limit=200');
    const page = await get<RefusalsPage>('refusals?limit=500&since=30d');
    const deep = await get<RefusalsPage>(`refusals?limit=500&until=${middle}`);
    const e = encodeURIComponent;
    const of = (list: { key: string }[]) => (i: number) => e(list[i % list.length]!.key);
    const cause = (i: number) => overview.causes[(i * 7) % overview.causes.length]!.cause;
    const [route, client, host, rule, user, source] = (
      ['route', 'client', 'host', 'rule', 'user', 'source'] as const
    ).map((f) => of(overview.top[f])) as ((i: number) => string)[];
    const problem = (i: number) => problems.rows[(i * 13) % problems.rows.length]!.id;
    const row = (i: number) => (i % 2 === 0 ? page : deep).rows[(i * 37) % 500]!;
    const since = (i: number) => ['1h', '6h', '24h', '7d', '30d'][i % 5]!;
    const questions: Record<string, (i: number) => string> = {
      'overview, 15 min to 30 d': (i) => `overview?since=${['15m', ...'1h 6h 24h 7d 30d'.split(' ')][i % 6]}`,
      'overview, everything': () => 'overview',
      'overview of those harmed': (i) => `overview?audience=harmed&since=${since(i)}`,
      'overview of a cause': (i) => `overview?cause=${cause(i)}&since=${since(i)}`,
      'overview of a route': (i) => `overview?route=${route!(i)}&since=${since(i)}`,
      'overview of a host': (i) => `overview?host=${host!(i)}&since=${since(i)}`,
      'overview of a client': (i) => `overview?client=${client!(i)}&since=${since(i)}`,
      'overview of a rule': (i) => `overview?rule=${rule!(i)}&since=${since(i)}`,
      'overview of a log': (i) => `overview?source=${source!(i)}&since=${since(i)}`,
      'overview of a problem': (i) => `overview?problem=${problem(i)}&since=${since(i)}`,
      'refusals, newest': (i) => `refusals?since=${since(i)}`,
      'refusals, a page deep inside': (i) => `refusals?cursor=${row(i * 2 + 1) && deep.next}&limit=${100 + (i % 3)}`,
      'refusals, oldest first': (i) => `refusals?order=oldest&limit=${100 + (i % 50)}`,
      'refusals of a cause': (i) => `refusals?cause=${cause(i)}&limit=${100 + (i % 50)}`,
      'refusals of a layer and not a cause': (i) => `refusals?layer=waf&cause=!${cause(i)}`,
      'refusals of a client': (i) => `refusals?client=${client!(i)}`,
      'refusals of a route, harmed': (i) => `refusals?route=${route!(i)}&audience=harmed`,
      'refusals of a rule': (i) => `refusals?rule=${rule!(i)}`,
      'refusals of a problem': (i) => `refusals?problem=${problem(i)}`,
      'refusals by method and status': (i) => `refusals?method=POST&status=403&since=${since(i)}`,
      'refusals sorted by client': (i) => `refusals?sort=client&limit=${100 + (i % 50)}`,
      'refusals sorted by user': (i) => `refusals?sort=user&limit=${100 + (i % 50)}`,
      'search: a path': (i) => `refusals?q=${e(row(i).path!)}`,
      'search: an address': (i) => `refusals?q=${row(i).client}`,
      'search: a word': (i) => `refusals?q=op-${i}`,
      'search box': (i) => `search?q=${e([row(i).client, row(i).path, row(i).id, user!(i)][i % 4]!)}`,
      'count of those harmed': (i) => `refusals/count?audience=harmed&since=${since(i)}`,
      'one refusal': (i) => `refusals/${row(i).id}`,
      problems: (i) => `problems?sort=${['recent', 'harm', 'size', 'age', 'clients'][i % 5]}&since=${since(i)}`,
      'problems that are new or back': (i) => `problems?state=new&state=regressed&limit=${50 + (i % 9)}`,
      'one problem': (i) => `problems/${problem(i)}`,
      sources: () => 'sources',
      alerts: () => 'alerts',
      playbook: (i) => `causes/${cause(i)}`,
    };
    const timings: Timing[] = [];
    const everything: Cost[] = [];
    for (const [question, path] of Object.entries(questions)) {
      const times: Cost[] = [];
      await get(path(0));
      for (let i = 0; i < repeat; i++) {
        const began = performance.now();
        const before = process.cpuUsage();
        await get(path(i));
        const spent = process.cpuUsage(before);
        times.push({ wall: performance.now() - began, cpu: (spent.user + spent.system) / 1000 });
      }
      everything.push(...times);
      timings.push(summed(question, times));
    }
    return { timings, all: summed('all questions', everything) };
  } finally {
    live.close();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    db.close();
  }
}

interface Cost {
  wall: number;
  cpu: number;
}

function summed(question: string, costs: Cost[]): Timing {
  const at = (times: number[], q: number): number =>
    times.sort((a, b) => a - b)[Math.max(0, Math.ceil(q * times.length) - 1)]!;
  const wall = costs.map((c) => c.wall);
  const cpu95 = at(
    costs.map((c) => c.cpu),
    0.95,
  );
  return { question, p50: at(wall, 0.5), p95: at(wall, 0.95), slowest: at(wall, 1), cpu95 };
}

export function apiTable({ timings, all }: { timings: Timing[]; all: Timing }): string {
  const ms = (n: number): string => (n < 10 ? n.toFixed(1) : n.toFixed(0));
  return [
    '| question | p50 ms | p95 ms | slowest ms | processor p95 ms |',
    '|---|---:|---:|---:|---:|',
    ...[...timings, all].map(
      (t) => `| ${t.question} | ${ms(t.p50)} | ${ms(t.p95)} | ${ms(t.slowest)} | ${ms(t.cpu95)} |`,
    ),
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const directory = process.argv[2];
  if (directory === undefined) {
    console.error('usage: node test/bench/api.ts DIR [repeat=30]');
    process.exit(2);
  }
  console.log(apiTable(await measureApi(directory, Number(/^repeat=(\d+)$/.exec(process.argv[3] ?? '')?.[1] ?? 30))));
}
