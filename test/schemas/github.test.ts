import { describe, expect, it } from 'vitest';
import type { HttpRequest } from '../../src/git/hosts/http.ts';
import { gitHubProblems } from './github.ts';

const API = 'http://127.0.0.1:1/api/v3/repos/team/shop';

function rest(method: HttpRequest['method'], path: string, body: object | undefined, status: number, answer: object) {
  const request = { method, url: `${API}${path}`, headers: {}, timeoutMilliseconds: 1 };
  const sent = body ? { ...request, body: JSON.stringify(body) } : request;
  return gitHubProblems(sent, { status, headers: {}, body: JSON.stringify(answer) });
}

function graphql(query: string, variables: object, data: object | undefined, errors?: object[]) {
  const body = JSON.stringify({ query, variables });
  const url = 'http://127.0.0.1:1/api/graphql';
  const answer = JSON.stringify({ data: data ?? null, ...(errors && { errors }) });
  return gitHubProblems(
    { method: 'POST', url, headers: {}, body, timeoutMilliseconds: 1 },
    { status: 200, headers: {}, body: answer },
  );
}

const REF = { ref: 'refs/heads/a', object: { type: 'commit', sha: 'a'.repeat(40) } };

const tree = (mode: string, sha: string | null = 'x') => ({ tree: [{ path: 'run.sh', mode, type: 'blob', sha }] });

describe('what is held against the REST description', () => {
  it.each([
    ['a branch with slashes', rest('GET', '/git/ref/heads/a/b', undefined, 200, REF)],
    ['an error', rest('POST', '/git/refs', { ref: 'refs/heads/a', sha: 'x' }, 422, { message: 'no', status: '422' })],
    ['a deletion', rest('POST', '/git/trees', tree('100755', null), 201, { sha: 'x' })],
    ['a list', rest('GET', '/pulls?state=all&sort=created', undefined, 200, [{ number: 1, merged_at: null }])],
  ])('finds nothing in %s', (_, problems) => expect(problems).toEqual([]));

  it.each([
    ['another path', rest('GET', '/git/reference/heads/a', undefined, 200, REF), 'no such operation'],
    ['another method', rest('PUT', '/pulls', {}, 200, {}), 'no such operation'],
    ['a field that is missing', rest('POST', '/git/refs', { ref: 'refs/heads/a' }, 201, REF), 'sha'],
    ['a field too many', rest('POST', '/git/refs', { ref: 'a', sha: 'x', force: true }, 201, REF), 'body'],
    ['a wrong word', rest('PUT', '/pulls/1/merge', { merge_method: 'octopus' }, 200, {}), 'body'],
    ['a mode that is none', rest('POST', '/git/trees', tree('100600'), 201, { sha: 'x' }), 'body'],
    ['an unknown query', rest('GET', '/pulls?status=all', undefined, 200, []), 'query status'],
    ['a word of a query', rest('GET', '/pulls?state=merged', undefined, 200, []), 'query state'],
    ['a field that no answer has', rest('GET', '/git/ref/heads/a', undefined, 200, { sha: 'x' }), 'answer 200'],
    ['a type', rest('GET', '/pulls', undefined, 200, [{ number: '1' }]), 'answer 200'],
    ['a status', rest('POST', '/git/refs', { ref: 'a', sha: 'x' }, 200, REF), 'answer 200: is not known'],
  ])('finds %s', (_, problems, words) => expect(problems.join()).toContain(words));
});

const QUERY =
  'query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { nameWithOwner pullRequest(number: 1) { state } } }';
const NAMES = { owner: 'team', name: 'shop' };
const ANSWER = { repository: { nameWithOwner: 'team/shop', pullRequest: { state: 'OPEN' } } };

describe('what is held against the GraphQL schema', () => {
  it.each([
    ['an answer', graphql(QUERY, NAMES, ANSWER)],
    ['an error', graphql(QUERY, NAMES, undefined, [{ message: 'no' }])],
    ['nothing there', graphql(QUERY, NAMES, { repository: { nameWithOwner: 'a', pullRequest: null } })],
  ])('finds nothing in %s', (_, problems) => expect(problems).toEqual([]));

  it.each([
    ['a field', graphql(QUERY.replace('state', 'status'), NAMES, ANSWER), 'PullRequest has no field status'],
    ['an argument', graphql(QUERY.replace('number', 'no'), NAMES, ANSWER), 'knows no no'],
    ['an argument that is missing', graphql(QUERY.replace('(number: 1)', ''), NAMES, ANSWER), 'lacks number'],
    ['the type of a variable', graphql(QUERY.replace('$name: String!', '$name: Int!'), NAMES, ANSWER), '$name is Int!'],
    ['a variable that is missing', graphql(QUERY, { owner: 'team' }, ANSWER), '$name: is required'],
    ['a variable too many', graphql(QUERY, { ...NAMES, oid: 'x' }, ANSWER), '$oid: is not declared'],
    ['an object of which nothing is asked', graphql(QUERY.replace('{ state }', ''), NAMES, ANSWER), 'must be said'],
    ['a word', graphql(QUERY, NAMES, { repository: { nameWithOwner: 'a', pullRequest: { state: 'DONE' } } }), 'DONE'],
    ['what was not asked for', graphql(QUERY, NAMES, { repository: { ...ANSWER.repository, id: 'x' } }), 'not asked'],
    ['what is missing', graphql(QUERY, NAMES, { repository: { pullRequest: null } }), 'nameWithOwner: is missing'],
    ['a null that never is', graphql(QUERY, NAMES, { repository: { nameWithOwner: null } }), 'never is'],
    ['an error without words', graphql(QUERY, NAMES, undefined, [{}]), 'none has a message'],
    [
      'an input',
      graphql(
        'mutation($input: AddCommentInput!) { addComment(input: $input) { clientMutationId } }',
        { input: { subject: 'x' } },
        {},
      ),
      'AddCommentInput has no such field',
    ],
  ])('finds %s', (_, problems, words) => expect(problems.join('; ')).toContain(words));
});
