import type { Answer, GitHubWorld, HostedRepository, TokenRights } from '../world.ts';

/** One request to a repository, by someone whom Bitbucket knows. */
export interface Call {
  method: string;
  world: GitHubWorld;
  hosted: HostedRepository;
  /** `workspace/repository`. */
  name: string;
  rights: TokenRights;
  /** Where the repository is in the API. */
  api: string;
  /** Where the repository's pages are. */
  pages: string;
  query: URLSearchParams;
  body: Record<string, unknown>;
  /** Where a form was sent. */
  form?: FormData | undefined;
}

export function failure(status: number, message: string, detail?: object): Answer {
  return { status, body: { type: 'error', error: { message, ...(detail && { detail }) } } };
}

export const ok = (body: unknown): Answer => ({ status: 200, body });
export const notFound = (what: string) => failure(404, `${what} not found`);

/** Bitbucket looks at the token's scopes first, then at what its owner may do. */
export function refusal({ rights, hosted, name }: Call, scope: string): Answer | undefined {
  if (rights.scopes && !rights.scopes.includes(scope)) {
    const words = 'Your credentials lack one or more required privilege scopes.';
    return failure(403, words, { required: [scope], granted: rights.scopes });
  }
  if (!rights.write) return failure(403, `You do not have write access to ${name}.`);
  return hosted.archived ? failure(403, `The repository ${name} is read-only.`) : undefined;
}

/** Whose token it is not for reading this. */
export function unreadable({ rights }: Pick<Call, 'rights'>, scope: string): Answer | undefined {
  const { scopes } = rights;
  if (!scopes || scopes.includes(scope) || scopes.includes(`${scope}:write`)) return undefined;
  const words = 'Your credentials lack one or more required privilege scopes.';
  return failure(403, words, { required: [scope], granted: scopes });
}

export const accountOf = (login: string) => ({
  type: 'user',
  uuid: `{${login}}`,
  nickname: login,
  display_name: login.toUpperCase(),
});

/** Bitbucket shortens ids within other objects. */
export const shortened = (hash: string | undefined) => (hash ? { type: 'commit', hash: hash.slice(0, 12) } : null);
