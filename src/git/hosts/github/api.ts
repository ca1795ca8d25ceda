import { type Fields, fieldsOf, listOf, parsedFields, textOf } from '../../../api/fields.ts';
import { Waiting } from '../../../errors.ts';
import type { RepositoryAccess } from '../host.ts';
import {
  branchPath,
  Ended,
  type Failure,
  type HostRequest,
  type HttpRequest,
  type HttpResponse,
  type SendRequest,
  wayTo,
} from '../http.ts';
import { addressOf } from './address.ts';
import { statusFailure, typedFailure } from './answers.ts';

export const TIMEOUT_MILLISECONDS = 30_000;

/** GitHub's own, and the credential: a token, or what an App signs. */
export function headersFor(token: string | undefined): Record<string, string> {
  return {
    accept: 'application/vnd.github+json',
    'content-type': 'application/json',
    'user-agent': 'headgate',
    'x-github-api-version': '2022-11-28',
    ...(token ? { authorization: `Bearer ${token}` } : {}),
  };
}

/** Why there is no token to ask with. */
function noToken(error: unknown): unknown {
  if (!(error instanceof Waiting)) return error;
  const { reason, message, retryAfter } = error;
  if (reason === 'RateLimited') return new Ended({ kind: 'rateLimited', message, retryAfterSeconds: retryAfter });
  const kinds: Record<string, Failure['kind']> = { CredentialsRejected: 'noRights', RepositoryGone: 'gone' };
  return new Ended({ kind: kinds[reason] ?? 'unknown', message } as Failure);
}

/**
 * Sends a request with the credential's token. A token that is got as it is needed may be refused before its time, as when the
 * App was installed anew: what was refused was not done, so it is asked once more with another one.
 */
function authorized(send: SendRequest, { token, tokens, ...access }: RepositoryAccess) {
  const way = wayTo('GitHub', send, access);
  const sendWith = async (
    request: Pick<HostRequest, 'method' | 'url' | 'body' | 'isRead'>,
    its: string | undefined,
  ) => {
    const { account } = tokens ?? {};
    const whole = { ...request, headers: headersFor(its), timeoutMilliseconds: TIMEOUT_MILLISECONDS };
    return way(account === undefined ? whole : { ...whole, account });
  };
  const got = (from: Promise<string>) =>
    from.catch((error: unknown) => {
      throw noToken(error);
    });
  return async (request: Pick<HostRequest, 'method' | 'url' | 'body' | 'isRead'>): Promise<HttpResponse> => {
    if (!tokens) return sendWith(request, token);
    const first = await got(tokens.token());
    const answer = await sendWith(request, first);
    return answer.status === 401 ? sendWith(request, await got(tokens.renewed(first))) : answer;
  };
}

/** One repository's API with one credential. Throws `Ended` where there is no answer, or no repository at the address. */
export function openApi(send: SendRequest, access: RepositoryAccess) {
  const address = addressOf(access.url);
  const request = authorized(send, access);
  const call = (method: HttpRequest['method'], path: string, body?: object) =>
    request({ method, url: `${address.rest}${path}`, ...(body ? { body: JSON.stringify(body) } : {}) });
  /** The data that is asked for, or what GitHub says instead. Throws `Ended` where there is no such answer. */
  const answerTo = async (query: string, variables: object): Promise<{ data: Fields } | { refused: Failure }> => {
    const body = JSON.stringify({ query, variables });
    const isRead = !query.startsWith('mutation');
    const answer = await request({ method: 'POST', url: address.graphql, body, isRead });
    if (answer.status !== 200) throw new Ended(statusFailure(answer));
    const { data, errors } = parsedFields(answer.body);
    const [error] = listOf(errors);
    return error ? { refused: typedFailure(answer, fieldsOf(error)) } : { data: fieldsOf(data) };
  };
  return {
    owner: address.owner,
    name: address.name,
    call,
    /** The JSON text of what is at `path`, below the repository. Throws `Ended` for any answer but that. */
    async get(path: string): Promise<string> {
      const answer = await call('GET', path);
      if (answer.status !== 200) throw new Ended(statusFailure(answer));
      return answer.body;
    },
    /** A branch's head; undefined where there is no such branch. */
    async head(branch: string): Promise<string | undefined> {
      const answer = await call('GET', `/git/ref/heads/${branchPath(branch)}`);
      if (answer.status === 404) return undefined;
      if (answer.status !== 200) throw new Ended(statusFailure(answer));
      return textOf(fieldsOf(parsedFields(answer.body).object).sha);
    },
    answerTo,
    /** The data that is asked for. Throws `Ended` for any error in it. */
    async graphql(query: string, variables: object): Promise<Fields> {
      const answer = await answerTo(query, variables);
      if ('refused' in answer) throw new Ended(answer.refused);
      return answer.data;
    },
  };
}

export type Api = ReturnType<typeof openApi>;
