/** Stages for the conformance of discussions, on the hosts that run in the process. */
import { createGitHubHost } from '../../src/git/hosts/github/index.ts';
import type { BareRepository } from '../../src/sandbox/git/index.ts';
import { mergeNow } from '../../src/sandbox/git/index.ts';
import type { DiscussionHarness } from './discussion.ts';
import { clock, type HostedWorld, READ_TOKEN, send, startHostedWorld, viewOf, WRITE_TOKEN } from './git-hosts.ts';
import { handsOn } from './github-proposals.ts';
import { startGitLab } from './gitlab.ts';

const PERSON = 'ann';
const BOT = 'headgate';
const OTHERS = ['bob', 'eve'];
const PERSONS_TOKEN = 'token-of-ann';

/** Makes a branch where main is. */
export function branchOff(bare: BareRepository) {
  return async (name: string) => {
    await bare.git(['update-ref', `refs/heads/${name}`, String(await bare.head())]);
  };
}

export async function startGitHubDiscussion(given?: HostedWorld): Promise<DiscussionHarness> {
  const hosted = given ?? (await startHostedWorld());
  const { world, bare, url } = hosted;
  const repository = world.repositories.get('team/shop');
  if (!repository) throw new Error('the world has no repository');
  world.tokens.set(PERSONS_TOKEN, { login: PERSON, write: true });
  const byHand = handsOn(url, PERSONS_TOKEN);
  return {
    host: createGitHubHost({ send, clock }),
    repository: viewOf(bare),
    access: { url, token: WRITE_TOKEN },
    missing: { url: `${url}-missing`, token: WRITE_TOKEN },
    silent: [{ url, token: READ_TOKEN }],
    person: PERSON,
    bot: BOT,
    others: OTHERS,
    longest: 65_536,
    move: () => hosted.move(),
    close: () => hosted.close(),
    branch: branchOff(bare),
    async propose({ from, into = 'main', title = 'x', asked = [], approved = [], isOpen }) {
      const { number } = await byHand<{ number: number }>('POST', 'pulls', { head: from, base: into, title, body: '' });
      const pull = repository.pulls?.[number - 1];
      if (pull) {
        pull.reviews = [
          ...asked.map((login) => ({ login, state: 'REQUESTED' as const })),
          ...approved.map((login) => ({ login, state: 'APPROVED' as const })),
          { login: 'mallory', state: 'COMMENTED' },
        ];
      }
      if (!isOpen) await byHand('PUT', `pulls/${number}/merge`, {});
      return { number, commit: String(await bare.head(into)) };
    },
    async said(number) {
      const found = repository.pulls?.[number - 1]?.comments ?? [];
      return found.map(({ author, body }) => ({ author, body }));
    },
    sayByHand: (number, body) => byHand('POST', `issues/${number}/comments`, { body }),
    loseAnswer() {
      world.faults.cutAfterWrite = 1;
    },
    limitRate() {
      world.faults.rateLimited = 1;
    },
  };
}

export async function startGitLabDiscussion(): Promise<DiscussionHarness> {
  const stage = await startGitLab();
  const { hosted, requests, access, repository, host, missing, loseAnswer, limitRate } = stage;
  const { world, bare, url } = hosted;
  world.tokens.set(PERSONS_TOKEN, { login: PERSON, write: true });
  const one = (number: number) => requests.all.find(({ iid }) => iid === number);
  return {
    host,
    repository,
    access,
    missing,
    silent: [{ url, token: 'token-of-a-reader' }],
    person: PERSON,
    bot: BOT,
    others: OTHERS,
    longest: 1_000_000,
    move: () => hosted.move(),
    close: () => hosted.close(),
    branch: branchOff(bare),
    async propose({ from, into = 'main', title = 'x', asked = [], approved = [], isOpen }) {
      const body = { source_branch: from, target_branch: into, title, description: '' };
      const { iid } = await stage.asPerson(PERSONS_TOKEN, '/merge_requests', body);
      const request = one(iid);
      if (!request) throw new Error('no merge request was opened');
      request.reviews = [
        ...asked.map((login) => ({ login, state: 'REQUESTED' as const })),
        ...approved.map((login) => ({ login, state: 'APPROVED' as const })),
      ];
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
    loseAnswer: () => loseAnswer(),
    limitRate: () => limitRate?.(),
  };
}
