/**
 * The HTTP face: the questions and commands of the contract, the page, health, metrics and live events. What comes in
 * is validated by the contract's schemas before anything is asked. Only what people say (a word about a problem, a
 * saved view) is ever changed, and by the thread that writes.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import helmet from 'helmet';
import { z } from 'zod';
import type { AlertRule } from '../alert/rule.ts';
import { iso } from '../clock.ts';
import { Why403Error } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Words } from '../store/problems.ts';
import { VERSION } from '../version.ts';
import * as answers from './answers.ts';
import {
  COMMANDS,
  type CommandName,
  ExportQuery,
  QUESTIONS,
  type QuestionName,
  type Settings,
  type Status,
} from './contract.ts';
import { sendExport } from './export.ts';
import { filterOf, periodOf } from './filter.ts';
import { guard } from './guard.ts';
import type { Live } from './live.ts';
import { metrics } from './metrics.ts';
import { openapi } from './openapi.ts';
import { ApiError, NotFound, sendProblem } from './problem.ts';
import * as problems from './problems.ts';
import type { Store } from './rows.ts';
import { search } from './search.ts';

/** The one who writes: answers when it is stored. */
export interface Writer {
  say(...args: Parameters<Words['say']>): Promise<ReturnType<Words['say']>>;
  saveView(...args: Parameters<Words['saveView']>): Promise<ReturnType<Words['saveView']>>;
  dropView(...args: Parameters<Words['dropView']>): Promise<ReturnType<Words['dropView']>>;
}

export interface AppOptions {
  store: Store;
  writer: Writer;
  /** The settings in force, without secrets. */
  settings: Settings['settings'];
  status: () => Status;
  rules: readonly AlertRule[];
  live: Live;
  log: Log;
  host: string;
  token: string | null;
  names: string[];
  /** Directory of the built page; null = there is none. */
  web: string | null;
  now: () => number;
}

