import { fieldsOf, parsedFields } from '../../../api/fields.ts';
import type { Clock } from '../../../clock.ts';
import { Waiting } from '../../../errors.ts';
import type { GitHubApp } from '../../credentials.ts';
import type { RepositoryAccess } from '../host.ts';
import { type HttpRequest, type HttpResponse, orFailure, rateLimited, type SendRequest, wayTo } from '../http.ts';
import type { Address } from './address.ts';
import { isRateLimited, wordsOf } from './answers.ts';
import { headersFor, TIMEOUT_MILLISECONDS } from './api.ts';
import { appJwt } from './jwt.ts';

/** All that is asked for, whatever the App may do besides; comments on pull requests need no more. */
export const PERMISSIONS: Readonly<Record<string, 'read' | 'write'>> = {
  contents: 'write',
  metadata: 'read',
  pull_requests: 'write',
  statuses: 'write',
};
/** As GitHub's pages name them. */
const NAMES: Readonly<Record<string, string>> = {
  contents: 'Contents: read and write',
  metadata: 'Metadata: read-only',
  pull_requests: 'Pull requests: read and write',
  statuses: 'Commit statuses: read and write',
};
const REJECTED_SECONDS = 300;
export const UNREACHABLE_SECONDS = 30;

export interface AppTokensOptions {
  send: SendRequest;
  clock: Pick<Clock, 'now'>;
}

function rejected(message: string): Waiting {
  return new Waiting('CredentialsRejected', message, REJECTED_SECONDS);
}

/** Whether GitHub means the clocks and not the key. */
function isAboutTime({ status, body }: HttpResponse): boolean {
  return status === 401 && /claim \('(exp|iat)'\)/.test(body);
}

export function dateOf({ headers }: HttpResponse): number | undefined {
  const date = Date.parse(headers.date ?? '');
  return Number.isNaN(date) ? undefined : date;
}

/** What the App lacks, in the words of GitHub's pages. */
function missingIn(granted: unknown): string[] {
  const has = fieldsOf(granted);
  const isThere = ([name, level]: [string, string]) => has[name] === 'write' || has[name] === level;
  return Object.entries(PERMISSIONS)
    .filter((entry) => !isThere(entry))
    .map(([name]) => NAMES[name] ?? name);
}

function isUnknownApp({ body }: HttpResponse): boolean {
  return /integration not found/i.test(body);
}

/** What keeps the App from a token: what GitHub's answer says by itself, else `why`. */
function refusal(id: string, answer: HttpResponse, why: string): Waiting {
  const { status } = answer;
  const words = `GitHub answered ${status}: ${wordsOf(answer)}`;
  if (isRateLimited(answer)) {
    const { message, retryAfterSeconds } = rateLimited(answer, words);
    return new Waiting('RateLimited', message, retryAfterSeconds);
  }
  if (status < 300 || status >= 500) return new Waiting('RepositoryUnreachable', words, UNREACHABLE_SECONDS);
  if (status >= 300 && status < 400) {
    const message = `${words}; the repository has moved: put its new address into the policy`;
    return new Waiting('RepositoryGone', message, REJECTED_SECONDS);
  }
  if (isAboutTime(answer)) return rejected(`the clocks of this machine and of GitHub differ too much. ${words}`);
  if (isUnknownApp(answer)) {
    return rejected(`GitHub knows no App ${id}: appId must be the App's ID or client ID. ${words}`);
  }
  if (status === 401) {
    const message = `GitHub does not take privateKey of GitHub App ${id}: it must be a private key of this App that was not deleted there. ${words}`;
    return rejected(message);
  }
  return rejected(`${why}. ${words}`);
}

/** Whose rate limit counts: an installation's tokens share one, and without its number so do the App's on one owner. */
export function accountOf({ api, owner }: Address, { id, installation }: GitHubApp): string {
  return `${api} app ${id} ${installation ?? owner}`;
}

/** One App on one repository: asks GitHub, and says in words what it does not let us do. */
export function createAppRequests(
  { send, clock }: AppTokensOptions,
  skew: Map<string, number>,
  access: RepositoryAccess,
) {
  const way = wayTo('GitHub', send, access);
  const app = access.app as GitHubApp;
  const refused = (answer: HttpResponse, why: string) => refusal(app.id, answer, why);
  const named = `GitHub App ${app.id}`;

  const once = async (address: Address, part: Pick<HttpRequest, 'method' | 'url' | 'body'>): Promise<HttpResponse> => {
    const jwt = appJwt(app, clock.now() + (skew.get(address.api) ?? 0));
    const limit = { timeoutMilliseconds: TIMEOUT_MILLISECONDS, isRead: true, account: accountOf(address, app) };
    const answer = await orFailure(() => way({ ...part, headers: headersFor(jwt), ...limit }));
    if (!('kind' in answer)) return answer;
    if (answer.kind === 'rateLimited') throw new Waiting('RateLimited', answer.message, answer.retryAfterSeconds);
    throw new Waiting('RepositoryUnreachable', answer.message, UNREACHABLE_SECONDS);
  };
  /** A clock that is wrong is found out by GitHub's own, and asked with once more. */
  const request = async (address: Address, part: Pick<HttpRequest, 'method' | 'url' | 'body'>) => {
    const answer = await once(address, part);
    const date = dateOf(answer);
    if (!isAboutTime(answer) || date === undefined) return answer;
    skew.set(address.api, date - clock.now());
    return once(address, part);
  };
  /** What GitHub says of the App on this repository. Throws where it is not installed there. */
  const lookUp = async (address: Address) => {
    const answer = await request(address, { method: 'GET', url: `${address.rest}/installation` });
    const found = parsedFields(answer.body);
    if (answer.status === 200 && typeof found.id === 'number') return found;
    const place = `${address.owner}/${address.name}`;
    const why = `there is no repository ${place}, or ${named} is not installed on it: install it there, or add this repository to its installation`;
    // GitHub tells those who are not there nothing of what there is.
    if (answer.status === 404 && !isUnknownApp(answer)) throw new Waiting('RepositoryGone', why, REJECTED_SECONDS);
    throw refused(answer, why);
  };
  /** Of a token that was refused: permission or repository, which GitHub's words do not say. */
  const whyRefused = async (address: Address, answer: HttpResponse): Promise<Waiting> => {
    if (answer.status !== 422) {
      const installation = `installation ${app.installation} of ${named}`;
      const why =
        app.installation === undefined
          ? `${named} gets no token for ${address.owner}/${address.name}`
          : `GitHub gives no token for ${installation}: put the right installationId into the Secret, or leave it out`;
      return refused(answer, why);
    }
    const missing = missingIn((await lookUp(address)).permissions);
    if (missing.length === 0) {
      const why = `${named} gets no token for ${address.owner}/${address.name}: is it the installation of this repository's owner?`;
      return refused(answer, why);
    }
    const what = `${named} lacks the permission ${missing.join(', and ')}`;
    return refused(answer, `${what}: grant it on the App's page, and have the installation's owner accept it`);
  };

  return { request, lookUp, whyRefused };
}
