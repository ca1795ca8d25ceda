import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HttpRequest, HttpResponse } from '../../src/git/hosts/http.ts';
import { type Operation, restProblems } from './rest.ts';

const file = join(import.meta.dirname, 'testdata', 'gitea.json');
const { operations } = JSON.parse(readFileSync(file, 'utf8')) as { operations: Operation[] };

/** What of an exchange with Gitea is not as Gitea publishes it. */
export function giteaProblems(request: HttpRequest, response: HttpResponse): string[] {
  const { pathname, searchParams } = new URL(request.url);
  return restProblems(operations, {
    method: request.method,
    path: decodeURIComponent(pathname.replace(/^.*\/api\/v1/, '')),
    query: searchParams,
    body: String(request.body ?? ''),
    status: response.status,
    answer: response.body,
  });
}
