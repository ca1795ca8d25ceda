/** Stages for the conformance of discussions, on the hosts that run in the process. */
import { createGitHubHost } from '../../src/git/hosts/github/index.ts';
import type { GitHost, RepositoryAccess } from '../../src/git/hosts/host.ts';
import {
  azureOf,
  dataCenterPullsOf,
  type HostedRepository,
  mergeNow,
  mergePull,
  mergePullNow,
  type Review,
} from '../../src/sandbox/git/index.ts';
import { startAzure } from './azure-devops.ts';
import { startBitbucketCloud } from './bitbucket-cloud.ts';
import { startBitbucketDataCenter } from './bitbucket-data-center.ts';
import type { Change, DiscussionHarness } from './discussion.ts';
import {
  clock,
  type HostedWorld,
  hostedStage,
  READ_TOKEN,
  send,
  shopOf,
  startHostedWorld,
  WRITE_TOKEN,
} from './git-hosts.ts';
import { handsOn } from './github-proposals.ts';
import { startGitLab } from './gitlab.ts';

const PERSON = 'ann';
const BOT = 'headgate';
const OTHERS = ['bob', 'eve'];
const PERSONS_TOKEN = 'token-of-ann';
const PEOPLE = { person: PERSON, bot: BOT, others: OTHERS };

/** As people looked at a change: those who were asked, those who approved it, and one who only said something. */
function reviewsOf({ asked = [], approved = [] }: Change): Review[] {
  return [
    ...asked.map((login) => ({ login, state: 'REQUESTED' as const })),
    ...approved.map((login) => ({ login, state: 'APPROVED' as const })),
    { login: 'mallory', state: 'COMMENTED' },
  ];
}

/** What a person sends to an API. */
async function sendAsPerson(method: string, address: string, body: object): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${PERSONS_TOKEN}`, 'content-type': 'application/json' };
  const answer = await fetch(address, { method, headers, body: JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${address}: ${answer.status} ${text}`);
  return text === '' ? {} : JSON.parse(text);
}

/** What a stage of proposals has that one of discussions needs, too. */
interface Stage {
  hosted: HostedWorld;
  host: GitHost;
  access: RepositoryAccess;
  missing: RepositoryAccess;
}

function onStage({ hosted, host, access, missing }: Stage) {
  hosted.world.tokens.set(PERSONS_TOKEN, { login: PERSON, write: true });
  return { ...hostedStage(hosted), ...PEOPLE, host, access, missing };
}

export async function startGitHubDiscussion(given?: HostedWorld): Promise<DiscussionHarness> {
  const hosted = given ?? (await startHostedWorld());
  const { bare, url } = hosted;
  const repository = shopOf(hosted);
  const access = { url, token: WRITE_TOKEN };
  const missing = { url: `${url}-missing`, token: WRITE_TOKEN };
  const byHand = handsOn(url, PERSONS_TOKEN);
  return {
    ...onStage({ hosted, host: createGitHubHost({ send, clock }), access, missing }),
    silent: [{ url, token: READ_TOKEN }],
    longest: 65_536,
    async propose(change) {
      const { from, into = 'main', title = 'x', isOpen } = change;
      const { number } = await byHand<{ number: number }>('POST', 'pulls', { head: from, base: into, title, body: '' });
      const pull = repository.pulls?.[number - 1];
      if (pull) pull.reviews = reviewsOf(change);
      if (!isOpen) await byHand('PUT', `pulls/${number}/merge`, {});
      return { number, commit: String(await bare.head(into)) };
    },
    async said(number) {
      const found = repository.pulls?.[number - 1]?.comments ?? [];
      return found.map(({ author, body }) => ({ author, body }));
    },
    sayByHand: (number, body) => byHand('POST', `issues/${number}/comments`, { body }),
  };
}

export async function startGitLabDiscussion(): Promise<DiscussionHarness> {
  const stage = await startGitLab();
  const { hosted, requests, loseAnswer } = stage;
  const { world, bare, url } = hosted;
  const one = (number: number) => requests.all.find(({ iid }) => iid === number);
  return {
    ...onStage(stage),
    // GitLab's answers are lost on their way.
    loseAnswer: () => loseAnswer(),
    silent: [{ url, token: 'token-of-a-reader' }],
    longest: 1_000_000,
    async propose(change) {
      const { from, into = 'main', title = 'x', isOpen } = change;
      const body = { source_branch: from, target_branch: into, title, description: '' };
      const { iid } = await stage.asPerson(PERSONS_TOKEN, '/merge_requests', body);
      const request = one(iid);
      if (!request) throw new Error('no merge request was opened');
      request.reviews = reviewsOf(change);
      const by = { bare, requests, author: 'Ann <ann@example.com>', now: world.now() };
      if (!isOpen) await mergeNow(by, request);
      return { number: iid, commit: String(await bare.head(into)) };
    },
    async said(number) {
      return (one(number)?.notes ?? []).map(({ author, body }) => ({ author, body }));
    },
    async sayByHand(number, body) {
      await stage.asPerson(PERSONS_TOKEN, `/merge_requests/${number}/notes`, { body });
    },
  };
}

