import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parsedFields } from '../../src/api/fields.ts';
import type { HttpRequest, HttpResponse } from '../../src/git/hosts/http.ts';
import { graphqlProblems, type Types } from './graphql.ts';
import { type Operation, restProblems } from './rest.ts';

const excerpt = (file: string) => JSON.parse(readFileSync(join(import.meta.dirname, 'testdata', file), 'utf8'));
const { operations } = excerpt('github-rest.json') as { operations: Operation[] };
export const { types } = excerpt('github-graphql.json') as { types: Types };

/** What of an exchange with GitHub is not as GitHub publishes it. What is no GitHub's is not looked at. */
export function gitHubProblems(request: HttpRequest, response: HttpResponse): string[] {
  const url = new URL(request.url);
  const body = String(request.body ?? '');
  if (url.pathname === '/api/graphql') {
    if (response.status !== 200) return [];
    return graphqlProblems(types, parsedFields(body), parsedFields(response.body));
  }
  if (!url.pathname.startsWith('/api/v3/')) return [];
  return restProblems(operations, {
    method: request.method,
    path: decodeURIComponent(url.pathname.slice('/api/v3'.length)),
    query: url.searchParams,
    body,
    status: response.status,
    answer: response.body,
  });
}
