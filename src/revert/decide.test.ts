import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { revertStates } from '../api/git-revert.ts';
import type { GitRevertState, GitRevertStatus } from '../api/index.ts';
import { decide, derive, isFinal } from './decide.ts';
import type { Gate } from './gates.ts';
import { MOST_ATTEMPTS } from './machine-setup.ts';
import type { ProposedResult, Seen, Work } from './observation.ts';

const NOW = Date.parse('2026-11-20T12:00:00Z');
const OPEN: Gate = { kind: 'open', mode: 'Direct' };
const PROPOSE: Gate = { kind: 'open', mode: 'PullRequest' };
const HEAD = 'a'.repeat(40);
const COMMIT = 'b'.repeat(40);
const plan = { expectedHead: HEAD, tree: 'c'.repeat(40), patchDigest: 'd', files: ['app/a.yaml'] };
const persistedPlan = { ...plan, attempt: 1, plannedAt: '2026-11-20T11:59:00.000Z' };

const seen = (part: Partial<Seen> = {}): Seen => ({
  now: NOW,
  status: undefined,
  gate: OPEN,
  observed: false,
  busy: false,
  ...part,
});
const at = (state: GitRevertState, part: Partial<GitRevertStatus> = {}): GitRevertStatus => ({
  state,
  plan: persistedPlan,
  ...part,
});

const failed = { kind: 'failed', reason: 'RepositoryUnreachable', message: 'down', retryAfterSeconds: 30 } as const;
const told = { reason: 'Why', message: 'because' };
const proposal = { branch: 'headgate/revert/1', number: 7, url: 'https://host/7', head: COMMIT };
const PROPOSED: ProposedResult[] = [
  { kind: 'open', proposal },
  { kind: 'merged', proposal, commit: COMMIT },
  { kind: 'closed', proposal },
];
const WORKS: Work[] = [
  { effect: 'plan', result: { kind: 'planned', ...plan } },
  { effect: 'plan', result: { kind: 'gone', commit: COMMIT, message: 'gone' } },
  { effect: 'plan', result: { kind: 'skipped', ...told } },
  { effect: 'plan', result: { kind: 'needsHuman', ...told } },
  { effect: 'plan', result: { kind: 'superseded', ...told } },
  { effect: 'plan', result: failed },
  { effect: 'prove', result: { kind: 'proved' } },
  { effect: 'prove', result: { kind: 'moved' } },
  { effect: 'prove', result: { kind: 'skipped', ...told } },
  { effect: 'prove', result: { kind: 'needsHuman', ...told } },
  { effect: 'prove', result: { kind: 'needsHuman', ...told, diff: 'd', mayPropose: true } },
  { effect: 'prove', result: { kind: 'proved', diff: 'd' } },
  { effect: 'prove', result: failed },
  { effect: 'look', result: { kind: 'clear' } },
  { effect: 'look', result: { kind: 'found', commit: COMMIT, message: 'found' } },
  { effect: 'look', result: { kind: 'moved' } },
  { effect: 'look', result: { kind: 'needsHuman', ...told } },
  { effect: 'look', result: failed },
  { effect: 'write', result: { kind: 'written', commit: COMMIT } },
  ...(['stale', 'protected', 'noRights', 'gone', 'unknown'] as const).map(
    (kind): Work => ({ effect: 'write', result: { kind, message: 'said' } }),
  ),
  { effect: 'write', result: { kind: 'rateLimited', message: 'slow', retryAfterSeconds: 7 } },
  { effect: 'write', result: { kind: 'withheld' } },
  { effect: 'write', result: { kind: 'protected', message: 'said', mayPropose: true } },
  ...(['stale', 'protected', 'noRights', 'gone', 'unknown'] as const).map(
    (kind): Work => ({ effect: 'propose', result: { kind, message: 'said' } }),
  ),
  { effect: 'propose', result: { kind: 'withheld' } },
  ...(['look', 'propose', 'watch', 'cancelMerge', 'withdraw'] as const).flatMap((effect) =>
    PROPOSED.map((result): Work => ({ effect, result })),
  ),
  { effect: 'watch', result: { kind: 'found', commit: COMMIT, message: 'found' } },
  ...(['watch', 'cancelMerge', 'withdraw'] as const).flatMap((effect): Work[] => [
    { effect, result: { kind: 'lost', message: 'lost' } },
    { effect, result: failed },
  ]),
];
const GATES: Gate[] = [
  OPEN,
  PROPOSE,
  { kind: 'open', mode: 'DryRun' },
  { kind: 'skip', reason: 'RevertPolicyOff', message: 'off' },
  { kind: 'skip', reason: 'SkippedByPerson', message: 'asked', withdraw: true },
  { kind: 'person', reason: 'BudgetExhausted', message: 'spent' },
  { kind: 'wait', until: NOW + 60_000, reason: 'Frozen', message: 'frozen' },
];
const STATUSES: (GitRevertStatus | undefined)[] = [
  undefined,
  ...revertStates.map((state) => at(state)),
  at('writing', { way: 'Direct' }),
  at('writing', { way: 'PullRequest' }),
  at('proposed', { way: 'PullRequest', proposal }),
  at('proposed', { way: 'PullRequest', proposal: { ...proposal, autoMerge: true } }),
  ...(['planned', 'writing'] as const).map((state) =>
    at(state, { plan: { ...persistedPlan, attempt: MOST_ATTEMPTS } }),
  ),
];

