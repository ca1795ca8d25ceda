import { createBitbucketCloudHost } from '../../src/git/hosts/bitbucket-cloud/index.ts';
import type { HostedRepository } from '../../src/sandbox/git/index.ts';
import {
  type HostedWorld,
  hostedStage,
  READ_TOKEN,
  send,
  shopOf,
  startHostedWorld,
  statusesOf,
  WRITE_TOKEN,
} from './git-hosts.ts';
import type { ProposalsHarness } from './proposals.ts';

const CHECK = 'ci/build';
const SCOPES = ['repository', 'pullrequest'];

/** Bitbucket Cloud's API over a bare repository, and people who use its pages. */
export async function startBitbucketCloud(
  settings: Partial<HostedRepository> = {},
): Promise<ProposalsHarness & { hosted: HostedWorld }> {
  const hosted = await startHostedWorld();
  const { world, url } = hosted;
  const stage = hostedStage(hosted);
  const repository = shopOf(hosted);
  Object.assign(repository, settings, { pulls: [] });
  const { pulls = [] } = repository;
  world.tokens.set('token-for-reading', { login: 'headgate', write: true, scopes: SCOPES });
  const commits = [...SCOPES, 'repository:write'];
  world.tokens.set('token-for-commits', { login: 'headgate', write: true, scopes: commits });
  const byHand = async (path: string, body: object = {}) => {
    const headers = { authorization: `Bearer ${WRITE_TOKEN}` };
    const address = url.replace('/team/shop', `/2.0/repositories/team/shop${path}`);
    const response = await fetch(address, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  };
  return {
    ...stage,
    hosted,
    host: createBitbucketCloudHost({ send }),
    access: { url, token: WRITE_TOKEN },
    readOnly: [
      { url: `${url}.git`, token: READ_TOKEN, username: 'reader@example.com' },
      { url, token: 'token-for-reading', username: 'x-token-auth' },
    ],
    commitOnly: [{ url, token: 'token-for-commits', username: 'x-token-auth' }],
    missing: { url: `${url}-missing`, token: WRITE_TOKEN },
    statuses: statusesOf(hosted, 'FAILED'),
    seen: async () =>
      pulls.map(({ title, body, from, into, state }, at) => ({ number: at + 1, title, body, from, into, state })),
    comments: async (number) => (pulls[number - 1]?.comments ?? []).map(({ body }) => body),
    mergeByHand: (number) => byHand(`/pullrequests/${number}/merge`),
    closeByHand: (number) => byHand(`/pullrequests/${number}/decline`),
    async setRule(rule) {
      await stage.protect();
      repository.requiredChecks = new Map([['main', rule === 'atOnce' ? [] : [CHECK]]]);
    },
    async fulfilRule() {
      repository.requiredChecks?.clear();
    },
  };
}
