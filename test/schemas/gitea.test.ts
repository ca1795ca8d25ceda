import { expect, it } from 'vitest';
import { giteaProblems } from './gitea.ts';

const problemsOf = (method: 'GET' | 'POST', path: string, body: object | undefined, status: number, answer: object) =>
  giteaProblems(
    {
      method,
      url: `https://git.example/api/v1/repos/team/shop/${path}`,
      headers: {},
      timeoutMilliseconds: 1,
      ...(body && { body: JSON.stringify(body) }),
    },
    { status, headers: {}, body: JSON.stringify(answer) },
  );

it.each([
  ['a comment', problemsOf('POST', 'issues/1/comments', { body: 'x' }, 201, { id: 1, body: 'x' })],
  ['an empty list', problemsOf('GET', 'pulls/1/reviews?page=1', undefined, 200, [])],
  ['an error', problemsOf('POST', 'issues/1/comments', { body: 'x' }, 403, { message: 'no' })],
])('finds nothing in %s', (_, problems) => expect(problems).toEqual([]));

it.each([
  ['a field too many', problemsOf('POST', 'issues/1/comments', { body: 'x', mark: 1 }, 201, {})],
  ['a field that is missing', problemsOf('POST', 'issues/1/comments', {}, 201, {})],
  ['a word', problemsOf('POST', 'pulls/1/merge', { Do: 'octopus' }, 200, {})],
  ['a type', problemsOf('POST', 'issues/1/comments', { body: 'x' }, 201, { id: '1' })],
  ['a path', problemsOf('GET', 'pull/1', undefined, 200, {})],
])('finds %s', (_, problems) => expect(problems).not.toEqual([]));
