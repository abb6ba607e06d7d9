/** Asks the API. Every failure comes back as an `ApiError` that says what happened and what to do about it. */
import type { Problem } from '../../server/api/contract.ts';

export class ApiError extends Error {
  readonly status: number;
  readonly hint: string;
  constructor(status: number, title: string, hint: string) {
    super(title);
    this.status = status;
    this.hint = hint;
  }
}

function explain(status: number, problem: Partial<Problem> | null): ApiError {
  if (status === 401)
    return new ApiError(
      status,
      'You are not signed in',
      'Open the address with ?token=… that why403 printed when it started.',
    );
  if (status === 404)
    return new ApiError(status, problem?.title ?? 'Not found', problem?.detail ?? 'It may be older than what is kept.');
  if (status === 400)
    return new ApiError(
      status,
      problem?.title ?? 'The question was not understood',
      problem?.detail ?? 'Check the filters in the address bar.',
    );
  if (status === 429) return new ApiError(status, 'Too many questions at once', 'Wait a few seconds and try again.');
  return new ApiError(
    status,
    problem?.title ?? `The server answered ${status}`,
    problem?.detail ?? 'The log of why403 says more. Trying again is safe: reading logs is not affected.',
  );
}

type Order = { method: string; body: unknown };
/** With `order` it changes something, else it only asks. */
export async function ask<T>(path: string, signal?: AbortSignal, order?: Order): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`/api/v1/${path}`, {
      signal,
      method: order?.method.toUpperCase() ?? 'GET',
      headers: { accept: 'application/json', ...(order ? { 'content-type': 'application/json' } : {}) },
      body: order ? JSON.stringify(order.body) : undefined,
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ApiError(
      0,
      'why403 does not answer',
      'Is it still running? This page tries again by itself and picks up where it was.',
    );
  }
  if (!response.ok) {
    const problem = await response.json().catch(() => null);
    throw explain(response.status, problem);
  }
  return (await response.json()) as T;
}
