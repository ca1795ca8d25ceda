/** Reverts that are written by a GitHub App: its tokens end while the work is under way. */
import { afterEach, expect, it } from 'vitest';
import { APP, hostedApp, keys, pemOf } from '../../../test/conformance/github-app.ts';
import { handsOn } from '../../../test/conformance/github-proposals.ts';
import {
  abort,
  allow,
  failedRelease,
  HASHES,
  type Loop,
  MINUTE,
  revertCommits,
  startLoop,
} from '../../../test/git/loop.ts';
import { revertPolicies, secrets } from '../../kube/resources.ts';
import type { HostedApp, TokenRights } from '../../sandbox/git/index.ts';

let loop: Loop;
afterEach(() => loop.close());

const PERSON = 'token-of-a-person';
const status = () => loop.reverts()[0]?.status;
const ready = () => loop.api.store.get(revertPolicies, undefined, 'shop')?.status?.conditions?.[0];

/** A release fails, and the policy's Secret holds an App. */
async function fail(policy: object, part: { secret?: object; app?: HostedApp; endsBeforeCommit?: boolean } = {}) {
  const tokens = new Map<string, TokenRights>([[PERSON, { login: 'ann', write: true }]]);
  const app = part.app ?? hostedApp();
  loop = await startLoop({
    github: { pulls: [] },
    world: { tokens, apps: new Map([[APP, app]]) },
    secret: { appId: APP, privateKey: pemOf(keys.privateKey), ...part.secret },
    wrap: (host) => ({
      ...host,
      async commit(...request) {
        if (part.endsBeforeCommit) for (const [token] of tokens) if (token !== PERSON) tokens.delete(token);
        return host.commit(...request);
      },
    }),
  });
  allow(loop, policy);
  const commits = await failedRelease(loop);
  abort(loop, HASHES);
  await loop.settle(1000);
  return { ...commits, tokens, app };
}

it('a token that ends between plan and write is renewed, and the revert is written once', async () => {
  const { tokens } = await fail({}, { endsBeforeCommit: true });
  await loop.settle(MINUTE);
  expect(status()).toMatchObject({ state: 'landed' });
  expect(await revertCommits(loop)).toMatchObject([{ author: expect.stringContaining('headgate[bot]') }]);
  expect([...tokens.keys()].filter((token) => token !== PERSON)).toHaveLength(1);
  expect(ready()).toMatchObject({ status: 'True' });
});

it('a pull request is watched for longer than a token lasts', async () => {
  const { tokens } = await fail({ mode: 'PullRequest' });
  expect(status()).toMatchObject({ state: 'proposed' });
  const first = [...tokens.values()].filter(({ until }) => until !== undefined);
  for (const rights of first) rights.until = loop.clock.now();
  await loop.settle(2 * MINUTE);
  expect(status()).toMatchObject({ state: 'proposed' });
  expect([...tokens.values()].filter(({ until }) => until !== undefined)).toHaveLength(2);
  await handsOn(loop.url, PERSON)('PUT', 'pulls/1/merge', {});
  await loop.settle(MINUTE);
  expect(status()).toMatchObject({ state: 'merged' });
});

it('a key that is none is said on the policy, without its content, and a new one is taken', async () => {
  const broken = pemOf(keys.privateKey).replace(/\n.{30}/, '\nSECRETSECRETSECRETSECRETSECRET');
  await fail({}, { secret: { privateKey: broken } });
  expect(ready()).toMatchObject({ status: 'False', reason: 'InvalidGitHubApp' });
  expect(ready()?.message).toContain('Secret host, key privateKey: holds no whole private key');
  expect(JSON.stringify([loop.told, loop.reverts(), ready()])).not.toContain('SECRET');
  const data = { privateKey: Buffer.from(pemOf(keys.privateKey)).toString('base64') };
  loop.api.store.patch(secrets, { namespace: 'headgate', name: 'host' }, { data } as never);
  await loop.settle(10 * MINUTE);
  expect([ready()?.status, status()?.state]).toEqual(['True', 'landed']);
});

it('an App that lacks a right is said on the policy', async () => {
  const app = hostedApp({ installations: new Map([[7, { account: 'team', permissions: { metadata: 'read' } }]]) });
  await fail({}, { app });
  expect(ready()).toMatchObject({ status: 'False' });
  expect(ready()?.message).toContain('lacks the permission Contents: read and write');
});
