import { describe, expect, it } from 'vitest';
import { type Proposal, proposalBranch } from '../../src/git/hosts/host.ts';
import {
  BRANCHES,
  FROM,
  KEY,
  LONGEST,
  type ProposalDeviations,
  type ProposalsHarness,
  proposalOf,
  proposalsStage,
  settled,
} from './proposals-stage.ts';

/** How proposals are merged, closed, and refused. */
export function conformsAsEnding(
  name: string,
  start: () => Promise<ProposalsHarness>,
  deviations: ProposalDeviations = {},
) {
  // One harness at a time, also where all else runs at once.
  describe(`ending proposals of ${name}`, { timeout: LONGEST, concurrent: false }, () => {
    const stage = proposalsStage(name, start);
    const { request, open, opened, find, merge, cancel, close, push, headOf, read, expectOne } = stage;

    describe('merge', () => {
      it('merges at once where nothing is missing, also where no one may push', async () => {
        await stage.harness.setRule('atOnce');
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
        stage.harness.loseAnswer();
        const outcome = await settled(() => merge(proposal));
        if (outcome.kind !== 'proposal') expect(['unknown', 'stale']).toContain(outcome.kind);
        const again = proposalOf(await settled(() => merge(proposal)));
        expect(again).toMatchObject({ state: 'merged', commit: await headOf('main') });
      });

      it('merges where the target has moved without a conflict', async () => {
        await stage.harness.setRule('atOnce');
        const proposal = await opened();
        const moved = await push('main', { 'app/other.yaml': 'a: 2\n' });
        expect(await settled(() => merge(proposal))).toMatchObject({ proposal: { state: 'merged' } });
        expect(await read('app/web.yaml')).toBe('image: v1\n');
        expect(await read('app/other.yaml')).toBe('a: 2\n');
        expect((await stage.harness.repository.log()).map(({ id }) => id)).toContain(moved);
      });

      it('merges where the target moves in the very moment', async () => {
        const proposal = await opened();
        stage.harness.beforeWrite(async () => {
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
        await stage.harness.setRule('later');
        const proposal = await opened();
        if (deviations.later) {
          expect(await settled(() => merge(proposal))).toMatchObject({ kind: 'protected' });
          expect(await headOf('main')).toBe(stage.head);
          return;
        }
        for (const _ of ['once', 'twice']) {
          expect(await merge(proposal)).toMatchObject({ proposal: { number: proposal.number, state: 'open' } });
        }
        expect(await headOf('main')).toBe(stage.head);
        await stage.harness.fulfilRule();
        const found = proposalOf(await settled(find));
        expect(found).toMatchObject({ number: proposal.number, state: 'merged', commit: await headOf('main') });
        expect(await read('app/web.yaml')).toBe('image: v1\n');
      });

      it('no longer waits once a person pushed to the branch and it is asked again', async ({ skip }) => {
        if (deviations.later) return skip(deviations.later);
        await stage.harness.setRule('later');
        const proposal = await opened();
        for (const _ of ['once', 'twice', 'thrice']) {
          expect(await merge(proposal)).toMatchObject({ proposal: { state: 'open' } });
        }
        const foreign = await push(FROM, { 'app/other.yaml': 'a: 3\n' });
        expect(await settled(() => merge(proposal))).toMatchObject({ kind: 'stale' });
        await stage.harness.fulfilRule();
        expect(await find()).toMatchObject({ proposal: { state: 'open', head: foreign } });
        expect(await headOf('main')).toBe(stage.head);
      });

      it('leaves it to a person where the host does not wait', async () => {
        await stage.harness.setRule('never');
        const proposal = await opened();
        const outcome = await settled(() => merge(proposal));
        expect(outcome.kind).toBe('protected');
        expect('message' in outcome && outcome.message.length).toBeGreaterThan(10);
        expect(await headOf('main')).toBe(stage.head);
        await expectOne('open');
      });

      it('does not merge what a person pushed to the branch', async () => {
        const proposal = await opened();
        await push(FROM, { 'app/other.yaml': 'a: 3\n' });
        expect(await settled(() => merge(proposal))).toMatchObject({ kind: 'stale' });
        expect(await headOf('main')).toBe(stage.head);
        await expectOne('open');
      });

      it(`does not merge what a person pushes to the branch in the very moment${deviations.head ? `, or says that it was merged: ${deviations.head}` : ''}`, async () => {
        const proposal = await opened();
        let foreign = '';
        stage.harness.beforeWrite(async () => {
          foreign = await push(FROM, { 'app/other.yaml': 'a: 3\n' });
        });
        const outcome = await settled(() => merge(proposal));
        expect(outcome).toMatchObject({ kind: 'stale' });
        if (deviations.head) expect(outcome).toMatchObject({ message: expect.stringContaining(foreign.slice(0, 7)) });
        else expect(await headOf('main')).toBe(stage.head);
        await expectOne(deviations.head ? 'merged' : 'open');
      });

      it('merges nothing where a person has closed it or deleted its branch', async () => {
        const proposal = await opened();
        await stage.harness.closeByHand(proposal.number);
        expect(await merge(proposal)).toMatchObject({ proposal: { number: proposal.number, state: 'closed' } });
        await stage.harness.deleteBranch(FROM);
        expect(await merge(proposal)).toMatchObject({ proposal: { number: proposal.number, state: 'closed' } });
        expect(await headOf('main')).toBe(stage.head);
      });

      it('answers as merged what a person merged', async () => {
        const proposal = await opened();
        await stage.harness.mergeByHand(proposal.number);
        expect(await settled(() => merge(proposal))).toMatchObject({
          proposal: { state: 'merged', commit: await headOf('main') },
        });
      });
    });

    describe('cancelMerge', () => {
      /** The host was told to merge it later. */
      const waiting = async () => {
        await stage.harness.setRule('later');
        const proposal = await opened();
        for (const _ of ['once', 'twice', 'thrice']) {
          expect(await merge(proposal)).toMatchObject({ proposal: { state: 'open' } });
        }
        return proposal;
      };
      /** Whatever the host was told to merge is merged by now. */
      const expectNothingMerged = async ({ number, head: at }: Proposal) => {
        await stage.harness.fulfilRule();
        expect(await find()).toMatchObject({ proposal: { number, state: 'open', head: at } });
        expect(await headOf('main')).toBe(stage.head);
        await expectOne('open');
      };

      it('has the host wait no longer, and leaves the proposal to a person', async ({ skip }) => {
        if (deviations.later) return skip(deviations.later);
        const proposal = await waiting();
        for (const _ of ['once', 'twice']) expect(await cancel(proposal)).toEqual({ kind: 'proposal', proposal });
        await expectNothingMerged(proposal);
        expect(await stage.harness.comments(proposal.number)).toEqual([]);
        await stage.harness.mergeByHand(proposal.number);
        await expectOne('merged');
      });

      it('lets it be asked for again', async ({ skip }) => {
        if (deviations.later) return skip(deviations.later);
        const proposal = await waiting();
        expect(await cancel(proposal)).toMatchObject({ proposal: { state: 'open' } });
        for (const _ of ['once', 'twice']) expect(await merge(proposal)).toMatchObject({ proposal: { state: 'open' } });
        await stage.harness.fulfilRule();
        expect(await settled(find)).toMatchObject({ proposal: { state: 'merged' } });
      });

      it('has the host wait no longer when the answer is lost, and can be asked again', async ({ skip }) => {
        if (deviations.later) return skip(deviations.later);
        const proposal = await waiting();
        stage.harness.loseAnswer();
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
        await stage.harness.closeByHand(proposal.number);
        expect(await cancel(proposal)).toMatchObject({ proposal: { number: proposal.number, state: 'closed' } });
        const other = proposalBranch(KEY, 2);
        const second = proposalOf(await open({ from: other }));
        await stage.harness.mergeByHand(second.number);
        const outcome = await stage.proposals.cancelMerge(stage.harness.access, {
          ...second,
          from: other,
          into: 'main',
        });
        expect(outcome).toMatchObject({ proposal: { state: 'merged', commit: await headOf('main') } });
      });

      it('answers noRights, rateLimited and gone, and the host waits on', async () => {
        expect(
          await stage.proposals.cancelMerge(stage.harness.missing, { number: 1, url: '', state: 'open', ...BRANCHES }),
        ).toMatchObject({
          kind: 'gone',
        });
        if (deviations.later) return;
        const proposal = await waiting();
        const wrong = { ...stage.harness.access, tokens: undefined, token: 'wrong-token' };
        for (const access of [...(stage.harness.readOnly ?? []), wrong]) {
          const outcome = await stage.proposals.cancelMerge(access, { ...proposal, ...BRANCHES });
          expect(outcome).toMatchObject({ kind: 'noRights' });
          expect(JSON.stringify(outcome)).not.toContain(access.token);
        }
        stage.harness.limitRate?.();
        if (stage.harness.limitRate) expect(await cancel(proposal)).toMatchObject({ kind: 'rateLimited' });
        await stage.harness.fulfilRule();
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
        expect(await stage.harness.comments(proposal.number)).toEqual([why]);
        expect(await headOf(FROM)).toBeUndefined();
        expect(await headOf('main')).toBe(stage.head);
      });

      it('does nothing when asked twice', async () => {
        const proposal = await opened();
        await close(proposal, why);
        expect(await close(proposal, why)).toMatchObject({ proposal: { state: 'closed' } });
        expect(await stage.harness.comments(proposal.number)).toEqual([why]);
        await expectOne('closed');
      });

      it.each([0, 1, 2])('comes to its end after the answer was lost that came after %i others', async (after) => {
        const proposal = await opened();
        stage.harness.loseAnswer(after);
        const first = await close(proposal, why);
        if (first.kind !== 'proposal') expect(first.kind).toBe('unknown');
        expect(await close(proposal, why)).toMatchObject({ proposal: { state: 'closed' } });
        await expectOne('closed');
        expect(await headOf(FROM)).toBeUndefined();
        const said = await stage.harness.comments(proposal.number);
        expect(new Set(said)).toEqual(new Set([why]));
      });

      it('does nothing where a person has closed it', async () => {
        const proposal = await opened();
        await stage.harness.closeByHand(proposal.number);
        expect(await close(proposal, why)).toMatchObject({ proposal: { state: 'closed' } });
        expect(await stage.harness.comments(proposal.number)).toEqual([]);
        expect(await headOf(FROM)).toBe(proposal.head);
      });

      it('leaves what is merged', async () => {
        const proposal = await opened();
        await stage.harness.mergeByHand(proposal.number);
        const merged = await headOf('main');
        expect(await close(proposal, why)).toMatchObject({ proposal: { state: 'merged', commit: merged } });
        expect(await stage.harness.comments(proposal.number)).toEqual([]);
        expect(await headOf('main')).toBe(merged);
        await expectOne('merged');
      });

      it('is closed or merged, and not both, where others have it merged in the very moment', async () => {
        await stage.harness.setRule('atOnce');
        const proposal = await opened();
        const [answer] = await Promise.all([merge(proposal), close(proposal, why)]);
        const state = (await headOf('main')) === stage.head ? 'closed' : 'merged';
        const hasEnded = answer.kind === 'proposal' && answer.proposal.state !== 'open';
        if (hasEnded) expect(answer.proposal.state).toBe(state);
        if (state === 'closed' || !deviations.together) await expectOne(state);
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
        () => stage.proposals.open(access, request()),
        () => stage.proposals.merge(access, { ...proposal, ...BRANCHES }),
        () => stage.proposals.close(access, { ...proposal, ...BRANCHES }, 'why'),
      ];
      const elsewhere: Proposal = { number: 1, url: 'https://example.com/1', state: 'open', head: '1'.repeat(40) };

      it('answers noRights to credentials that may not write, or are not valid', async () => {
        for (const access of [
          ...(stage.harness.readOnly ?? []),
          { ...stage.harness.access, tokens: undefined, token: 'wrong-token' },
        ]) {
          const outcome = await stage.proposals.open(access, request());
          expect(outcome).toMatchObject({ kind: 'noRights' });
          expect(JSON.stringify(outcome)).not.toContain(access.token);
        }
        expect(await stage.harness.seen()).toEqual([]);
        expect(await headOf(FROM)).toBeUndefined();
        const proposal = await opened();
        for (const access of [
          ...(stage.harness.readOnly ?? []),
          { ...stage.harness.access, tokens: undefined, token: 'wrong-token' },
        ]) {
          for (const ask of all(access, proposal).slice(1)) {
            const outcome = await settled(ask);
            expect(outcome).toMatchObject({ kind: 'noRights' });
            expect(JSON.stringify(outcome)).not.toContain(access.token);
          }
        }
        await expectOne('open');
        expect(await stage.harness.comments(proposal.number)).toEqual([]);
        expect(await headOf(FROM)).toBe(proposal.head);
        expect(await headOf('main')).toBe(stage.head);
      });

      it('answers gone when the repository is not there', async () => {
        for (const ask of all(stage.harness.missing, elsewhere)) expect(await ask()).toMatchObject({ kind: 'gone' });
        expect(await stage.proposals.find(stage.harness.missing, BRANCHES)).toMatchObject({ kind: 'gone' });
      });

      it('answers gone when the repository has moved, and does not follow it', async ({ skip }) => {
        if (!stage.harness.move) return skip('it cannot move');
        const proposal = await opened();
        await stage.harness.move();
        for (const ask of all(stage.harness.access, proposal)) expect(await ask()).toMatchObject({ kind: 'gone' });
        expect(await find()).toMatchObject({ kind: 'gone' });
        expect(await headOf('main')).toBe(stage.head);
      });

      it('answers rateLimited, and does it when asked again', async ({ skip }) => {
        if (!stage.harness.limitRate) return skip('no limit can be brought about');
        stage.harness.limitRate();
        const limited = await open();
        expect(limited).toMatchObject({ kind: 'rateLimited', retryAfterSeconds: expect.any(Number) });
        const proposal = await opened();
        stage.harness.limitRate();
        expect(await settled(() => merge(proposal))).toMatchObject({ kind: 'rateLimited' });
        stage.harness.limitRate();
        expect(await close(proposal)).toMatchObject({ kind: 'rateLimited' });
        expect(await close(proposal)).toMatchObject({ proposal: { state: 'closed' } });
      });

      it('lets no token into what it says', async () => {
        const token = String(stage.harness.access.token);
        const said = [await open(), await find()];
        await stage.harness.setRule('never');
        const proposal = await opened();
        said.push(await settled(() => merge(proposal)), await close(proposal));
        said.push(await stage.proposals.find(stage.harness.missing, BRANCHES));
        expect(
          JSON.stringify([said, await stage.harness.seen(), await stage.harness.comments(proposal.number)]),
        ).not.toContain(token);
      });
    });
  });
}