/** Every observation that differs in anything the machine looks at; a person's word counts in one state only. */
function* everything(): Generator<Seen> {
  for (const gate of GATES)
    for (const reason of ['BudgetExhausted', 'Conflict'])
      for (const superseded of [undefined, 'retried'])
        yield seen({ status: at('needsHuman', { reason }), gate, superseded, approved: true });
  for (const status of STATUSES)
    for (const gate of GATES)
      for (const work of [undefined, ...WORKS])
        for (const superseded of [undefined, 'retried'])
          for (const observed of [false, true])
            for (const busy of [false, true])
              for (const notBefore of [undefined, NOW + 5_000])
                yield seen({ status, gate, hasPolicy: true, work, superseded, observed, busy, notBefore });
}

describe('the way of a revert', () => {
  it('goes from plan to done, one persisted state at a time', () => {
    let status: GitRevertStatus | undefined;
    const story: string[] = [];
    const pass = (part: Partial<Seen> = {}) => {
      const decision = decide(seen({ status, ...part }));
      status = decision.status;
      story.push(decision.effect ? `${decision.state}: ${decision.effect}` : decision.state);
    };
    pass();
    pass({ work: { effect: 'plan', result: { kind: 'planned', ...plan } } });
    pass({ work: { effect: 'prove', result: { kind: 'proved' } } });
    pass();
    pass({ work: { effect: 'look', result: { kind: 'clear' } } });
    pass({ work: { effect: 'write', result: { kind: 'written', commit: COMMIT, url: 'https://host/c' } } });
    pass();
    pass({ observed: true });
    pass();
    expect(story).toEqual([
      'pending: plan',
      'planned: prove',
      'verified',
      'writing: look',
      'writing: write',
      'landed',
      'landed',
      'observed',
      'done',
    ]);
    expect(status).toMatchObject({
      state: 'done',
      commit: COMMIT,
      url: 'https://host/c',
      plan: { attempt: 1, expectedHead: HEAD },
    });
    expect(status?.conditions).toMatchObject([
      { type: 'Ready', status: 'True' },
      { type: 'Stalled', status: 'False' },
    ]);
  });

  it('looks again after an answer that did not come, after a rest', () => {
    const lost = decide(
      seen({ status: at('writing'), work: { effect: 'write', result: { kind: 'unknown', message: 'cut' } } }),
    );
    expect(lost).toMatchObject({
      state: 'writing',
      effect: undefined,
      lookAgainAt: NOW + 10_000,
      status: { reason: 'OutcomeUnknown' },
    });
    const later = decide(seen({ status: lost.status, now: NOW + 10_000, notBefore: NOW + 10_000 }));
    expect(later.effect).toBe('look');
    const found = decide(
      seen({ status: lost.status, work: { effect: 'look', result: { kind: 'found', commit: COMMIT, message: '' } } }),
    );
    expect(found).toMatchObject({ state: 'landed', status: { commit: COMMIT } });
  });

  it('plans again when the branch moved, five times at most', () => {
    const moved: Work = { effect: 'look', result: { kind: 'moved' } };
    const first = decide(seen({ status: at('writing'), work: moved }));
    expect(first).toMatchObject({ state: 'pending', effect: undefined, lookAgainAt: NOW + 2000 });
    const again = decide(
      seen({ status: first.status, work: { effect: 'plan', result: { kind: 'planned', ...plan } } }),
    );
    expect(again.status.plan?.attempt).toBe(2);
    const last = decide(
      seen({ status: at('writing', { plan: { ...persistedPlan, attempt: MOST_ATTEMPTS } }), work: moved }),
    );
    expect(last).toMatchObject({ state: 'needsHuman', status: { reason: 'BranchTooBusy' } });
  });

  it('counts a stale write as an attempt, and rests twice as long each time, spread by chance', () => {
    const stale: Work = { effect: 'write', result: { kind: 'stale', message: 'moved' } };
    const staleAt = (attempt: number, part: Partial<Seen> = {}) =>
      decide(seen({ status: at('writing', { plan: { ...persistedPlan, attempt } }), work: stale, ...part }));
    for (const [attempt, rest] of [
      [1, 2000],
      [2, 4000],
      [4, 16_000],
    ] as const)
      expect(staleAt(attempt)).toMatchObject({ state: 'pending', effect: undefined, lookAgainAt: NOW + rest });
    expect(staleAt(2, { jitter: 0.5 }).lookAgainAt).toBe(NOW + 5000);
    expect(staleAt(MOST_ATTEMPTS)).toMatchObject({ state: 'needsHuman', status: { reason: 'BranchTooBusy' } });
    const resting = decide(seen({ status: staleAt(1).status, notBefore: NOW + 2000 }));
    expect(resting).toMatchObject({ state: 'pending', effect: undefined, lookAgainAt: NOW + 2000 });
  });

  it('looks again after a stale write that is not wanted any more, before it is given up', () => {
    const work: Work = { effect: 'write', result: { kind: 'stale', message: 'moved' } };
    const later = decide(seen({ status: at('writing'), work, superseded: 'retried' }));
    expect(later).toMatchObject({ state: 'writing', effect: undefined, lookAgainAt: NOW + 2000 });
  });

  it('looks at once after a write that was withheld, and follows the gate', () => {
    const work: Work = { effect: 'write', result: { kind: 'withheld' } };
    const gate: Gate = { kind: 'skip', reason: 'RevertPolicyOff', message: 'off' };
    const withheld = decide(seen({ status: at('writing'), work, gate }));
    expect(withheld).toMatchObject({ state: 'writing', effect: 'look' });
    const looked = decide(seen({ status: withheld.status, gate, work: { effect: 'look', result: { kind: 'clear' } } }));
    expect(looked.state).toBe('skipped');
  });

  it("stops at a protected branch with the host's own words", () => {
    const work: Work = {
      effect: 'write',
      result: { kind: 'protected', message: 'Changes must be made through a pull request.' },
    };
    const { state, status } = decide(seen({ status: at('writing'), work }));
    expect(state).toBe('needsHuman');
    expect(status.message).toBe('Changes must be made through a pull request.');
    expect(status.conditions?.[1]).toMatchObject({ type: 'Stalled', status: 'True', reason: 'BranchProtected' });
  });
});

