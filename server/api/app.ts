/**
 * The HTTP face: the questions of the contract, the page, health, metrics and live events. Every query is
 * validated by the contract's schema before anything is asked; everything is read-only.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import helmet from 'helmet';
import { z } from 'zod';
import type { AlertRule } from '../alert/rule.ts';
import type { Log } from '../log.ts';
import { VERSION } from '../version.ts';
import * as answers from './answers.ts';
import { QUESTIONS, type QuestionName, type Status } from './contract.ts';
import { filterOf } from './filter.ts';
import { guard } from './guard.ts';
import type { Live } from './live.ts';
import { metrics } from './metrics.ts';
import { openapi } from './openapi.ts';
import { ApiError, sendProblem } from './problem.ts';

export interface AppOptions {
  store: answers.Store;
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

  const ask = <N extends QuestionName>(
    name: N,
    answer: (query: z.output<(typeof QUESTIONS)[N]['query']>, req: Request) => unknown,
  ): void => {
    const question = QUESTIONS[name];
    app.get(question.path, (req, res) => {
      const query = question.query.safeParse(req.query);
      if (!query.success) {
        sendProblem(res, 400, 'Bad request', z.prettifyError(query.error).replaceAll('\n', ' ').slice(0, 500));
        return;
      }
      res.setHeader('cache-control', 'no-store');
      res.json(o.store.questions.snapshot(() => answer(query.data as z.output<(typeof QUESTIONS)[N]['query']>, req)));
    });
  };
  ask('status', () => o.status());
  ask('overview', (q) => answers.overview(o.store, filterOf(q, o.now()), o.now()));
  ask('refusals', (q) =>
    answers.refusals(o.store, filterOf(q, o.now()), { cursor: q.cursor, limit: q.limit, order: q.order }),
  );
  ask('refusal', (_q, req) => answers.refusal(o.store, String(req.params.id)));
  ask('sources', () => answers.sources(o.store));
  ask('alerts', () => answers.alerts(o.store, o.rules, o.now()));
  ask('playbook', (_q, req) => answers.playbook(String(req.params.cause)));
  ask('search', (q) => answers.search(o.store, q.q));

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
      sendProblem(res, 405, 'Method not allowed', 'this API only answers GET');
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
