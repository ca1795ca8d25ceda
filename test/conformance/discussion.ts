import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommentOutcome, Discussion, RepositoryAccess } from '../../src/git/hosts/host.ts';
import type { HostHarness } from './git-host.ts';
import { takeMismatches } from './git-hosts.ts';

export interface SeenComment {
  author: string;
  body: string;
}

/** What people do with a change: they push it to a branch of its own, open a pull request, and mostly merge it. */
export interface Change {
  /** The branch; what is on it was pushed before. */
  from: string;
  /** Default: main. */
  into?: string;
  title?: string;
  /** Logins of those who were asked to look at it, and of those who approved it. */
  asked?: string[];
  approved?: string[];
  /** It is left open. */
  isOpen?: boolean;
}

/** One host that knows pull requests over one repository, for one test. */
export interface DiscussionHarness
  extends Pick<HostHarness, 'host' | 'repository' | 'access' | 'missing' | 'move' | 'close'> {
  /** By the person called `person`. Answers the number, and the commit at the target's head by then. */
  propose(change: Change): Promise<{ number: number; commit: string }>;
  /** Accounts, as the host spells them. */
  person: string;
  bot: string;
  others: string[];
  /** Makes the branch where main is. */
  branch(name: string): Promise<void>;
  /** All that was said below one, oldest first. */
  said(number: number): Promise<SeenComment[]>;
  /** The person says something below one. */
  sayByHand(number: number, body: string): Promise<void>;
  /** The next write is carried out, but its answer is lost. */
  loseAnswer(): void;
  /** The next write is not carried out, and answered with the rate limit. */
  limitRate(): void;
  /** Credentials that may read, and say nothing. */
  silent: RepositoryAccess[];
  /** How long a comment may be. */
  longest: number;
  /** How a mark is hidden; left out: as a comment of HTML. */
  hidden?(mark: string): string;
}

export interface DiscussionDeviations {
  /** Why only the commit that a merge made is known by its pull request. */
  parts?: string;
}

const PEOPLE = { author: 'Ann <ann@example.com>', time: 1_700_000_000_000 };
const MARK = 'headgate/revert/c0ffee';
const BODY = 'The release of `shop/web` failed.\n\n| | |\n|---|---|\n| Query | `a \\| b` |';
const LONGEST = 120_000;