describe('a plan that is not proved', () => {
  const doubt = { kind: 'needsHuman', reason: 'NotProved', message: 'more would change', diff: '-a' } as const;
  const caution = { reason: 'NotProved', most: 'PullRequest', personMerges: true, message: 'more would change' };
  const proves = (result: object, part: Partial<Seen> = {}) =>
    decide(seen({ status: at('planned'), work: { effect: 'prove', result } as Work, ...part }));

  it('goes on to a proposal with what is not proved, and never to a commit', () => {
    const { state, status, effect } = proves({ ...doubt, mayPropose: true });
    expect({ state, effect }).toEqual({ state: 'verified', effect: undefined });
    expect(status.plan).toEqual({ ...persistedPlan, cautions: [caution], diff: '-a' });
    const gate: Gate = { kind: 'open', mode: 'PullRequest', personMerges: true, reason: 'NotProved', message: 'more' };
    expect(decide(seen({ status, gate })).status).toMatchObject({ way: 'PullRequest', reason: 'NotProved' });
  });

  it.each<[string, boolean, Gate]>([
    ['the host knows no proposals', false, OPEN],
    ['no more than a dry run is allowed', true, { kind: 'open', mode: 'DryRun' }],
  ])('is for a person where %s, who sees what would change', (_, mayPropose, gate) => {
    const { state, status } = proves({ ...doubt, mayPropose }, { gate });
    expect({ state, status }).toMatchObject({
      state: 'needsHuman',
      status: { reason: 'NotProved', message: 'more would change', plan: { diff: '-a' } },
    });
  });

  it('that is proved is kept with what it would change, where that was looked at, and nothing of an earlier proof', () => {
    expect(proves({ kind: 'proved', diff: '-a' }).status.plan).toEqual({ ...persistedPlan, diff: '-a' });
    const again = proves({ kind: 'proved' }, { status: at('planned', { plan: { ...persistedPlan, diff: 'old' } }) });
    expect(again.status.plan).toEqual(persistedPlan);
  });
});

