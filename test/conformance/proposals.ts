import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Proposal,
  type ProposalOutcome,
  type ProposalRequest,
  type Proposals,
  proposalBranch,
} from '../../src/git/hosts/host.ts';
import type { HostHarness } from './git-host.ts';
import { takeMismatches } from './git-hosts.ts';

/** A proposal as people see it on the host's pages. */
export interface SeenProposal {
  number: number;
  state: Proposal['state'];
  title: string;
  body: string;
  from: string;
  into: string;
}

/** When the host's rules let a proposal into main. */
export type MergeRule =
  /** Nothing is missing: it is merged when asked for. */
  | 'atOnce'
  /** A rule is not fulfilled yet (a check is running), and the host can be told to wait for it. */
  | 'later'
  /** A rule is not fulfilled, and the host does not wait by itself. */
  | 'never';

/** One host that knows proposals over one real repository, for one test. People push to any branch by `repository.commit`. */
export interface ProposalsHarness extends HostHarness {
  /** All proposals of the repository, oldest first. */
  seen(): Promise<SeenProposal[]>;
  /** What was said below one, oldest first. */
  comments(number: number): Promise<string[]>;
  /** A person merges it on the host's pages. */
  mergeByHand(number: number): Promise<void>;
  /** A person closes it on the host's pages, and leaves its branch. */
  closeByHand(number: number): Promise<void>;
  deleteBranch(branch: string): Promise<void>;
  /** From now on this rule holds for main. People may still push to it. */
  setRule(rule: MergeRule): Promise<void>;
  /** What the rule `later` waits for happens; the host then merges what it was told to merge, maybe a little later. */
  fulfilRule(): Promise<void>;
  /** The write that comes after so many others (default 0) is carried out, but its answer is lost. */
  loseAnswer(after?: number): void;
  /** Runs once, right before the next write of any kind arrives. */
  beforeWrite(intrude: () => Promise<void>): void;
  /** The next write is not carried out, and answered with the rate limit; left out where that cannot be brought about. */
  limitRate?(): void;
  /** Who was asked to review one; left out where nobody can be asked by name. */
  asked?(number: number): Promise<string[]>;
  /** Two who can be asked, and one who cannot. */
  colleagues?: readonly [string, string, stranger: string];
}

export interface ProposalDeviations {
  /** Why the host cannot be told to wait for a rule. */
  later?: string;
  /** Why what is pushed between the last look and the merge is merged too. */
  head?: string;
}

const PEOPLE = { author: 'Ann <ann@example.com>', time: 1_700_000_000_000 };
const KEY = 'c0ffee0123456789'.repeat(4);
const MESSAGE = `Revert "second"\n\nThis reverts commit 0.\n\nReverts-Commit: 0\nRevert-Key: ${KEY}\n`;
const TITLE = 'Revert "<b>second</b> & `third`" of shop/web: 5 > 3 \\o/ ünï 🚦';
const BODY =
  'First **line**, <img src=x>\n\n```yaml\nimage: "v1"\n```\n\n- a | b\n- $HOME $(x) {{ y }} \\n %20 &amp;\n\nRevert-Scope: fields';
const FROM = proposalBranch(KEY);
const BRANCHES = { from: FROM, into: 'main' };
/** Hosts find out in the background whether a proposal can be merged. */
const PATIENCE_MILLISECONDS = 30_000;
const PAUSE_MILLISECONDS = 100;
const LONGEST = 120_000;

const plain = (path: string, content: string) => ({ path, content: Buffer.from(content), mode: '100644' });

function proposalOf(outcome: ProposalOutcome | { kind: 'none' }): Proposal {
  if (outcome.kind === 'proposal') return outcome.proposal;
  throw new Error(`not a proposal: ${JSON.stringify(outcome)}`);
}

/** Asks until the answer is another than that the host waits. */
async function settled<T extends ProposalOutcome | { kind: 'none' }>(ask: () => Promise<T>): Promise<T> {
  const end = Date.now() + PATIENCE_MILLISECONDS;
  let outcome = await ask();
  while (outcome.kind === 'proposal' && outcome.proposal.state === 'open' && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));
    outcome = await ask();
  }
  return outcome;
}