/** What every host that knows pull requests must do where people talk about a change; each runs it in its own test. */
export function conformsAsDiscussion(
  name: string,
  start: () => Promise<DiscussionHarness>,
  deviations: DiscussionDeviations = {},
) {
  // One harness at a time, also where all else runs at once.
  describe(`discussions of ${name}`, { timeout: LONGEST, concurrent: false }, () => {
    let harness: DiscussionHarness;
    let discussion: Discussion;
    let files = 0;

    beforeEach(async () => {
      harness = await start();
      if (!harness.host.discussion) throw new Error(`${name} knows no pull requests`);
      discussion = harness.host.discussion;
      await push('main', 'first');
    }, LONGEST);
    afterEach(async () => {
      await harness.close();
      expect(takeMismatches()).toEqual([]);
    });

    const push = (branch: string, message: string) =>
      harness.repository.commit({ ...PEOPLE, branch, message, files: { [`app/${files++}.yaml`]: 'a: 1\n' } });
    /** One with two commits on a branch of its own; answers those too. */
    const propose = async (part: Partial<Change> = {}) => {
      const from = part.from ?? `topic-${files}`;
      await harness.branch(from);
      const parts = [await push(from, 'one'), await push(from, 'two')];
      return { ...(await harness.propose({ from, title: 'Use v3', ...part })), parts };
    };
    const brought = (commit: string, branch = 'main', access = harness.access) =>
      discussion.pullRequestOf(access, commit, branch);
    const comment = (number: number, body = BODY, access = harness.access, mark = MARK) =>
      discussion.comment(access, number, { mark, body });
    const own = async (number: number) => (await harness.said(number)).filter(({ author }) => author === harness.bot);
    const hidden = (mark: string) => harness.hidden?.(mark) ?? `<!-- ${mark} -->`;
    const expectOne = async (number: number, body = BODY) => {
      const said = await own(number);
      expect(said).toHaveLength(1);
      expect(said[0]?.body).toBe(`${hidden(MARK)}\n\n${body}`);
    };

    describe('the pull request that brought a commit', () => {
      it('is found by the commit that merging it made, with who stands behind it', async () => {
        const [first = '', second = ''] = harness.others;
        const { number, commit } = await propose({ asked: [first, harness.person], approved: [second, first] });
        const outcome = await brought(commit);
        if (outcome.kind !== 'pullRequest') throw new Error(JSON.stringify(outcome));
        const { reviewers, url, ...rest } = outcome.pullRequest;
        expect(rest).toEqual({ number, title: 'Use v3', author: harness.person });
        expect(url).toMatch(/^https?:\/\//);
        expect(reviewers.toSorted()).toEqual([first, second].toSorted());
      });

      it('is none for what was pushed to the branch', async () => {
        expect(await brought(await push('main', 'straight'))).toEqual({ kind: 'none' });
      });

      it('is none where it is open still', async () => {
        const { parts } = await propose({ isOpen: true });
        expect(await brought(String(parts[1]))).toEqual({ kind: 'none' });
      });

      it('is found by each of its commits', async () => {
        const { number, parts } = await propose();
        for (const commit of parts) {
          const outcome = await brought(commit);
          if (deviations.parts) expect(outcome).toEqual({ kind: 'none' });
          else expect(outcome).toMatchObject({ pullRequest: { number } });
        }
      });

      it('is that of the branch that is asked for, where several brought it on its way', async () => {
        await harness.branch('develop');
        const inner = await propose({ into: 'develop' });
        const outer = await harness.propose({ from: 'develop', title: 'Release' });
        expect(await brought(inner.commit, 'develop')).toMatchObject({ pullRequest: { number: inner.number } });
        expect(await brought(outer.commit)).toMatchObject({ pullRequest: { number: outer.number, title: 'Release' } });
        const carried = await brought(inner.commit);
        if (deviations.parts) expect(carried).toEqual({ kind: 'none' });
        else expect(carried).toMatchObject({ pullRequest: { number: outer.number } });
      });
    });

    describe('a comment', () => {
      it('is made once, and changed where it is to say something else', async () => {
        const { number } = await propose();
        const first = await comment(number);
        expect(first.kind).toBe('commented');
        await expectOne(number);
        expect(await comment(number)).toMatchObject({ kind: 'commented' });
        await expectOne(number);
        expect(await comment(number, 'It is out of Git.')).toMatchObject({ kind: 'commented' });
        await expectOne(number, 'It is out of Git.');
      });

      it('is not written again where it says so already', async () => {
        const { number } = await propose();
        await comment(number);
        harness.limitRate();
        expect(await comment(number)).toMatchObject({ kind: 'commented' });
      });

      it('is one for each mark', async () => {
        const { number } = await propose();
        await comment(number);
        await comment(number, 'another', harness.access, `${MARK}0`);
        await comment(number, 'new', harness.access, `${MARK}0`);
        expect((await own(number)).map(({ body }) => body)).toEqual([
          `${hidden(MARK)}\n\n${BODY}`,
          `${hidden(`${MARK}0`)}\n\nnew`,
        ]);
      });

      it('is the same one after the answer was lost that made it, and after the one that changed it', async () => {
        const { number } = await propose();
        for (const body of [BODY, 'It is out of Git.']) {
          harness.loseAnswer();
          expect(await comment(number, body)).toMatchObject({ kind: 'unknown' });
          expect(await comment(number, body)).toMatchObject({ kind: 'commented' });
          await expectOne(number, body);
        }
      });

      it('is found among many that others wrote, and leaves theirs alone, also those with its mark', async () => {
        const { number } = await propose();
        const theirs = `${hidden(MARK)}\n\nI am the bot.`;
        await harness.sayByHand(number, theirs);
        for (let count = 0; count < 101; count++) await harness.sayByHand(number, `See ${hidden(MARK)} ${count}`);
        await comment(number);
        await comment(number, 'It is out of Git.');
        await expectOne(number, 'It is out of Git.');
        const said = await harness.said(number);
        expect(said).toHaveLength(103);
        expect(said[0]).toEqual({ author: harness.person, body: theirs });
      });

      it('begins no line with what a host takes for a command', async () => {
        const { number } = await propose();
        await comment(number, 'one\n/close\n/assign me');
        await comment(number, 'one\n/close\n/assign me');
        const said = await own(number);
        expect(said).toHaveLength(1);
        if (name === 'gitlab') expect(said[0]?.body).not.toMatch(/^\//m);
      });

      it('is cut to what the host takes, and known all the same', async () => {
        const { number } = await propose();
        const long = 'é🚦'.repeat(harness.longest);
        expect(await comment(number, long)).toMatchObject({ kind: 'commented' });
        expect(await comment(number, long)).toMatchObject({ kind: 'commented' });
        const [said, ...more] = await own(number);
        expect(more).toEqual([]);
        expect(said?.body.startsWith(`${hidden(MARK)}\n\né🚦`)).toBe(true);
        expect(said?.body.endsWith('(cut)')).toBe(true);
        expect(said?.body.length).toBeLessThanOrEqual(harness.longest);
      });
    });

    describe('what does not work', () => {
      it('answers noRights to credentials that may say nothing, or are not valid', async () => {
        const { number, commit } = await propose();
        const wrong = { ...harness.access, tokens: undefined, token: 'wrong-token' };
        for (const access of [...harness.silent, wrong]) {
          const outcome = await comment(number, BODY, access);
          expect(outcome).toMatchObject({ kind: 'noRights' });
          expect(JSON.stringify(outcome)).not.toContain(access.token);
        }
        expect(await harness.said(number)).toEqual([]);
        expect(await brought(commit, 'main', wrong)).toMatchObject({ kind: 'noRights' });
      });

      it('answers gone when the repository or the pull request is not there', async () => {
        const { commit } = await propose();
        expect(await brought(commit, 'main', harness.missing)).toMatchObject({ kind: 'gone' });
        expect(await comment(1, BODY, harness.missing)).toMatchObject({ kind: 'gone' });
        // Some say no more than that it did not work.
        expect(['gone', 'unknown']).toContain((await comment(4711)).kind);
      });

      it('answers gone when the repository has moved, and does not follow it', async ({ skip }) => {
        if (!harness.move) return skip('it cannot move');
        const { number, commit } = await propose();
        await harness.move();
        expect(await brought(commit)).toMatchObject({ kind: 'gone' });
        expect(await comment(number)).toMatchObject({ kind: 'gone' });
      });

      it('answers rateLimited, and does it when asked again', async () => {
        const { number } = await propose();
        for (const body of [BODY, 'It is out of Git.']) {
          harness.limitRate();
          const limited: CommentOutcome = await comment(number, body);
          expect(limited).toMatchObject({ kind: 'rateLimited', retryAfterSeconds: expect.any(Number) });
          expect(await comment(number, body)).toMatchObject({ kind: 'commented' });
          await expectOne(number, body);
        }
      });

      it('lets no token into what it says', async () => {
        const { number, commit } = await propose();
        const outcomes = [await brought(commit), await comment(number), await comment(number, 'x', harness.missing)];
        expect(JSON.stringify([outcomes, await harness.said(number)])).not.toContain(String(harness.access.token));
      });
    });
  });
}