describe('the way of a proposal', () => {
  const asks = (part: Partial<Seen>) => decide(seen({ gate: PROPOSE, ...part }));
  const open: Work = { effect: 'watch', result: { kind: 'open', proposal } };
  const atProposed = at('proposed', { way: 'PullRequest', proposal });

  it('goes from plan to done', () => {
    let status = at('verified');
    const story: string[] = [];
    const pass = (part: Partial<Seen> = {}) => {
      const decision = asks({ status, ...part });
      status = decision.status;
      story.push(decision.effect ? `${decision.state}: ${decision.effect}` : decision.state);
    };
    pass();
    pass({ work: { effect: 'look', result: { kind: 'clear' } } });
    pass({ work: { effect: 'propose', result: { kind: 'open', proposal } } });
    pass();
    pass({ work: open });
    pass({ work: { effect: 'watch', result: { kind: 'merged', proposal, commit: HEAD } } });
    pass();
    pass({ observed: true });
    pass();
    expect(story).toEqual([
      'writing: look',
      'writing: propose',
      'proposed',
      'proposed: watch',
      'proposed',
      'merged',
      'merged',
      'observed',
      'done',
    ]);
    expect(status).toMatchObject({ state: 'done', way: 'PullRequest', proposal, commit: HEAD, url: 'https://host/7' });
  });

  it('is looked after every half minute, also in a freeze and with the budget spent', () => {
    for (const gate of [PROPOSE, GATES.at(-1) as Gate, GATES.at(-2) as Gate]) {
      expect(asks({ status: atProposed, gate })).toMatchObject({ state: 'proposed', effect: 'watch' });
      const rested = asks({ status: atProposed, gate, work: open });
      expect(rested).toMatchObject({ state: 'proposed', effect: undefined, lookAgainAt: NOW + 30_000 });
    }
  });

  it('is looked after more rarely the longer it waits for a person, and not where the host is to merge it', () => {
    const rest = (minutes: number, autoMerge?: true) => {
      const now = Date.parse(persistedPlan.plannedAt) + minutes * 60_000;
      const work: Work = {
        effect: 'watch',
        result: { kind: 'open', proposal: { ...proposal, ...(autoMerge && { autoMerge }) } },
      };
      const status = at('proposed', { proposal: { ...proposal, ...(autoMerge && { autoMerge }) } });
      return ((asks({ now, status, work }).lookAgainAt ?? 0) - now) / 1000;
    };
    expect([0, 20, 30, 60, 240, 300, 10_000].map((minutes) => rest(minutes))).toEqual([30, 30, 30, 60, 240, 300, 300]);
    expect([0, 60, 10_000].map((minutes) => rest(minutes, true))).toEqual([30, 30, 30]);
  });

  it('ends where a person closes it, and where it is merged by whomever', () => {
    const closed = asks({ status: atProposed, work: { effect: 'watch', result: { kind: 'closed', proposal } } });
    expect(closed).toMatchObject({ state: 'vetoed', status: { reason: 'Vetoed' } });
    expect(closed.status.message).toContain('pull request 7');
    const found: Work = { effect: 'watch', result: { kind: 'found', commit: HEAD, message: 'by hand' } };
    expect(asks({ status: atProposed, work: found })).toMatchObject({ state: 'landed', status: { commit: HEAD } });
  });

  it('is withdrawn when the failure does not count any more, and left where no policy speaks of it', () => {
    const superseded = 'the update is tried again';
    expect(asks({ status: atProposed, superseded })).toMatchObject({ state: 'proposed', effect: 'withdraw' });
    const closed: Work = { effect: 'withdraw', result: { kind: 'closed', proposal } };
    expect(asks({ status: atProposed, superseded, work: closed })).toMatchObject({ state: 'superseded' });
    const merged: Work = { effect: 'withdraw', result: { kind: 'merged', proposal, commit: HEAD } };
    expect(asks({ status: atProposed, superseded, work: merged })).toMatchObject({ state: 'merged' });
    const gate: Gate = { kind: 'skip', reason: 'NoRevertPolicy', message: 'gone' };
    expect(asks({ status: atProposed, superseded, gate })).toMatchObject({ state: 'superseded', effect: undefined });
    expect(asks({ status: atProposed, gate })).toMatchObject({ state: 'skipped', effect: undefined });
  });

  it('is withdrawn, whatever else holds, when a person asks that the change stays in Git', () => {
    const gate: Gate = { kind: 'skip', reason: 'SkippedByPerson', message: 'asked', withdraw: true };
    for (const superseded of [undefined, 'the update is tried again']) {
      const part = { status: atProposed, gate, superseded };
      expect(asks(part)).toMatchObject({ state: 'proposed', effect: 'withdraw' });
      const closed: Work = { effect: 'withdraw', result: { kind: 'closed', proposal } };
      const skipped = asks({ ...part, work: closed });
      expect(skipped).toMatchObject({ state: 'skipped', status: { reason: 'SkippedByPerson', proposal } });
      const lost: Work = { effect: 'watch', result: { kind: 'lost', message: 'gone' } };
      expect(asks({ ...part, work: lost })).toMatchObject({ state: 'skipped' });
      const merged: Work = { effect: 'withdraw', result: { kind: 'merged', proposal, commit: HEAD } };
      expect(asks({ ...part, work: merged })).toMatchObject({ state: 'merged' });
    }
  });

  describe('that the host may be waiting to merge', () => {
    const asked = { ...proposal, autoMerge: true };
    const atAsked = at('proposed', { way: 'PullRequest', proposal: asked });
    const off: Gate = { kind: 'skip', reason: 'OptedOut', message: 'off' };
    const cancelled: Work = { effect: 'cancelMerge', result: { kind: 'open', proposal } };

    it('is not let go before that is called off, where a policy speaks of it', () => {
      for (const superseded of [undefined, 'the update is tried again']) {
        const part = { status: atAsked, gate: off, superseded };
        expect(asks({ ...part, hasPolicy: true })).toMatchObject({ state: 'proposed', effect: 'cancelMerge' });
        const end = superseded ? 'superseded' : 'skipped';
        expect(asks(part)).toMatchObject({ state: end, effect: undefined });
        const { state, status } = asks({ ...part, hasPolicy: true, work: cancelled });
        expect(state).toBe(end);
        expect(status.proposal).toEqual(proposal);
      }
      const merged: Work = { effect: 'cancelMerge', result: { kind: 'merged', proposal, commit: HEAD } };
      expect(asks({ status: atAsked, gate: off, hasPolicy: true, work: merged }).state).toBe('merged');
    });

    it('stays until the host has answered, and says why', () => {
      const work: Work = { effect: 'cancelMerge', result: failed };
      const { state, status, lookAgainAt } = asks({ status: atAsked, gate: off, hasPolicy: true, work });
      expect({ state, lookAgainAt }).toEqual({ state: 'proposed', lookAgainAt: NOW + 30_000 });
      expect(status).toMatchObject({ reason: 'RepositoryUnreachable', proposal: asked });
    });

    it('is asked for as soon as that is put down', () => {
      const newly: Work = { effect: 'watch', result: { kind: 'open', proposal: asked } };
      expect(asks({ status: atProposed, work: newly })).toMatchObject({ effect: 'watch', status: { proposal: asked } });
      expect(asks({ status: atAsked, work: newly })).toMatchObject({ effect: undefined, lookAgainAt: NOW + 30_000 });
    });
  });

  it('takes the place of a commit that the branch does not take, where the host can propose', () => {
    const refused: Work = {
      effect: 'write',
      result: { kind: 'protected', message: 'by pull request only', mayPropose: true },
    };
    const turned = decide(seen({ status: at('writing', { way: 'Direct' }), work: refused }));
    expect(turned).toMatchObject({ state: 'writing', effect: 'look', status: { way: 'PullRequest' } });
    const clear: Work = { effect: 'look', result: { kind: 'clear' } };
    expect(decide(seen({ status: turned.status, work: clear })).effect).toBe('propose');
    const again: Work = { effect: 'propose', result: { kind: 'protected', message: 'nobody may' } };
    expect(decide(seen({ status: turned.status, work: again }))).toMatchObject({ state: 'needsHuman' });
  });

  it('is looked along before it is written when the policy changes to it', () => {
    const clear: Work = { effect: 'look', result: { kind: 'clear' } };
    const changed = asks({ status: at('writing', { way: 'Direct' }), work: clear });
    expect(changed).toMatchObject({ state: 'writing', effect: 'look', status: { way: 'PullRequest' } });
  });
});

