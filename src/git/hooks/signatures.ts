import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { HookRequest } from './hook.ts';

/** A header that came exactly once and with something in it. */
export function headerOf({ headers }: Pick<HookRequest, 'headers'>, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** In a time that tells nothing of where they differ, nor of how long they are. */
export function sameText(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** The header is the HMAC-SHA256 of the body in hexadecimal digits, after this prefix. */
export function isSignedInHeader(request: HookRequest, header: string, prefix: string, secret: string): boolean {
  const given = headerOf(request, header);
  const expected = prefix + createHmac('sha256', secret).update(request.body).digest('hex');
  return given !== undefined && sameText(given.toLowerCase(), expected);
}

/** How far a signed moment may be from ours. */
const TOLERANCE_SECONDS = 300;
const SIGNING_KEY = 'whsec_';
/** The specification asks for 24. What is much shorter is a mistake, and could be guessed. */
const SHORTEST_KEY_BYTES = 16;

/** A secret that is the key of Standard Webhooks, and not a text that is sent along. */
export function isSigningKey(secret: string): boolean {
  return secret.startsWith(SIGNING_KEY);
}

/** As Standard Webhooks has it: id, moment and body are signed together, and the header may hold several signatures. */
export function isSignedAsStandard(request: HookRequest, secret: string): boolean {
  const id = headerOf(request, 'webhook-id');
  const seconds = headerOf(request, 'webhook-timestamp');
  const given = headerOf(request, 'webhook-signature');
  if (id === undefined || seconds === undefined || given === undefined || !/^\d{1,12}$/.test(seconds)) return false;
  if (Math.abs(request.now / 1000 - Number(seconds)) > TOLERANCE_SECONDS) return false;
  const key = Buffer.from(secret.slice(SIGNING_KEY.length), 'base64');
  if (key.length < SHORTEST_KEY_BYTES) return false;
  const digest = createHmac('sha256', key).update(`${id}.${seconds}.`).update(request.body).digest('base64');
  return given.split(' ', 10).some((signature) => sameText(signature, `v1,${digest}`));
}
