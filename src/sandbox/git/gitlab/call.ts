import type { GitHubWorld, HostedRepository, TokenRights } from '../world.ts';

export interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/** One request to a project, by someone whom GitLab knows. */
export interface Call {
  world: GitHubWorld;
  hosted: HostedRepository;
  name: string;
  rights: TokenRights;
  /** Where the project's pages are. */
  address: string;
  query: URLSearchParams;
  body: Record<string, unknown>;
}

export function failure(status: number, message: unknown): Answer {
  return { status, body: { message } };
}

export const ok = (body: unknown): Answer => ({ status: 200, body });
export const forbidden = (why?: string) => failure(403, why ? `403 Forbidden - ${why}` : '403 Forbidden');
export const notFound = (what: string) => failure(404, `404 ${what} Not Found`);