describe('what a person approves', () => {
  const ended = (reason: string) => at('needsHuman', { reason, message: 'why', finishedAt: '2026-11-20T11:00:00Z' });

  it.each(['BudgetExhausted', 'FailedAgain', 'BreakerOpen', 'ProvenanceByHand', 'Sensitive'])(
    'is taken up again, with a plan of its own, after %s',
    (reason) => {
      const { state, status, effect } = decide(seen({ status: ended(reason), approved: true }));
      expect({ state, effect }).toEqual({ state: 'pending', effect: undefined });
      for (const gone of ['plan', 'reason', 'message', 'finishedAt']) expect(status).not.toHaveProperty(gone);
      expect(decide(seen({ status, approved: true })).effect).toBe('plan');
    },
  );

  it.each(['Conflict', 'NotStable', 'SpecDiffers', 'OptOutUnreadable', 'BranchProtected', 'CulpritIsRevert'])(
    'stays as it is after %s',
    (reason) => {
      expect(decide(seen({ status: ended(reason), approved: true })).state).toBe('needsHuman');
    },
  );

  it('stays as it is while anything else is in the way, and without the word', () => {
    const status = ended('BudgetExhausted');
    const person: Gate = { kind: 'person', reason: 'SpecDiffers', message: 'x' };
    const off: Gate = { kind: 'skip', reason: 'RevertPolicyOff', message: 'off' };
    for (const part of [{ approved: false }, { approved: true, gate: person }, { approved: true, gate: off }])
      expect(decide(seen({ status, ...part })).state).toBe('needsHuman');
    expect(decide(seen({ status, approved: true, superseded: 'retried' })).state).toBe('needsHuman');
    for (const state of revertStates.filter((each) => isFinal(each) && each !== 'needsHuman'))
      expect(decide(seen({ status: at(state, { reason: 'BudgetExhausted' }), approved: true })).state).toBe(state);
  });
});

