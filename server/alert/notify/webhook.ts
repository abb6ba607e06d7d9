/** Posts the message as JSON; signed when there is a secret: X-Why403-Signature: sha256=HMAC(timestamp "." body). */
import { createHmac } from 'node:crypto';
import { DELIVERY_TIMEOUT_MS } from '../../limits.ts';
import type { Message } from './message.ts';

export async function sendWebhook(
  url: string,
  secret: string | null,
  message: Message,
  id: string,
  now: number,
): Promise<void> {
  const body = JSON.stringify(message);
  const timestamp = String(Math.floor(now / 1000));
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'user-agent': 'why403',
    // The same for every attempt: a receiver that got it and could not answer may drop the repeat.
    'x-why403-delivery': id,
    'x-why403-timestamp': timestamp,
  };
  if (secret !== null)
    headers['x-why403-signature'] =
      `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
  const answer = await fetch(url, {
    method: 'POST',
    headers,
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(DELIVERY_TIMEOUT_MS),
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`the receiver answered ${answer.status}`);
}
