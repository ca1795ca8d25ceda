import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RevertCaution, RevertPolicySpec } from '../api/index.ts';
import { type Gate, type GateFacts, gate } from './gates.ts';
import { APPROVABLE } from './rules.ts';
import type { Policy } from './select.ts';

const NOW = Date.parse('2026-11-20T12:00:00Z');
const MINUTE = 60_000;
const GIT = { host: 'git', url: 'https://host/team/shop.git', branch: 'main' } as const;
const GITHUB = { host: 'github', url: 'https://github.com/team/shop', branch: 'main' } as const;

const policy = (part: Partial<RevertPolicySpec> = {}): Policy => ({
  name: 'shop',
  spec: { namespaces: ['shop'], repository: GITHUB, mode: 'Direct', ...part },
  repository: 'https://github.com/team/shop',
});
const FACTS: GateFacts = {
  cause: { kind: 'analysis', phase: 'Failed' },
  failedAt: NOW - MINUTE,
  learnt: 'GitSource',
  now: NOW,
  writtenToday: { Direct: 0, PullRequest: 0 },
  isSkipped: false,
  isApproved: false,
  autoRevert: undefined,
  paused: undefined,
  cautions: [],
  revertedBefore: undefined,
  stableProblem: undefined,
  failures: [],
};
const ask = (facts: Partial<GateFacts>, part: Partial<RevertPolicySpec> = {}): Gate =>
  gate(policy(part), { ...FACTS, ...facts });

const SENSITIVE: RevertCaution = {
  reason: 'Sensitive',
  most: 'PullRequest',
  personMerges: true,
  message: 'also touches db/1.sql',
};
const BOT: RevertCaution = { reason: 'ImageAutomation', most: 'PullRequest', personMerges: true, message: 'a bot' };
const FILE: RevertCaution = { reason: 'OptedOut', most: 'DryRun', message: '.headgate.yaml says dry-run' };
/** As many Rollouts, each by its own commit, a minute apart, the last at `end`. */
const many = (count: number, end = NOW - MINUTE) =>
  Array.from({ length: count }, (_, at) => ({ rollout: `r${at}`, culprit: `c${at}`, at: end - at * MINUTE }));

describe("a Rollout's own word", () => {
  it.each([
    ['disable', { kind: 'skip', reason: 'OptedOut', message: expect.stringContaining('headgate.dev/auto-revert') }],
    ['dry-run', { kind: 'open', mode: 'DryRun', reason: 'OptedOut' }],
    ['pull-request', { kind: 'open', mode: 'PullRequest', reason: 'OptedOut' }],
    ['Disabled', { kind: 'skip', reason: 'OptedOut', message: expect.stringContaining('known are disable, dry-run') }],
    ['', { kind: 'skip', reason: 'OptedOut' }],
  ])('%j', (autoRevert, expected) => {
    expect(ask({ autoRevert })).toMatchObject(expected);
    expect(ask({ autoRevert, isApproved: true })).toMatchObject(expected);
  });

  it('makes nothing more of a policy than it allows', () => {
    expect(ask({ autoRevert: 'pull-request' }, { mode: 'DryRun' })).toEqual({ kind: 'open', mode: 'DryRun' });
    expect(ask({ autoRevert: 'dry-run' }, { mode: 'Off' })).toMatchObject({ reason: 'RevertPolicyOff' });
    expect(ask({ autoRevert: 'pull-request' }, { repository: GIT })).toMatchObject({
      kind: 'person',
      reason: 'OptedOut',
      message: expect.stringContaining('host git knows none'),
    });
  });
});

it('asks nobody to approve what is approved', () => {
  const facts = { learnt: 'annotations', isApproved: true } as const;
  const answer = ask(facts, { repository: GIT });
  expect(answer).toMatchObject({ kind: 'person', reason: 'ProvenanceByHand' });
  expect(answer).not.toMatchObject({ message: expect.stringContaining('revert approve') });
});

