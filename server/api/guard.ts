/**
 * Who may ask. On loopback: only requests that name a loopback host (a page elsewhere that resolves its name to
 * 127.0.0.1 is refused). On any other address: a token, as bearer or in a strict cookie, compared in constant
 * time; wrong ones are slowed down per address.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';
import { sendProblem } from './problem.ts';

const COOKIE = 'why403';
const FAILURES_MAX = 10;
const FAILURE_WINDOW_MS = 60_000;

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

export function guard(options: { host: string; token: string | null; names: string[] }, now: () => number) {
  const failures = new Map<string, { count: number; since: number }>();
  const digest = (t: string): Buffer => createHash('sha256').update(t).digest();
  const wanted = options.token === null ? null : digest(options.token);
  const fits = (given: string): boolean => wanted !== null && timingSafeEqual(digest(given), wanted);

  return (req: Request, res: Response, next: NextFunction): void => {
    const host = (req.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
    if (options.token === null) {
      if (!isLoopback(host) && !options.names.includes(host)) {
        sendProblem(
          res,
          421,
          'Misdirected request',
          `this server does not answer for the host "${host.slice(0, 100)}"`,
        );
        return;
      }
    }
    const origin = req.headers.origin;
    // What changes something comes from the page itself or from a program, never from a page elsewhere.
    const isChange = req.method !== 'GET' && req.method !== 'HEAD';
    const site = req.headers['sec-fetch-site'];
    if (isChange && (origin === 'null' || (site !== undefined && site !== 'same-origin' && site !== 'none'))) {
      sendProblem(res, 403, 'Forbidden', 'a page of another origin may not change anything here');
      return;
    }
    if (origin !== undefined && origin !== 'null') {
      let from = '';
      try {
        from = new URL(origin).hostname.toLowerCase();
      } catch {
        from = '';
      }
      if (from !== host && `[${from}]` !== host) {
        sendProblem(res, 403, 'Forbidden', 'a page of another origin may not ask here');
        return;
      }
    }
    if (wanted === null || req.path === '/healthz' || req.path === '/readyz') {
      next();
      return;
    }
    const address = req.socket.remoteAddress ?? '';
    const failed = failures.get(address);
    if (failed && now() - failed.since < FAILURE_WINDOW_MS && failed.count >= FAILURES_MAX) {
      res.setHeader('retry-after', '60');
      sendProblem(res, 429, 'Too many requests', 'too many wrong tokens; wait a minute');
      return;
    }
    const bearer = /^Bearer (.+)$/.exec(req.headers.authorization ?? '')?.[1];
    const cookie = new RegExp(`(?:^|; )${COOKIE}=([^;]+)`).exec(req.headers.cookie ?? '')?.[1];
    const asked = typeof req.query.token === 'string' ? req.query.token : undefined;
    const given = bearer ?? asked ?? (cookie === undefined ? undefined : decodeURIComponent(cookie));
    if (given !== undefined && fits(given)) {
      if (asked !== undefined) {
        // The token moves from the address, where it would stay in histories, into a cookie.
        res.cookie(COOKIE, asked, { httpOnly: true, sameSite: 'strict', secure: req.secure, path: '/' });
        res.redirect(303, req.path);
        return;
      }
      next();
      return;
    }
    if (given !== undefined) {
      if (failed && now() - failed.since < FAILURE_WINDOW_MS) failed.count++;
      else failures.set(address, { count: 1, since: now() });
      if (failures.size > 10_000) failures.clear();
    }
    res.setHeader('www-authenticate', 'Bearer');
    sendProblem(
      res,
      401,
      'Unauthorized',
      'give the token: open the page with ?token=… once, or send Authorization: Bearer …',
    );
  };
}
