import { describe, expect, it } from 'vitest';
import type { Proposal } from '../../src/git/hosts/host.ts';
import {
  BODY,
  BRANCHES,
  FROM,
  KEY,
  LONGEST,
  MESSAGE,
  type ProposalDeviations,
  type ProposalsHarness,
  proposalOf,
  proposalsStage,
  settled,
  TITLE,
} from './proposals-stage.ts';

/** How proposals are opened and found. */
export function conformsAsOpening(
  name: string,
  start: () => Promise<ProposalsHarness>,
  deviations: ProposalDeviations = {},
) {
  // One harness at a time, also where all else runs at once.
  describe(`opening proposals of ${name}`, { timeout: LONGEST, concurrent: false }, () => {
    const stage = proposalsStage(name, start);
    const { request, open, opened, find, merge, push, headOf, read, expectOne, expectOurCommit } = stage;

    describe('open', () => {
      it('opens one whose branch holds one commit on the expected head, and leaves the target alone', async () => {
        const proposal = await opened();
        expect(proposal).toMatchObject({ state: 'open', head: await headOf(FROM) });
        expect(proposal.commit).toBeUndefined();
        expect(proposal.number).toBeGreaterThan(0);
        expect(proposal.url).toMatch(/^https?:\/\//);
        await expectOurCommit();
        expect((await stage.harness.repository.read(String(proposal.head), 'app/web.yaml'))?.toString()).toBe(
          'image: v1\n',
        );
        expect((await stage.harness.repository.read(String(proposal.head), 'app/other.yaml'))?.toString()).toBe(
          'a: 1\n',
        );
        expect(await headOf('main')).toBe(stage.head);
      });

      it('shows title and body as they are given, and nothing else', async () => {
        const { number } = await opened();
        expect(await stage.harness.seen()).toEqual([{ number, state: 'open', title: TITLE, body: BODY, ...BRANCHES }]);
        expect(await stage.harness.comments(number)).toEqual([]);
      });

      it('opens one on a target that takes changes by proposal only', async () => {
        await stage.harness.protect();
        expect(await opened()).toMatchObject({ state: 'open' });
        expect(await headOf('main')).toBe(stage.head);
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
        stage.harness.beforeWrite(async () => {
          other = await opened();
          await settled(() => merge(other as Proposal));
          await stage.harness.deleteBranch(FROM).catch(() => {});
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
        stage.harness.loseAnswer(after);
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
        expect(await stage.harness.seen()).toEqual([]);
      });

      it('takes a branch with a commit of another key for something else', async () => {
        const other = KEY.replaceAll('c', 'd');
        const theirs = proposalOf(await open({ key: other, message: MESSAGE.replace(KEY, other) }));
        expect(await open()).toMatchObject({ kind: 'protected', message: expect.stringContaining(FROM) });
        expect(await headOf(FROM)).toBe(theirs.head);
        await expectOne('open');
      });

      it('goes on though the target has moved since the answer was lost', async () => {
        stage.harness.loseAnswer();
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
        await stage.harness.closeByHand(number);
        for (const _ of ['once', 'twice']) {
          expect(await open()).toMatchObject({ kind: 'proposal', proposal: { number, state: 'closed' } });
        }
        await stage.harness.deleteBranch(FROM);
        expect(await open()).toMatchObject({ kind: 'proposal', proposal: { number, state: 'closed' } });
        expect(await headOf(FROM)).toBeUndefined();
        await expectOne('closed');
      });

      it('never opens again what was merged', async () => {
        const { number } = await opened();
        await stage.harness.mergeByHand(number);
        expect(await open()).toMatchObject({ kind: 'proposal', proposal: { number, state: 'merged' } });
        await expectOne('merged');
      });

      it('answers gone when the repository or the target is not there', async () => {
        expect(await stage.proposals.open(stage.harness.missing, request())).toMatchObject({ kind: 'gone' });
        expect(await open({ branch: 'release' })).toMatchObject({ kind: 'gone' });
        expect(await stage.harness.seen()).toEqual([]);
      });
    });

    describe('open, with reviewers', () => {
      const people = () => stage.harness.colleagues ?? ['ann', 'bob', 'mallory'];
      const expectAsked = async (number: number, names: readonly string[]) => {
        const asked = await stage.harness.asked?.(number);
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
        stage.harness.loseAnswer(after);
        await open({ reviewers: [one, other] });
        const { number } = proposalOf(await open({ reviewers: [one, other] }));
        await expectAsked(number, [one, other]);
        await expectOne('open');
        await expectOurCommit();
      });
    });

    describe(`open, with labels${deviations.labels ? `, or without them: ${deviations.labels}` : ''}`, () => {
      const LABEL = 'needs-human';
      const openWith = async (...labels: string[]) => {
        const { access, labeller = access } = stage.harness;
        return proposalOf(await stage.proposals.open(labeller, request({ labels })));
      };
      const expectLabelled = async (number: number, ...labels: string[]) => {
        const found = await stage.harness.labels?.(number);
        expect(found).toEqual(deviations.labels ? undefined : labels);
      };

      it('carries its label, once, where no other had it before and where one had', async () => {
        const { number } = await openWith(LABEL);
        await expectLabelled(number, LABEL);
        expect(await openWith(LABEL)).toMatchObject({ number });
        await expectLabelled(number, LABEL);
        await stage.harness.closeByHand(number);
        const from = `${FROM}-2`;
        const { access, labeller = access } = stage.harness;
        const second = proposalOf(await stage.proposals.open(labeller, request({ from, labels: [LABEL] })));
        await expectLabelled(second.number, LABEL);
      });

      it('carries none where none is named', async () => {
        await expectLabelled((await openWith()).number);
      });

      it('is open all the same where the host will not label it, with what it will', async ({ skip }) => {
        const { access, labeller = access, badLabel } = stage.harness;
        if (!badLabel && labeller === access && !deviations.labels) return skip('it labels with whatever there is');
        const labels = badLabel ? [badLabel, LABEL] : [LABEL];
        const { number, state } = proposalOf(await open({ labels }));
        expect(state).toBe('open');
        await expectLabelled(number, ...(badLabel ? [LABEL] : []));
        await expectOne('open');
        await expectOurCommit();
      });

      it.each([0, 1, 2, 3, 4])('is open once the answer was lost that came after %i others', async (after) => {
        const { access, labeller = access } = stage.harness;
        stage.harness.loseAnswer(after);
        await stage.proposals.open(labeller, request({ labels: [LABEL] }));
        const { number } = await openWith(LABEL);
        await expectLabelled(number, LABEL);
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
        expect(
          await stage.proposals.find(stage.harness.access, { from: 'headgate/revert/another', into: 'main' }),
        ).toEqual({
          kind: 'none',
        });
      });

      it('finds the merged one with the commit that brought it', async () => {
        const { number } = await opened();
        await stage.harness.mergeByHand(number);
        const found = proposalOf(await settled(find));
        expect(found).toMatchObject({ number, state: 'merged', commit: await headOf('main') });
        expect(await read('app/web.yaml')).toBe('image: v1\n');
      });

      it('finds the one that a person closed, and leaves it so', async () => {
        const { number, head: at } = await opened();
        await stage.harness.closeByHand(number);
        const found = proposalOf(await find());
        expect(found).toMatchObject({ number, state: 'closed', head: at });
        expect(found.commit).toBeUndefined();
        await expectOne('closed');
      });

      it('names no head where the branch is gone', async () => {
        const { number } = await opened();
        await stage.harness.closeByHand(number);
        await stage.harness.deleteBranch(FROM);
        const found = proposalOf(await find());
        expect(found).toMatchObject({ number, state: 'closed' });
        expect(found.head).toBeUndefined();
      });
    });
  });
}