export function makeApp(o: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'none'"],
          scriptSrc: ["'self'"],
          styleSrc: ["'self'", "'unsafe-inline'"],
          imgSrc: ["'self'", 'data:'],
          connectSrc: ["'self'"],
          fontSrc: ["'self'"],
          manifestSrc: ["'self'"],
          baseUri: ["'none'"],
          formAction: ["'self'"],
          frameAncestors: ["'none'"],
        },
      },
      // The page is served over plain HTTP on loopback; whoever puts TLS in front sets this there.
      strictTransportSecurity: false,
      referrerPolicy: { policy: 'no-referrer' },
    }),
  );
  app.use(guard({ host: o.host, token: o.token, names: o.names }, o.now));

  const began = o.now();
  /** The same question to the same state of the store, within a minute: "6h ago" moves on. */
  const tagOf = (req: Request): string => {
    const state = `${began} ${o.store.questions.stamp()} ${Math.floor(o.now() / 60_000)} ${req.originalUrl}`;
    return `W/"${createHash('sha256').update(state).digest('base64url').slice(0, 22)}"`;
  };
  const invalid = (res: Response, error: z.ZodError): void =>
    sendProblem(res, 400, 'Bad request', z.prettifyError(error).replaceAll('\n', ' ').slice(0, 500));

  const ask = <N extends QuestionName>(
    name: N,
    answer: (query: z.output<(typeof QUESTIONS)[N]['query']>, req: Request) => unknown,
  ): void => {
    const question = QUESTIONS[name];
    app.get(question.path, (req, res) => {
      const query = question.query.safeParse(req.query);
      if (!query.success) {
        invalid(res, query.error);
        return;
      }
      // Kept by the browser, and asked about each time.
      res.setHeader('cache-control', 'private, no-cache');
      // What the engine tells of itself changes without the store.
      if (name !== 'status' && name !== 'sources') {
        const tag = tagOf(req);
        res.setHeader('etag', tag);
        if (req.headers['if-none-match']?.includes(tag)) {
          res.status(304).end();
          return;
        }
      }
      res.json(o.store.questions.snapshot(() => answer(query.data as z.output<(typeof QUESTIONS)[N]['query']>, req)));
    });
  };
  const filter = (q: Parameters<typeof filterOf>[0]) => filterOf(q, o.store, o.now());
  ask('status', () => o.status());
  ask('overview', (q) => answers.overview(o.store, filter(q), o.now()));
  ask('refusals', (q) =>
    answers.refusals(o.store, filter(q), { cursor: q.cursor, limit: q.limit, order: q.order, sort: q.sort }),
  );
  ask('count', (q) => answers.count(o.store, filter(q)));
  app.get('/api/v1/refusals/export', async (req, res) => {
    const query = ExportQuery.safeParse(req.query);
    if (!query.success) invalid(res, query.error);
    else await sendExport(res, o.store, filter(query.data), query.data);
  });
  ask('refusal', (_q, req) => answers.refusal(o.store, String(req.params.id)));
  ask('problems', (q) => problems.problems(o.store, q, periodOf(q, o.now()), o.now()));
  ask('problem', (q, req) => problems.problem(o.store, String(req.params.id), periodOf(q, o.now()), o.now()));
  ask('sources', () => answers.sources(o.store, o.status().ingest));
  ask('alerts', () => answers.alerts(o.store, o.rules, o.now()));
  ask('playbook', (_q, req) => answers.playbook(String(req.params.cause)));
  ask('search', (q) => search(o.store, q.q, o.now()));
  ask('settings', () => answers.settings(o.settings));
  ask('views', () => answers.views(o.store));

  const command = <N extends CommandName>(
    name: N,
    run: (body: z.output<(typeof COMMANDS)[N]['body']>, req: Request) => Promise<unknown>,
  ): void => {
    const { method, path, body: schema } = COMMANDS[name];
    app[method](path, express.json({ limit: '64kb', type: 'application/json' }), async (req, res) => {
      // Only a page of this origin and programs can send this type without being asked first.
      if (method !== 'delete' && !req.is('application/json')) {
        sendProblem(res, 415, 'Unsupported media type', 'send JSON with content-type: application/json');
        return;
      }
      const body = schema.safeParse(req.body ?? {});
      if (!body.success) {
        invalid(res, body.error);
        return;
      }
      try {
        res.json(await run(body.data as z.output<(typeof COMMANDS)[N]['body']>, req));
      } catch (error) {
        if (error instanceof Why403Error) throw new ApiError(503, 'Not stored', error.message);
        throw error;
      }
    });
  };
  command('changeProblem', async (body, req) => {
    const said = await o.writer.say(String(req.params.id), { ...body, atMs: o.now() });
    if (said === null) throw new NotFound(`there is no problem ${String(req.params.id).slice(0, 60)}`);
    o.live.send({ kind: 'problems', revision: o.store.ledger.revision() });
    return problems.problemRow(o.store, said, o.now());
  });
  command('saveView', async (body) => {
    const { atMs, ...view } = await o.writer.saveView({ ...body, atMs: o.now() });
    o.live.send({ kind: 'views', revision: o.store.ledger.revision() });
    return { ...view, created: iso(atMs) };
  });
  command('dropView', async (_body, req) => {
    const id = String(req.params.id);
    if (!(await o.writer.dropView(Number(id)))) throw new NotFound(`there is no view ${id.slice(0, 60)}`);
    o.live.send({ kind: 'views', revision: o.store.ledger.revision() });
    return answers.views(o.store);
  });

  app.get('/api/v1/openapi.json', (_req, res) => {
    res.json(openapi(VERSION));
  });
  app.get('/api/v1/events', (req, res) => o.live.connect(req, res));
  app.get('/healthz', (_req, res) => {
    res.type('text').send('ok\n');
  });
  app.get('/readyz', (_req, res) => {
    const failed = o.status().ingest.state === 'failed';
    res
      .status(failed ? 503 : 200)
      .type('text')
      .send(failed ? `not ready: ${o.status().ingest.error}\n` : 'ok\n');
  });
  app.get('/metrics', async (_req, res) => {
    const m = await metrics(o.store, o.status());
    res.type(m.type).send(m.text);
  });
  app.all('/api/{*rest}', (req, res) => {
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      res.setHeader('allow', 'GET');
      sendProblem(res, 405, 'Method not allowed', 'nothing can be changed there; see /api/v1/openapi.json');
    } else sendProblem(res, 404, 'Not found', `there is no ${req.path.slice(0, 100)}; see /api/v1/openapi.json`);
  });

  if (o.web !== null && existsSync(join(o.web, 'index.html'))) {
    const web = o.web;
    app.use(
      '/assets',
      express.static(join(web, 'assets'), { immutable: true, maxAge: '1y', index: false, fallthrough: false }),
    );
    app.use(express.static(web, { index: false, maxAge: '1h' }));
    // Every other address is the page's own: it reads the path itself.
    app.get('/{*page}', (_req, res) => {
      res.setHeader('cache-control', 'no-cache');
      res.sendFile(join(web, 'index.html'));
    });
  } else {
    app.get('/{*page}', (_req, res) => {
      res
        .status(503)
        .type('text')
        .send('The page is not built. In a checkout: npm run build. The API is at /api/v1/openapi.json\n');
    });
  }

  app.use((error: unknown, req: Request, res: Response, next: NextFunction) => {
    if (res.headersSent) {
      next(error);
      return;
    }
    if (error instanceof ApiError) {
      sendProblem(res, error.status, error.title, error.message);
      return;
    }
    const status = typeof error === 'object' && error !== null && 'status' in error ? Number(error.status) : 500;
    if (status >= 400 && status < 500) {
      sendProblem(res, status, 'Bad request', 'the request cannot be read');
      return;
    }
    o.log.error({ err: error, path: req.path }, 'a question could not be answered');
    sendProblem(res, 500, 'Internal error', 'this should not have happened; the service’s log says more');
  });
  return app;
}