describe('what was found in Git', () => {
  it('makes a pull request that a person merges of a commit', () => {
    const expected = { kind: 'open', mode: 'PullRequest', personMerges: true, reason: 'Sensitive' };
    expect(ask({ cautions: [SENSITIVE] })).toMatchObject(expected);
    expect(ask({ cautions: [SENSITIVE] }, { mode: 'PullRequest' })).toMatchObject(expected);
    expect(ask({ cautions: [SENSITIVE, BOT] })).toMatchObject({
      message: expect.stringMatching(/db\/1\.sql; a bot/),
    });
  });

  it('is told by what a person cannot approve, where there is such', () => {
    const file: RevertCaution = { reason: 'OptedOut', most: 'PullRequest', message: 'a file' };
    expect(ask({ cautions: [SENSITIVE, BOT] })).toMatchObject({ reason: 'ImageAutomation' });
    expect(ask({ cautions: [file, SENSITIVE] })).toMatchObject({ reason: 'Sensitive', personMerges: true });
    expect(ask({ cautions: [SENSITIVE, file] }, { repository: GIT })).toMatchObject({ reason: 'OptedOut' });
  });

  it('is the strictest where several say something', () => {
    expect(ask({ cautions: [SENSITIVE, FILE] })).toMatchObject({ kind: 'open', mode: 'DryRun' });
  });

  it('is for a person where the host cannot propose', () => {
    const direct = { repository: GIT };
    expect(ask({ cautions: [SENSITIVE] }, direct)).toMatchObject({
      kind: 'person',
      reason: 'Sensitive',
      message: expect.stringContaining('headgate revert approve'),
    });
    expect(ask({ cautions: [BOT] }, direct)).toMatchObject({ kind: 'person', reason: 'ImageAutomation' });
  });

  it('gives way to a person only where it asks for one', () => {
    expect(ask({ cautions: [SENSITIVE], isApproved: true })).toEqual({ kind: 'open', mode: 'Direct' });
    expect(ask({ cautions: [SENSITIVE, BOT], isApproved: true })).toMatchObject({ reason: 'ImageAutomation' });
    expect(ask({ cautions: [FILE], isApproved: true })).toMatchObject({ mode: 'DryRun' });
  });
});

describe('the kill switch', () => {
  const paused = 'an administrator paused all reverts';

  it('has every write wait, without an end, whatever a person approved', () => {
    for (const mode of ['Direct', 'PullRequest'] as const)
      for (const isApproved of [false, true]) {
        const answer = ask({ paused, isApproved, learnt: 'annotations' }, { mode });
        expect(answer).toEqual({ kind: 'wait', until: undefined, reason: 'Paused', message: paused });
      }
  });

  it('leaves be what writes nothing', () => {
    expect(ask({ paused }, { mode: 'DryRun' })).toEqual({ kind: 'open', mode: 'DryRun' });
    expect(ask({ paused, isSkipped: true })).toMatchObject({ kind: 'skip', withdraw: true });
  });
});

describe('the breaker', () => {
  it('has everything wait for half an hour after the last of too many failures', () => {
    const last = NOW - MINUTE;
    const answer = ask({ failures: many(5) });
    expect(answer).toMatchObject({ kind: 'wait', until: last + 30 * MINUTE, reason: 'BreakerOpen' });
    expect(answer).toHaveProperty(
      'message',
      'message' in answer && expect.stringMatching(/^5 Rollouts failed within 10 minutes.*2026-11-20T12:29:00Z/),
    );
    expect(ask({ failures: many(4) })).toEqual({ kind: 'open', mode: 'Direct' });
  });

  it('is as the policy says', () => {
    const breaker = { failures: 2, withinMinutes: 1 };
    expect(ask({ failures: many(5) }, { breaker })).toMatchObject({ kind: 'open', mode: 'Direct' });
    expect(ask({ failures: many(2) }, { breaker: { failures: 2 } })).toMatchObject({ reason: 'BreakerOpen' });
  });

  it('proposes afterwards, for a person to merge, what failed then', () => {
    const failures = many(5);
    const later = { failures, now: NOW + 29 * MINUTE };
    expect(ask(later)).toMatchObject({ mode: 'PullRequest', personMerges: true, reason: 'BreakerOpen' });
    expect(ask(later, { repository: GIT })).toMatchObject({ kind: 'person', reason: 'BreakerOpen' });
    expect(ask({ ...later, failedAt: NOW + 29 * MINUTE })).toEqual({ kind: 'open', mode: 'Direct' });
    expect(ask({ ...later, failedAt: NOW - 60 * MINUTE })).toEqual({ kind: 'open', mode: 'Direct' });
  });

  it('gives way to a person', () => {
    expect(ask({ failures: many(9), isApproved: true })).toEqual({ kind: 'open', mode: 'Direct' });
  });
});