describe('less than the policy allows', () => {
  const limited = { reason: 'Sensitive', message: 'it touches db/1.sql' };
  const gate: Gate = { kind: 'open', mode: 'PullRequest', personMerges: true, ...limited };

  it('is told from when it counts until the proposal is merged', () => {
    const verified = decide(seen({ status: at('verified'), gate }));
    expect(verified).toMatchObject({ state: 'writing', status: { way: 'PullRequest', ...limited } });
    const clear: Work = { effect: 'look', result: { kind: 'clear' } };
    expect(decide(seen({ status: verified.status, gate, work: clear }))).toMatchObject({ effect: 'propose' });
    const held = { ...proposal, message: limited.message };
    const open: Work = { effect: 'propose', result: { kind: 'open', proposal: held } };
    const proposed = decide(seen({ status: verified.status, gate, work: open }));
    expect(proposed).toMatchObject({ state: 'proposed', status: { ...limited, proposal: held } });
    const merged: Work = { effect: 'watch', result: { kind: 'merged', proposal, commit: HEAD } };
    expect(decide(seen({ status: proposed.status, gate, work: merged })).status).not.toHaveProperty('reason');
  });

  it('is told of a dry run', () => {
    const dry: Gate = { kind: 'open', mode: 'DryRun', reason: 'OptedOut', message: 'a file says so' };
    const { status } = decide(seen({ status: at('verified'), gate: dry }));
    expect(status).toMatchObject({ state: 'dryRun', reason: 'OptedOut', message: 'a file says so' });
  });

  it('is kept with the plan', () => {
    const cautions = [{ reason: 'Sensitive', most: 'PullRequest' as const, personMerges: true, message: 'x' }];
    const work: Work = { effect: 'plan', result: { kind: 'planned', ...plan, cautions } };
    expect(decide(seen({ work })).status.plan?.cautions).toEqual(cautions);
    const none: Work = { effect: 'plan', result: { kind: 'planned', ...plan, cautions: [] } };
    expect(decide(seen({ work: none })).status.plan).not.toHaveProperty('cautions');
  });
});

