/**
 * What a request was answered with, where a log keeps it: the body, and the WWW-Authenticate header in front of it.
 * Gateways that log whole transactions do, and applications that log what they send.
 */
import type { Entry } from '../../../parsers/entry.ts';

const BODIES = [
  'response_body',
  'response.body',
  'responseBody',
  'resp_body',
  'res.body',
  'response.content',
  'http.response.body.content',
] as const;
const CHALLENGES = [
  'response_headers.www-authenticate',
  'response.headers.www-authenticate',
  'response.header.www-authenticate',
  'res.headers.www-authenticate',
  'sent_http_www_authenticate',
  'www-authenticate',
] as const;
/** What says why stands in front. */
const ANSWER_CHARS = 2000;

export function answerOf(entry: Entry): string | null {
  const fields = entry.attributes;
  if (fields === null) return null;
  let answer: string | null = null;
  for (const name of CHALLENGES) {
    const value = fields[name];
    if (value !== undefined) answer = `WWW-Authenticate: ${value}`;
  }
  for (const name of BODIES) {
    const value = fields[name];
    if (value !== undefined) answer = answer === null ? value : `${answer}\n${value}`;
  }
  return answer !== null && answer.length > ANSWER_CHARS ? answer.slice(0, ANSWER_CHARS) : answer;
}
