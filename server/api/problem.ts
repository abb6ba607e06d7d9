/** Errors as RFC 9457 says: application/problem+json, with a sentence a person can act on and no stack. */
import type { Response } from 'express';

export class ApiError extends Error {
  readonly status: number;
  readonly title: string;
  constructor(status: number, title: string, detail: string) {
    super(detail);
    this.status = status;
    this.title = title;
  }
}
export class BadRequest extends ApiError {
  constructor(detail: string) {
    super(400, 'Bad request', detail);
  }
}
export class NotFound extends ApiError {
  constructor(detail: string) {
    super(404, 'Not found', detail);
  }
}

export function sendProblem(res: Response, status: number, title: string, detail: string): void {
  res
    .status(status)
    .type('application/problem+json')
    .send(JSON.stringify({ type: 'about:blank', title, status, detail }));
}
