import type { IncomingMessage } from 'node:http';
import type { GitHubWorld, HostedRepository, TokenRights } from '../world.ts';

export interface Answer {
  status: number;
  body?: unknown;
}

/** One request to a repository, by someone whom Bitbucket knows. */
export interface Call {
  world: GitHubWorld;
  hosted: HostedRepository;
  /** `project/name`. */
  name: string;
  rights: TokenRights;
  /** Where the repository's pages are. */
  pages: string;
  query: URLSearchParams;
  body: Record<string, unknown>;
}

export function failure(status: number, exception: string, message: string, more: object = {}): Answer {
  const exceptionName = `com.atlassian.bitbucket.${exception}`;
  return { status, body: { errors: [{ context: null, message, exceptionName, ...more }] } };
}

export const ok = (body: unknown): Answer => ({ status: 200, body });
export const notPermitted = () =>
  failure(401, 'AuthorisationException', 'You are not permitted to access this resource');

export function page(query: URLSearchParams, all: readonly unknown[]): Answer {
  const start = Number(query.get('start') ?? 0);
  const limit = Number(query.get('limit') ?? 25);
  const values = all.slice(start, start + limit);
  const isLastPage = start + limit >= all.length;
  const nextPageStart = isLastPage ? null : start + limit;
  return ok({ size: values.length, limit, start, isLastPage, nextPageStart, values });
}

/** Who asks: by a bearer token, or by a name with the token that is its own. */
export function rightsOf(world: GitHubWorld, request: IncomingMessage): TokenRights | undefined {
  const [scheme = '', value = ''] = (request.headers.authorization ?? '').split(' ');
  if (scheme === 'Bearer') return world.tokens.get(value);
  const [name, ...token] = Buffer.from(value, 'base64').toString('utf8').split(':');
  const rights = world.tokens.get(token.join(':'));
  return rights?.login === name ? rights : undefined;
}