describe('a person is asked once more', () => {
  const revertedBefore = { name: 'revert-1', culprit: 'c'.repeat(40) };

  it('where the same template failed again within a day', () => {
    for (const mode of ['Direct', 'PullRequest'] as const) {
      expect(ask({ revertedBefore }, { mode })).toMatchObject({
        kind: 'person',
        reason: 'FailedAgain',
        message: expect.stringMatching(/GitRevert revert-1 .*as commit ccccccc.*headgate revert approve/),
      });
    }
    expect(ask({ revertedBefore, isApproved: true })).toMatchObject({ kind: 'open', mode: 'Direct' });
    expect(ask({ revertedBefore }, { mode: 'DryRun' })).toMatchObject({ kind: 'open', mode: 'DryRun' });
  });

  it('and lets a spent budget pass, and a proposal of what was written down by hand', () => {
    const writtenToday = { Direct: 99, PullRequest: 99 };
    expect(ask({ writtenToday })).toMatchObject({ reason: 'BudgetExhausted' });
    expect(ask({ writtenToday, isApproved: true })).toMatchObject({ kind: 'open', mode: 'Direct' });
    const byHand = { learnt: 'annotations', isApproved: true } as const;
    expect(ask(byHand)).toMatchObject({ kind: 'open', mode: 'PullRequest', reason: 'ProvenanceByHand' });
    expect(ask(byHand, { repository: GIT })).toMatchObject({ kind: 'person', reason: 'ProvenanceByHand' });
  });
});

const anyFacts = fc.record<GateFacts>({
  cause: fc.constantFrom({ kind: 'analysis', phase: 'Failed' }, { kind: 'analysis', phase: 'Error' }, { kind: 'user' }),
  failedAt: fc.integer({ min: NOW - 60 * MINUTE, max: NOW }),
  learnt: fc.constantFrom('GitSource', 'annotations'),
  now: fc.constant(NOW),
  writtenToday: fc.record({ Direct: fc.constantFrom(0, 4), PullRequest: fc.constantFrom(0, 10) }),
  isSkipped: fc.boolean(),
  isApproved: fc.boolean(),
  autoRevert: fc.constantFrom(undefined, undefined, 'disable', 'dry-run', 'pull-request', 'x'),
  paused: fc.constantFrom(undefined, 'paused'),
  cautions: fc.subarray([SENSITIVE, BOT, FILE]),
  revertedBefore: fc.constantFrom(undefined, { name: 'revert-1', culprit: 'c' }),
  stableProblem: fc.constantFrom(undefined, undefined, 'no pod'),
  failures: fc.constantFrom([], many(5), many(5, NOW - 45 * MINUTE)),
});
const anyPolicy = fc
  .record({
    mode: fc.constantFrom('Direct', 'PullRequest', 'DryRun', 'Off', undefined),
    repository: fc.constantFrom(GIT, GITHUB),
  })
  .map((part) => policy(part as Partial<RevertPolicySpec>));

it('waits for what would be gone back to, unless a person knows better or nothing is to be written', () => {
  const stableProblem = 'ReplicaSet web-aaa, which is stable, has no available pod of 3';
  expect(ask({ stableProblem })).toMatchObject({
    ...{ kind: 'wait', reason: 'StableNotServing', until: NOW + 30_000 },
    message: expect.stringContaining('no available pod of 3: what the revert would restore does not serve'),
  });
  expect(ask({ stableProblem, isApproved: true })).toEqual({ kind: 'open', mode: 'Direct' });
  expect(ask({ stableProblem }, { mode: 'DryRun' })).toEqual({ kind: 'open', mode: 'DryRun' });
});

describe('whatever holds', () => {
  const rank = (mode: string | undefined) => ['Direct', 'PullRequest', 'DryRun', 'Off'].indexOf(mode ?? 'PullRequest');

  it('nothing more is done than the policy, the Rollout, Git and the kill switch allow', () => {
    fc.assert(
      fc.property(anyPolicy, anyFacts, (one, facts) => {
        const answer = gate(one, facts);
        if (answer.kind !== 'open') return;
        expect(rank(answer.mode)).toBeGreaterThanOrEqual(rank(one.spec.mode));
        if (facts.autoRevert === 'dry-run' || facts.cautions.includes(FILE)) expect(answer.mode).toBe('DryRun');
        if (facts.cautions.includes(BOT)) expect(answer).not.toMatchObject({ mode: 'Direct' });
        if (facts.paused !== undefined) expect(answer.mode).toBe('DryRun');
        expect([undefined, 'dry-run', 'pull-request']).toContain(facts.autoRevert);
      }),
    );
  });

  it("a person's word makes it no stricter, and lifts only what asks for it", () => {
    const weight = (answer: Gate) => (answer.kind === 'open' ? rank(answer.mode) + (answer.personMerges ? 0.5 : 0) : 9);
    fc.assert(
      fc.property(anyPolicy, anyFacts, (one, facts) => {
        const [without, given] = [false, true].map((isApproved) => gate(one, { ...facts, isApproved })) as [Gate, Gate];
        expect(weight(given)).toBeLessThanOrEqual(weight(without));
        const isLifted = without.kind !== given.kind || weight(without) !== weight(given);
        if (isLifted) expect(APPROVABLE).toContain('reason' in without ? without.reason : undefined);
      }),
    );
  });
});