it('waits without an end where an administrator has paused everything, and goes on from there', () => {
  const gate: Gate = { kind: 'wait', until: undefined, reason: 'Paused', message: 'paused' };
  for (const state of ['pending', 'planned', 'verified', 'writing'] as const) {
    const { effect, lookAgainAt, status } = decide(seen({ status: at(state), gate }));
    expect({ effect, lookAgainAt, state: status.state, reason: status.reason }).toEqual({
      effect: undefined,
      lookAgainAt: undefined,
      state,
      reason: 'Paused',
    });
    expect(decide(seen({ status })).state).toBe(state === 'verified' ? 'writing' : state);
  }
});

describe('over the whole graph', () => {
  const all = [...everything()].map((each) => ({ seen: each, decision: decide(each) }));

  it('takes every state that this release has, and every transition out of each', () => {
    const edges = new Set(all.map(({ seen: { status }, decision }) => `${derive(status)} -> ${decision.state}`));
    expect([...edges].filter((edge) => !/^(.*) -> \1$/.test(edge)).sort()).toMatchInlineSnapshot(`
      [
        "landed -> observed",
        "merged -> observed",
        "needsHuman -> pending",
        "observed -> done",
        "pending -> landed",
        "pending -> needsHuman",
        "pending -> planned",
        "pending -> skipped",
        "pending -> superseded",
        "planned -> needsHuman",
        "planned -> pending",
        "planned -> skipped",
        "planned -> superseded",
        "planned -> verified",
        "proposed -> landed",
        "proposed -> merged",
        "proposed -> needsHuman",
        "proposed -> skipped",
        "proposed -> superseded",
        "proposed -> vetoed",
        "verified -> dryRun",
        "verified -> needsHuman",
        "verified -> skipped",
        "verified -> superseded",
        "verified -> writing",
        "writing -> dryRun",
        "writing -> landed",
        "writing -> merged",
        "writing -> needsHuman",
        "writing -> pending",
        "writing -> proposed",
        "writing -> skipped",
        "writing -> superseded",
        "writing -> vetoed",
      ]
    `);
  });

  it('writes only from the persisted state writing, with a plan, right after a look that found nothing, with the policy open', () => {
    const writes = all.filter(({ decision }) => decision.effect === 'write' || decision.effect === 'propose');
    expect(new Set(writes.map(({ decision }) => decision.effect)).size).toBe(2);
    for (const { seen: each, decision } of writes) {
      // A status that claims a proposal and names none is looked at like one in writing.
      expect(derive(each.status)).toBe('writing');
      expect(each.status?.plan).toBeDefined();
      expect(each.work).toEqual({ effect: 'look', result: { kind: 'clear' } });
      expect(each.status?.way).toBe(decision.effect === 'write' ? 'Direct' : 'PullRequest');
      expect([decision.effect === 'write' ? [OPEN] : [OPEN, PROPOSE]].flat()).toContainEqual(each.gate);
      expect(each.superseded).toBeUndefined();
      expect(each.busy).toBe(false);
    }
  });

  it('never gives up a write whose outcome is not known, and never forgets one that happened', () => {
    for (const { seen: each, decision } of all) {
      if (each.status?.state !== 'writing') continue;
      const looked = each.work?.effect === 'look' && each.work.result.kind !== 'failed';
      // Stale: the host says that it wrote nothing; a plan looks at the branch anew.
      const written =
        (each.work?.effect === 'write' || each.work?.effect === 'propose') &&
        ['written', 'protected', 'stale'].includes(each.work.result.kind);
      const proposed = PROPOSED.some(({ kind }) => kind === each.work?.result.kind);
      if (!looked && !written && !proposed) expect(decision.state).toBe('writing');
    }
  });

  it('begins nothing while something is under way, nor in a state that has ended', () => {
    for (const { seen: each, decision } of all) {
      if (each.busy && each.work === undefined) expect(decision.effect).toBeUndefined();
      if (isFinal(derive(each.status)) && each.approved !== true)
        expect(decision).toMatchObject({ effect: undefined, state: derive(each.status) });
    }
  });

  it('never ends with a merge that the host may still wait for, while it can be called off', () => {
    for (const { seen: each, decision } of all) {
      const { state, proposal: shown } = decision.status;
      if (derive(each.status) !== 'proposed' || !isFinal(decision.state)) continue;
      // What is closed or gone is merged by nobody.
      const isOver = each.work && ['closed', 'lost', 'found'].includes(each.work.result.kind);
      if (!isOver) expect({ state, autoMerge: shown?.autoMerge }).toEqual({ state, autoMerge: undefined });
    }
  });

  it('derives the state that it wrote', () => {
    for (const { decision } of all) expect(derive(decision.status)).toBe(decision.state);
  });

  it('says the same when nothing is new', () => {
    for (const state of revertStates.filter((each) => isFinal(each) || each === 'landed')) {
      const once = decide(seen({ status: at(state) })).status;
      expect(decide(seen({ status: once, now: NOW + 1000 })).status).toEqual(once);
    }
  });
});

it('derives a state from whatever a status holds', () => {
  const junk = fc.record({ state: fc.anything(), plan: fc.anything(), reason: fc.anything() }, { requiredKeys: [] });
  fc.assert(
    fc.property(junk, (status) => {
      expect(revertStates).toContain(derive(status as GitRevertStatus));
    }),
  );
});
