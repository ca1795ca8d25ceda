import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concerns } from '../hint.ts';
import type { Hook } from './hook.ts';
import { hooks } from './index.ts';
import { branchGone, type Example, examples } from './testing-payloads.ts';

const SECRET = 'a long secret';
const NOW = Date.parse('2026-11-20T12:00:00Z');
const hex = (body: Buffer, secret = SECRET) => createHmac('sha256', secret).update(body).digest('hex');
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

/** How each host shows that it knows the secret. */
const proofs: Record<string, (body: Buffer, secret: string) => Record<string, string>> = {
  github: (body, secret) => ({ 'x-hub-signature-256': `sha256=${hex(body, secret)}` }),
  gitea: (body, secret) => ({ 'x-gitea-signature': hex(body, secret) }),
  forgejo: (body, secret) => ({ 'x-forgejo-signature': hex(body, secret) }),
  gitlab: (_, secret) => ({ 'x-gitlab-token': secret }),
  bitbucket: (body, secret) => ({ 'x-hub-signature': `sha256=${hex(body, secret)}` }),
  'bitbucket-datacenter': (body, secret) => ({ 'x-hub-signature': `sha256=${hex(body, secret)}` }),
  'azure-devops': (_, secret) => ({ authorization: basic(secret) }),
  generic: (body, secret) => ({ 'x-headgate-signature': `sha256=${hex(body, secret)}` }),
};
/** What they send along as it is says nothing of the body. */
const UNSIGNED = new Set(['gitlab', 'azure-devops']);

it('has an example and a proof of every host', () => {
  expect(Object.keys(examples).sort()).toEqual([...hooks.keys()].sort());
  expect(Object.keys(proofs).sort()).toEqual([...hooks.keys()].sort());
});

describe.each([...hooks])('%s', (name, hook) => {
  const { repository, push, pullRequest, tag } = examples[name] as Example;
  const body = Buffer.from(JSON.stringify(push));
  const proofOf = (bytes: Buffer, secret: string) => proofs[name]?.(bytes, secret) ?? {};

  it.each([
    ['push', push],
    ['pull request', pullRequest],
  ])('is a hint at the branch of a %s', (_, payload) => {
    const hint = hook.read(payload);
    expect(hint?.branches).toEqual(['main']);
    expect(hint && concerns(hint, repository, 'main')).toBe(true);
  });

  it('is none at a tag', () => {
    expect(hook.read(tag)).toBeUndefined();
  });

  it('is believed only from someone who knows the secret', () => {
    const isAuthentic = (headers: Record<string, string>, bytes = body) =>
      hook.isAuthentic({ headers, body: bytes, now: NOW }, SECRET);
    expect(isAuthentic(proofOf(body, SECRET))).toBe(true);
    expect(isAuthentic(proofOf(body, 'another secret'))).toBe(false);
    expect(isAuthentic(proofOf(body, ''))).toBe(false);
    expect(isAuthentic({})).toBe(false);
    const [[header = '', value = ''] = []] = Object.entries(proofOf(body, SECRET));
    expect(isAuthentic({ [header]: value.slice(0, -4) })).toBe(false);
    expect(isAuthentic({ [header]: '' })).toBe(false);
    expect(hook.isAuthentic({ headers: { [header]: [value, value] }, body, now: NOW }, SECRET)).toBe(false);
    const changed = Buffer.concat([body, Buffer.from(' ')]);
    expect(isAuthentic(proofOf(body, SECRET), changed)).toBe(UNSIGNED.has(name));
  });

  it('says nothing, and breaks on nothing, where the payload is not as expected', () => {
    const odd = fc.anything({ withNullPrototype: true, maxDepth: 4 });
    fc.assert(fc.property(odd, (payload) => hook.read(payload) === undefined));
    const keys = fc.constantFrom(
      'repository',
      'push',
      'changes',
      'resource',
      'project',
      'ref',
      'links',
      'clone',
      'new',
    );
    const similar = fc.dictionary(keys, fc.oneof(odd, fc.array(odd), fc.constant('refs/heads/'), fc.constant(null)));
    fc.assert(fc.property(similar, (payload) => ['undefined', 'object'].includes(typeof hook.read(payload))));
  });
});

const read = (name: string, payload: unknown) => (hooks.get(name) as Hook).read(payload);