/** What every host that knows proposals must do; each runs it in its own test. */
export function conformsAsProposals(
  name: string,
  start: () => Promise<ProposalsHarness>,
  deviations: ProposalDeviations = {},
) {
  // One harness at a time, also where all else runs at once.
  describe(`proposals of ${name}`, { timeout: LONGEST, concurrent: false }, () => {
    let harness: ProposalsHarness;
    let proposals: Proposals;
    let head: string;

    beforeEach(async () => {
      harness = await start();
      if (!harness.host.proposals) throw new Error(`${name} knows no proposals`);
      proposals = harness.host.proposals;
      const files = { 'app/web.yaml': 'image: v2\n', 'app/other.yaml': 'a: 1\n' };
      head = await harness.repository.commit({ ...PEOPLE, message: 'second', files });
    }, LONGEST);
    afterEach(async () => {
      await harness.close();
      expect(takeMismatches()).toEqual([]);
    });

    const request = (part: Partial<ProposalRequest> = {}): ProposalRequest => ({
      branch: 'main',
      from: FROM,
      expectedHead: head,
      message: MESSAGE,
      changes: [plain('app/web.yaml', 'image: v1\n')],
      key: KEY,
      title: TITLE,
      body: BODY,
      ...part,
    });
    const open = (part?: Partial<ProposalRequest>) => proposals.open(harness.access, request(part));
    const opened = async () => proposalOf(await open());
    const find = () => proposals.find(harness.access, BRANCHES);
    const merge = (proposal: Proposal) => proposals.merge(harness.access, { ...proposal, ...BRANCHES });
    const cancel = (proposal: Proposal) => proposals.cancelMerge(harness.access, { ...proposal, ...BRANCHES });
    const close = (proposal: Proposal, why = 'No longer needed.') =>
      proposals.close(harness.access, { ...proposal, ...BRANCHES }, why);
    const push = (branch: string, files: Record<string, string>) =>
      harness.repository.commit({ ...PEOPLE, branch, message: 'by a person', files });
    const headOf = (branch: string) => harness.repository.head(branch);
    const read = async (path: string) =>
      (await harness.repository.read(String(await headOf('main')), path))?.toString();

    /** One proposal in this state from our branch, which holds our one commit on the expected head. */
    const expectOne = async (state: Proposal['state']) => {
      const seen = await harness.seen();
      expect(seen).toHaveLength(1);
      expect(seen[0]).toMatchObject({ state, from: FROM, into: 'main' });
    };
    const expectOurCommit = async () => {
      const [last, before] = await harness.repository.log(FROM);
      expect(last?.message).toBe(MESSAGE.trimEnd());
      expect(before?.id).toBe(head);
    };

    describe('open', () => {
      it('opens one whose branch holds one commit on the expected head, and leaves the target alone', async () => {
        const proposal = await opened();
        expect(proposal).toMatchObject({ state: 'open', head: await headOf(FROM) });
        expect(proposal.commit).toBeUndefined();
        expect(proposal.number).toBeGreaterThan(0);
        expect(proposal.url).toMatch(/^https?:\/\//);
        await expectOurCommit();
        expect((await harness.repository.read(String(proposal.head), 'app/web.yaml'))?.toString()).toBe('image: v1\n');
        expect((await harness.repository.read(String(proposal.head), 'app/other.yaml'))?.toString()).toBe('a: 1\n');
        expect(await headOf('main')).toBe(head);
      });

      it('shows title and body as they are given, and nothing else', async () => {
        const { number } = await opened();
        expect(await harness.seen()).toEqual([{ number, state: 'open', title: TITLE, body: BODY, ...BRANCHES }]);
        expect(await harness.comments(number)).toEqual([]);
      });

      it('opens one on a target that takes changes by proposal only', async () => {
        await harness.protect();
        expect(await opened()).toMatchObject({ state: 'open' });
        expect(await headOf('main')).toBe(head);
      });

      it('opens one though the target has moved meanwhile', async () => {
        const moved = await push('main', { 'app/other.yaml': 'a: 2\n' });
        expect(await opened()).toMatchObject({ state: 'open' });
        await expectOurCommit();
        expect(await headOf('main')).toBe(moved);
      });

      it('means the same one when asked twice', async () => {
        const first = await opened();
        expect(await opened()).toEqual(first);
        await expectOne('open');
        await expectOurCommit();
      });

      it('opens no second one where another cluster has had it merged while its branch was being made', async () => {
        let other: Proposal | undefined;
        harness.beforeWrite(async () => {
          other = await opened();
          await settled(() => merge(other as Proposal));
          await harness.deleteBranch(FROM).catch(() => {});
        });
        const outcome = await open();
        expect(other).toBeDefined();
        if (outcome.kind === 'proposal')
          expect(outcome.proposal).toMatchObject({ number: other?.number, state: 'merged' });
        await expectOne('merged');
      });

      it('means the same one when two ask at once', async () => {
        await Promise.all([open(), open()]);
        const proposal = await opened();
        await expectOne('open');
        await expectOurCommit();
        expect(await find()).toEqual({ kind: 'proposal', proposal });
      });

      it.each([0, 1, 2])('means the same one after the answer was lost that came after %i others', async (after) => {
        harness.loseAnswer(after);
        const first = await open();
        // A host that needs fewer writes has lost nothing.
        if (first.kind !== 'proposal') expect(['unknown', 'stale']).toContain(first.kind);
        else expect(after).toBeGreaterThan(0);
        const proposal = await opened();
        await expectOne('open');
        await expectOurCommit();
        expect(await headOf(FROM)).toBe(proposal.head);
      });

      it('leaves a branch of that name alone that holds something else', async () => {
        const foreign = await push(FROM, { 'app/web.yaml': 'image: v9\n' });
        expect(await open()).toMatchObject({ kind: 'protected', message: expect.stringContaining(FROM) });
        expect(await headOf(FROM)).toBe(foreign);
        expect(await harness.seen()).toEqual([]);
      });

      it('takes a branch with a commit of another key for something else', async () => {
        const other = KEY.replaceAll('c', 'd');
        const theirs = proposalOf(await open({ key: other, message: MESSAGE.replace(KEY, other) }));
        expect(await open()).toMatchObject({ kind: 'protected', message: expect.stringContaining(FROM) });
        expect(await headOf(FROM)).toBe(theirs.head);
        await expectOne('open');
      });

      it('goes on though the target has moved since the answer was lost', async () => {
        harness.loseAnswer();
        expect(['unknown', 'stale']).toContain((await open()).kind);
        const moved = await push('main', { 'app/other.yaml': 'a: 2\n' });
        expect(await opened()).toMatchObject({ state: 'open' });
        await expectOne('open');
        await expectOurCommit();
        expect(await headOf('main')).toBe(moved);
      });

      it('leaves a branch alone to which a person pushed, and still finds its proposal', async () => {
        const proposal = await opened();
        const foreign = await push(FROM, { 'app/other.yaml': 'a: 3\n' });
        expect(await open()).toMatchObject({ kind: 'protected' });
        expect(await headOf(FROM)).toBe(foreign);
        expect(await find()).toMatchObject({ proposal: { number: proposal.number, state: 'open' } });
        await expectOne('open');
      });

      it('never opens again what a person closed', async () => {
        const { number } = await opened();
        await harness.closeByHand(number);
        for (const _ of ['once', 'twice']) {
          expect(await open()).toMatchObject({ kind: 'proposal', proposal: { number, state: 'closed' } });
        }
        await harness.deleteBranch(FROM);
        expect(await open()).toMatchObject({ kind: 'proposal', proposal: { number, state: 'closed' } });
        expect(await headOf(FROM)).toBeUndefined();
        await expectOne('closed');
      });

      it('never opens again what was merged', async () => {
        const { number } = await opened();
        await harness.mergeByHand(number);
        expect(await open()).toMatchObject({ kind: 'proposal', proposal: { number, state: 'merged' } });
        await expectOne('merged');
      });

      it('answers gone when the repository or the target is not there', async () => {
        expect(await proposals.open(harness.missing, request())).toMatchObject({ kind: 'gone' });
        expect(await open({ branch: 'release' })).toMatchObject({ kind: 'gone' });
        expect(await harness.seen()).toEqual([]);
      });
    });

    describe('open, with reviewers', () => {
      const people = () => harness.colleagues ?? ['ann', 'bob', 'mallory'];
      const expectAsked = async (number: number, names: readonly string[]) => {
        const asked = await harness.asked?.(number);
        if (asked) expect(asked.toSorted()).toEqual(names.toSorted());
      };

      it('asks those who are named, once', async () => {
        const [one, other] = people();
        const { number } = proposalOf(await open({ reviewers: [one, other] }));
        await expectAsked(number, [one, other]);
        await open({ reviewers: [one, other] });
        await expectAsked(number, [one, other]);
        await expectOne('open');
      });

      it('asks nobody where nobody is named', async () => {
        const { number } = proposalOf(await open({ reviewers: [] }));
        await expectAsked(number, []);
      });

      it('is open all the same, and the others are asked, where one of them cannot be', async () => {
        const [one, other, stranger] = people();
        const { number } = proposalOf(await open({ reviewers: [one, stranger, other] }));
        await expectAsked(number, [one, other]);
        await expectOne('open');
        await expectOurCommit();
      });

      it.each([0, 1, 2, 3, 4])('is open once the answer was lost that came after %i others', async (after) => {
        const [one, other] = people();
        harness.loseAnswer(after);
        await open({ reviewers: [one, other] });
        const { number } = proposalOf(await open({ reviewers: [one, other] }));
        await expectAsked(number, [one, other]);
        await expectOne('open');
        await expectOurCommit();
      });
    });

    describe('find', () => {
      it('finds none where there never was one', async () => {
        expect(await find()).toEqual({ kind: 'none' });
        await push('headgate/revert/another', { 'x.txt': 'x' });
        expect(await find()).toEqual({ kind: 'none' });
      });

      it('finds the open one', async () => {
        const proposal = await opened();
        expect(await find()).toEqual({ kind: 'proposal', proposal });
        expect(await proposals.find(harness.access, { from: 'headgate/revert/another', into: 'main' })).toEqual({
          kind: 'none',
        });
      });

      it('finds the merged one with the commit that brought it', async () => {
        const { number } = await opened();
        await harness.mergeByHand(number);
        const found = proposalOf(await settled(find));
        expect(found).toMatchObject({ number, state: 'merged', commit: await headOf('main') });
        expect(await read('app/web.yaml')).toBe('image: v1\n');
      });

      it('finds the one that a person closed, and leaves it so', async () => {
        const { number, head: at } = await opened();
        await harness.closeByHand(number);
        const found = proposalOf(await find());
        expect(found).toMatchObject({ number, state: 'closed', head: at });
        expect(found.commit).toBeUndefined();
        await expectOne('closed');
      });

      it('names no head where the branch is gone', async () => {
        const { number } = await opened();
        await harness.closeByHand(number);
        await harness.deleteBranch(FROM);
        const found = proposalOf(await find());
        expect(found).toMatchObject({ number, state: 'closed' });
        expect(found.head).toBeUndefined();
      });
    });

    describe('merge', () => {
      it('merges at once where nothing is missing, also where no one may push', async () => {
        await harness.setRule('atOnce');
        const proposal = await opened();
        const outcome = await settled(() => merge(proposal));
        expect(outcome).toMatchObject({ proposal: { number: proposal.number, state: 'merged' } });
        expect(proposalOf(outcome).commit).toBe(await headOf('main'));
        expect(await read('app/web.yaml')).toBe('image: v1\n');
        await expectOne('merged');
      });

      it('answers the same when asked again for what is merged', async () => {
        const proposal = await opened();
        const first = proposalOf(await settled(() => merge(proposal)));
        expect(await merge(proposal)).toMatchObject({ proposal: { state: 'merged', commit: first.commit } });
        expect(await headOf('main')).toBe(first.commit);
      });

      it('merges once when the answer is lost', async () => {
        const proposal = await opened();
        harness.loseAnswer();
        const outcome = await settled(() => merge(proposal));
        if (outcome.kind !== 'proposal') expect(['unknown', 'stale']).toContain(outcome.kind);
        const again = proposalOf(await settled(() => merge(proposal)));
        expect(again).toMatchObject({ state: 'merged', commit: await headOf('main') });
      });

      it('merges where the target has moved without a conflict', async () => {
        await harness.setRule('atOnce');
        const proposal = await opened();
        const moved = await push('main', { 'app/other.yaml': 'a: 2\n' });
        expect(await settled(() => merge(proposal))).toMatchObject({ proposal: { state: 'merged' } });
        expect(await read('app/web.yaml')).toBe('image: v1\n');
        expect(await read('app/other.yaml')).toBe('a: 2\n');
        expect((await harness.repository.log()).map(({ id }) => id)).toContain(moved);
      });

      it('merges where the target moves in the very moment', async () => {
        const proposal = await opened();
        harness.beforeWrite(async () => {
          await push('main', { 'app/other.yaml': 'a: 2\n' });
        });
        expect(await settled(() => merge(proposal))).toMatchObject({ proposal: { state: 'merged' } });
        expect(await read('app/web.yaml')).toBe('image: v1\n');
        expect(await read('app/other.yaml')).toBe('a: 2\n');
      });

      it('leaves a conflict to a person', async () => {
        const proposal = await opened();
        const moved = await push('main', { 'app/web.yaml': 'image: v3\n' });
        expect(await settled(() => merge(proposal))).toMatchObject({ kind: 'protected' });
        expect(await headOf('main')).toBe(moved);
        await expectOne('open');
      });

      it(`waits where a rule is not fulfilled yet${deviations.later ? `, or leaves it to a person: ${deviations.later}` : ''}`, async () => {
        await harness.setRule('later');
        const proposal = await opened();
        if (deviations.later) {
          expect(await settled(() => merge(proposal))).toMatchObject({ kind: 'protected' });
          expect(await headOf('main')).toBe(head);
          return;
        }
        for (const _ of ['once', 'twice']) {
          expect(await merge(proposal)).toMatchObject({ proposal: { number: proposal.number, state: 'open' } });
        }
        expect(await headOf('main')).toBe(head);
        await harness.fulfilRule();
        const found = proposalOf(await settled(find));
        expect(found).toMatchObject({ number: proposal.number, state: 'merged', commit: await headOf('main') });
        expect(await read('app/web.yaml')).toBe('image: v1\n');
      });

      it('no longer waits once a person pushed to the branch and it is asked again', async ({ skip }) => {
        if (deviations.later) return skip(deviations.later);
        await harness.setRule('later');
        const proposal = await opened();
        for (const _ of ['once', 'twice', 'thrice']) {
          expect(await merge(proposal)).toMatchObject({ proposal: { state: 'open' } });
        }
        const foreign = await push(FROM, { 'app/other.yaml': 'a: 3\n' });
        expect(await settled(() => merge(proposal))).toMatchObject({ kind: 'stale' });
        await harness.fulfilRule();
        expect(await find()).toMatchObject({ proposal: { state: 'open', head: foreign } });
        expect(await headOf('main')).toBe(head);
      });

      it('leaves it to a person where the host does not wait', async () => {
        await harness.setRule('never');
        const proposal = await opened();
        const outcome = await settled(() => merge(proposal));
        expect(outcome.kind).toBe('protected');
        expect('message' in outcome && outcome.message.length).toBeGreaterThan(10);
        expect(await headOf('main')).toBe(head);
        await expectOne('open');
      });

      it('does not merge what a person pushed to the branch', async () => {
        const proposal = await opened();
        await push(FROM, { 'app/other.yaml': 'a: 3\n' });
        expect(await settled(() => merge(proposal))).toMatchObject({ kind: 'stale' });
        expect(await headOf('main')).toBe(head);
        await expectOne('open');
      });

      it(`does not merge what a person pushes to the branch in the very moment${deviations.head ? `, or says that it was merged: ${deviations.head}` : ''}`, async () => {
        const proposal = await opened();
        let foreign = '';
        harness.beforeWrite(async () => {
          foreign = await push(FROM, { 'app/other.yaml': 'a: 3\n' });
        });
        const outcome = await settled(() => merge(proposal));
        expect(outcome).toMatchObject({ kind: 'stale' });
        if (deviations.head) expect(outcome).toMatchObject({ message: expect.stringContaining(foreign.slice(0, 7)) });
        else expect(await headOf('main')).toBe(head);
        await expectOne(deviations.head ? 'merged' : 'open');
      });

      it('merges nothing where a person has closed it or deleted its branch', async () => {
        const proposal = await opened();
        await harness.closeByHand(proposal.number);
        expect(await merge(proposal)).toMatchObject({ proposal: { number: proposal.number, state: 'closed' } });
        await harness.deleteBranch(FROM);
        expect(await merge(proposal)).toMatchObject({ proposal: { number: proposal.number, state: 'closed' } });
        expect(await headOf('main')).toBe(head);
      });

      it('answers as merged what a person merged', async () => {
        const proposal = await opened();
        await harness.mergeByHand(proposal.number);
        expect(await settled(() => merge(proposal))).toMatchObject({
          proposal: { state: 'merged', commit: await headOf('main') },
        });
      });
    });

    describe('cancelMerge', () => {
      /** The host was told to merge it later. */
      const waiting = async () => {
        await harness.setRule('later');
        const proposal = await opened();
        for (const _ of ['once', 'twice', 'thrice']) {
          expect(await merge(proposal)).toMatchObject({ proposal: { state: 'open' } });
        }
        return proposal;
      };
      /** Whatever the host was told to merge is merged by now. */
      const expectNothingMerged = async ({ number, head: at }: Proposal) => {
        await harness.fulfilRule();
        expect(await find()).toMatchObject({ proposal: { number, state: 'open', head: at } });
        expect(await headOf('main')).toBe(head);
        await expectOne('open');
      };

      it('has the host wait no longer, and leaves the proposal to a person', async ({ skip }) => {
        if (deviations.later) return skip(deviations.later);
        const proposal = await waiting();
        for (const _ of ['once', 'twice']) expect(await cancel(proposal)).toEqual({ kind: 'proposal', proposal });
        await expectNothingMerged(proposal);
        expect(await harness.comments(proposal.number)).toEqual([]);
        await harness.mergeByHand(proposal.number);
        await expectOne('merged');
      });

      it('lets it be asked for again', async ({ skip }) => {
        if (deviations.later) return skip(deviations.later);
        const proposal = await waiting();
        expect(await cancel(proposal)).toMatchObject({ proposal: { state: 'open' } });
        for (const _ of ['once', 'twice']) expect(await merge(proposal)).toMatchObject({ proposal: { state: 'open' } });
        await harness.fulfilRule();
        expect(await settled(find)).toMatchObject({ proposal: { state: 'merged' } });
      });

      it('has the host wait no longer when the answer is lost, and can be asked again', async ({ skip }) => {
        if (deviations.later) return skip(deviations.later);
        const proposal = await waiting();
        harness.loseAnswer();
        const first = await cancel(proposal);
        if (first.kind !== 'proposal') expect(first.kind).toBe('unknown');
        expect(await cancel(proposal)).toMatchObject({ proposal: { state: 'open' } });
        await expectNothingMerged(proposal);
      });

      it('does nothing where the host does not wait', async () => {
        const proposal = await opened();
        expect(await cancel(proposal)).toEqual({ kind: 'proposal', proposal });
        await expectOne('open');
        expect(await settled(() => merge(proposal))).toMatchObject({ proposal: { state: 'merged' } });
      });

      it('answers as merged or closed what is', async () => {
        const proposal = await opened();
        await harness.closeByHand(proposal.number);
        expect(await cancel(proposal)).toMatchObject({ proposal: { number: proposal.number, state: 'closed' } });
        const other = proposalBranch(KEY, 2);
        const second = proposalOf(await open({ from: other }));
        await harness.mergeByHand(second.number);
        const outcome = await proposals.cancelMerge(harness.access, { ...second, from: other, into: 'main' });
        expect(outcome).toMatchObject({ proposal: { state: 'merged', commit: await headOf('main') } });
      });

      it('answers noRights, rateLimited and gone, and the host waits on', async () => {
        expect(
          await proposals.cancelMerge(harness.missing, { number: 1, url: '', state: 'open', ...BRANCHES }),
        ).toMatchObject({
          kind: 'gone',
        });
        if (deviations.later) return;
        const proposal = await waiting();
        const wrong = { ...harness.access, tokens: undefined, token: 'wrong-token' };
        for (const access of [...(harness.readOnly ?? []), wrong]) {
          const outcome = await proposals.cancelMerge(access, { ...proposal, ...BRANCHES });
          expect(outcome).toMatchObject({ kind: 'noRights' });
          expect(JSON.stringify(outcome)).not.toContain(access.token);
        }
        harness.limitRate?.();
        if (harness.limitRate) expect(await cancel(proposal)).toMatchObject({ kind: 'rateLimited' });
        await harness.fulfilRule();
        expect(await settled(find)).toMatchObject({ proposal: { state: 'merged' } });
      });
    });

    describe('close', () => {
      const why = 'web is healthy again: "v2" <b>stays</b> & nothing is reverted.';

      it('closes it with a comment and deletes its branch', async () => {
        const proposal = await opened();
        const closed = proposalOf(await close(proposal, why));
        expect(closed).toMatchObject({ number: proposal.number, state: 'closed' });
        expect(closed.head).toBeUndefined();
        await expectOne('closed');
        expect(await harness.comments(proposal.number)).toEqual([why]);
        expect(await headOf(FROM)).toBeUndefined();
        expect(await headOf('main')).toBe(head);
      });

      it('does nothing when asked twice', async () => {
        const proposal = await opened();
        await close(proposal, why);
        expect(await close(proposal, why)).toMatchObject({ proposal: { state: 'closed' } });
        expect(await harness.comments(proposal.number)).toEqual([why]);
        await expectOne('closed');
      });

      it.each([0, 1, 2])('comes to its end after the answer was lost that came after %i others', async (after) => {
        const proposal = await opened();
        harness.loseAnswer(after);
        const first = await close(proposal, why);
        if (first.kind !== 'proposal') expect(first.kind).toBe('unknown');
        expect(await close(proposal, why)).toMatchObject({ proposal: { state: 'closed' } });
        await expectOne('closed');
        expect(await headOf(FROM)).toBeUndefined();
        const said = await harness.comments(proposal.number);
        expect(new Set(said)).toEqual(new Set([why]));
      });

      it('does nothing where a person has closed it', async () => {
        const proposal = await opened();
        await harness.closeByHand(proposal.number);
        expect(await close(proposal, why)).toMatchObject({ proposal: { state: 'closed' } });
        expect(await harness.comments(proposal.number)).toEqual([]);
        expect(await headOf(FROM)).toBe(proposal.head);
      });

      it('leaves what is merged', async () => {
        const proposal = await opened();
        await harness.mergeByHand(proposal.number);
        const merged = await headOf('main');
        expect(await close(proposal, why)).toMatchObject({ proposal: { state: 'merged', commit: merged } });
        expect(await harness.comments(proposal.number)).toEqual([]);
        expect(await headOf('main')).toBe(merged);
        await expectOne('merged');
      });

      it('is closed or merged, and not both, where others have it merged in the very moment', async () => {
        await harness.setRule('atOnce');
        const proposal = await opened();
        await Promise.all([merge(proposal), close(proposal, why)]);
        await expectOne((await headOf('main')) === head ? 'closed' : 'merged');
      });

      it('keeps the branch where a person has pushed to it', async () => {
        const proposal = await opened();
        const foreign = await push(FROM, { 'app/other.yaml': 'a: 3\n' });
        expect(await close(proposal, why)).toMatchObject({ proposal: { state: 'closed', head: foreign } });
        expect(await headOf(FROM)).toBe(foreign);
        await expectOne('closed');
      });
    });

    describe('what does not work', () => {
      const all = (access: ProposalsHarness['access'], proposal: Proposal) => [
        () => proposals.open(access, request()),
        () => proposals.merge(access, { ...proposal, ...BRANCHES }),
        () => proposals.close(access, { ...proposal, ...BRANCHES }, 'why'),
      ];
      const elsewhere: Proposal = { number: 1, url: 'https://example.com/1', state: 'open', head: '1'.repeat(40) };

      it('answers noRights to credentials that may not write, or are not valid', async () => {
        for (const access of [
          ...(harness.readOnly ?? []),
          { ...harness.access, tokens: undefined, token: 'wrong-token' },
        ]) {
          const outcome = await proposals.open(access, request());
          expect(outcome).toMatchObject({ kind: 'noRights' });
          expect(JSON.stringify(outcome)).not.toContain(access.token);
        }
        expect(await harness.seen()).toEqual([]);
        expect(await headOf(FROM)).toBeUndefined();
        const proposal = await opened();
        for (const access of [
          ...(harness.readOnly ?? []),
          { ...harness.access, tokens: undefined, token: 'wrong-token' },
        ]) {
          for (const ask of all(access, proposal).slice(1)) {
            const outcome = await settled(ask);
            expect(outcome).toMatchObject({ kind: 'noRights' });
            expect(JSON.stringify(outcome)).not.toContain(access.token);
          }
        }
        await expectOne('open');
        expect(await harness.comments(proposal.number)).toEqual([]);
        expect(await headOf(FROM)).toBe(proposal.head);
        expect(await headOf('main')).toBe(head);
      });

      it('answers gone when the repository is not there', async () => {
        for (const ask of all(harness.missing, elsewhere)) expect(await ask()).toMatchObject({ kind: 'gone' });
        expect(await proposals.find(harness.missing, BRANCHES)).toMatchObject({ kind: 'gone' });
      });

      it('answers gone when the repository has moved, and does not follow it', async ({ skip }) => {
        if (!harness.move) return skip('it cannot move');
        const proposal = await opened();
        await harness.move();
        for (const ask of all(harness.access, proposal)) expect(await ask()).toMatchObject({ kind: 'gone' });
        expect(await find()).toMatchObject({ kind: 'gone' });
        expect(await headOf('main')).toBe(head);
      });

      it('answers rateLimited, and does it when asked again', async ({ skip }) => {
        if (!harness.limitRate) return skip('no limit can be brought about');
        harness.limitRate();
        const limited = await open();
        expect(limited).toMatchObject({ kind: 'rateLimited', retryAfterSeconds: expect.any(Number) });
        const proposal = await opened();
        harness.limitRate();
        expect(await settled(() => merge(proposal))).toMatchObject({ kind: 'rateLimited' });
        harness.limitRate();
        expect(await close(proposal)).toMatchObject({ kind: 'rateLimited' });
        expect(await close(proposal)).toMatchObject({ proposal: { state: 'closed' } });
      });

      it('lets no token into what it says', async () => {
        const token = String(harness.access.token);
        const said = [await open(), await find()];
        await harness.setRule('never');
        const proposal = await opened();
        said.push(await settled(() => merge(proposal)), await close(proposal));
        said.push(await proposals.find(harness.missing, BRANCHES));
        expect(JSON.stringify([said, await harness.seen(), await harness.comments(proposal.number)])).not.toContain(
          token,
        );
      });
    });
  });
}