/** Where HTML is shown as it is. */
const asUnusedLink = (mark: string) => `[//]: # (${mark})`;

export async function startBitbucketCloudDiscussion(
  settings: Partial<HostedRepository> = {},
): Promise<DiscussionHarness> {
  const stage = await startBitbucketCloud(settings);
  const { hosted } = stage;
  const { bare, url, world } = hosted;
  world.tokens.set('token-for-code', { login: BOT, write: true, scopes: ['repository:write'] });
  const { pulls = [] } = shopOf(hosted);
  const api = url.replace('/team/shop', '/2.0/repositories/team/shop/pullrequests');
  return {
    ...onStage(stage),
    silent: [{ url, token: 'token-for-code' }],
    longest: 32_767,
    hidden: asUnusedLink,
    async propose(change) {
      const { from, into = 'main', title = 'x', isOpen } = change;
      const ends = { source: { branch: { name: from } }, destination: { branch: { name: into } } };
      const number = Number((await sendAsPerson('POST', api, { title, ...ends })).id);
      Object.assign(pulls[number - 1] ?? {}, { reviews: reviewsOf(change) });
      if (!isOpen) await sendAsPerson('POST', `${api}/${number}/merge`, {});
      return { number, commit: String(await bare.head(into)) };
    },
    said: async (number) => (pulls[number - 1]?.comments ?? []).map(({ author, body }) => ({ author, body })),
    async sayByHand(number, raw) {
      await sendAsPerson('POST', `${api}/${number}/comments`, { content: { raw } });
    },
  };
}

export async function startBitbucketDataCenterDiscussion(): Promise<DiscussionHarness> {
  const stage = await startBitbucketDataCenter();
  const { hosted } = stage;
  const { bare, world } = hosted;
  const pulls = dataCenterPullsOf(shopOf(hosted));
  const one = (number: number) => pulls.all.find(({ id }) => id === number);
  const api = `${new URL(hosted.url).origin}/bitbucket/rest/api/1.0/projects/team/repos/shop/pull-requests`;
  return {
    ...onStage(stage),
    // Who may read may comment.
    silent: [],
    longest: 32_767,
    hidden: asUnusedLink,
    async propose(change) {
      const { from, into = 'main', title = 'x', isOpen } = change;
      const ends = { fromRef: { id: `refs/heads/${from}` }, toRef: { id: `refs/heads/${into}` } };
      const number = Number((await sendAsPerson('POST', api, { title, description: '', ...ends })).id);
      const pull = one(number);
      if (!pull) throw new Error('no pull request was opened');
      pull.reviews = reviewsOf(change);
      const by = { bare, pulls, author: 'Ann <ann@example.com>', now: world.now(), pages: '' };
      if (!isOpen) await mergePull(by, pull);
      return { number, commit: String(await bare.head(into)) };
    },
    said: async (number) => (one(number)?.comments ?? []).map(({ author, body }) => ({ author, body })),
    async sayByHand(number, text) {
      await sendAsPerson('POST', `${api}/${number}/comments`, { text });
    },
  };
}

export async function startAzureDiscussion(): Promise<DiscussionHarness> {
  const stage = await startAzure();
  const { hosted, access } = stage;
  const { bare, world } = hosted;
  const repository = shopOf(hosted);
  const one = (number: number) => azureOf(repository).pulls.find(({ id }) => id === number);
  const api = access.url.replace('/_git/', '/_apis/git/repositories/');
  return {
    ...onStage(stage),
    silent: [
      { ...access, token: READ_TOKEN },
      { ...access, token: 'token-of-a-reader' },
    ],
    longest: 150_000,
    async propose(change) {
      const { from, into = 'main', title = 'x', isOpen } = change;
      const ends = { sourceRefName: `refs/heads/${from}`, targetRefName: `refs/heads/${into}` };
      const number = Number((await sendAsPerson('POST', `${api}/pullrequests`, { title, ...ends })).pullRequestId);
      const pull = one(number);
      if (!pull) throw new Error('no pull request was opened');
      pull.reviews = reviewsOf(change);
      if (!isOpen) await mergePullNow(world, repository, pull, PERSON);
      return { number, commit: String(await bare.head(into)) };
    },
    said: async (number) => (one(number)?.comments ?? []).map(({ author, body }) => ({ author, body })),
    async sayByHand(number, content) {
      await sendAsPerson('POST', `${api}/pullrequests/${number}/threads`, { comments: [{ content }] });
    },
  };
}