it('takes texts of an honest length only, and a hundred branches at most', () => {
  expect(read('generic', { repository: 'https://git.example/shop', branch: 'x'.repeat(3000) })).toBeUndefined();
  const refUpdates = Array.from({ length: 5000 }, (_, index) => ({ name: `refs/heads/b${index}` }));
  const repository = { remoteUrl: 'https://dev.azure.com/a/b/_git/c' };
  expect(read('azure-devops', { resource: { refUpdates, repository } })?.branches).toHaveLength(100);
});

it('is a hint at a branch that is gone, too', () => {
  expect(read('bitbucket', branchGone)?.branches).toEqual(['main']);
});

it('calls a delivery as its host does', () => {
  const named = (name: string, headers: Record<string, string>, payload: unknown = {}) =>
    hooks.get(name)?.delivery({ headers, body: Buffer.alloc(0), now: NOW }, payload);
  expect(named('github', { 'x-github-delivery': 'a' })).toBe('a');
  expect(named('gitea', { 'x-gitea-delivery': 'b' })).toBe('b');
  expect(named('forgejo', { 'x-forgejo-delivery': 'c' })).toBe('c');
  expect(named('gitlab', { 'idempotency-key': 'd' })).toBe('d');
  expect(named('bitbucket', { 'x-request-uuid': 'e' })).toBe('e');
  expect(named('bitbucket-datacenter', { 'x-request-id': 'f' })).toBe('f');
  expect(named('azure-devops', {}, { id: 'g' })).toBe('g');
  expect(named('generic', {})).toBeUndefined();
});

it('knows a repository of Bitbucket Data Center by its ssh address, too', () => {
  const { push, pullRequest } = examples['bitbucket-datacenter'] as Example;
  for (const payload of [push, pullRequest]) {
    const hint = read('bitbucket-datacenter', payload);
    expect(hint && concerns(hint, 'ssh://git@git.example:7999/team/shop.git', 'main')).toBe(true);
  }
});

describe("GitLab's signing token", () => {
  const key = Buffer.from('0123456789abcdef0123456789abcdef');
  const secret = `whsec_${key.toString('base64')}`;
  const body = Buffer.from('{"object_kind":"push"}');
  const gitlab = hooks.get('gitlab') as Hook;
  const at = (seconds: number) => {
    const signed = createHmac('sha256', key).update(`id-1.${seconds}.${body}`).digest('base64');
    return { 'webhook-id': 'id-1', 'webhook-timestamp': String(seconds), 'webhook-signature': `v1,${signed}` };
  };
  const isAuthentic = (headers: Record<string, string>) => gitlab.isAuthentic({ headers, body, now: NOW }, secret);

  it('signs id, moment and body together', () => {
    const headers = at(NOW / 1000);
    expect(isAuthentic(headers)).toBe(true);
    expect(isAuthentic({ ...headers, 'webhook-signature': `v1,b2xk ${headers['webhook-signature']}` })).toBe(true);
    expect(isAuthentic({ ...headers, 'webhook-id': 'id-2' })).toBe(false);
    expect(isAuthentic({ ...headers, 'webhook-timestamp': String(NOW / 1000 + 1) })).toBe(false);
    expect(isAuthentic({ ...headers, 'webhook-timestamp': 'NaN' })).toBe(false);
  });

  it.each(['whsec_', 'whsec_!!!!', 'whsec_c2hvcnQ='])(
    'is no token where %s holds no key, or one that can be guessed',
    (none) => {
      const short = Buffer.from(none.slice('whsec_'.length), 'base64');
      const signed = createHmac('sha256', short)
        .update(`id-1.${NOW / 1000}.${body}`)
        .digest('base64');
      const headers = { ...at(NOW / 1000), 'webhook-signature': `v1,${signed}`, 'x-gitlab-token': none };
      expect(gitlab.isAuthentic({ headers, body, now: NOW }, none)).toBe(false);
    },
  );

  it('is not believed for longer than five minutes, and not sent along as it is', () => {
    expect(isAuthentic(at(NOW / 1000 - 299))).toBe(true);
    expect(isAuthentic(at(NOW / 1000 - 301))).toBe(false);
    expect(isAuthentic(at(NOW / 1000 + 301))).toBe(false);
    expect(isAuthentic({ 'x-gitlab-token': secret })).toBe(false);
  });
});
