import { sign } from 'node:crypto';
import type { GitHubApp } from '../../credentials.ts';

/** For GitHub clocks that are behind ours. */
const BACK_SECONDS = 60;
/** GitHub takes ten minutes, by its own clock. */
const LIFE_SECONDS = 540;

/** What proves for a few minutes that we are the App. `now`: milliseconds since the epoch, as GitHub's clock shows them. */
export function appJwt({ id, key }: GitHubApp, now: number): string {
  const seconds = Math.floor(now / 1000);
  const claims = { iat: seconds - BACK_SECONDS, exp: seconds + LIFE_SECONDS, iss: id };
  const text = [{ alg: 'RS256', typ: 'JWT' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`;
}
