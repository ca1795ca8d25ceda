import {
  AUTO_REVERT,
  knowsPullRequests,
  type RevertCaution,
  type RevertPolicySpec,
  type RevertWay,
  revertBreaker,
  revertBudget,
  revertMode,
} from '../api/index.ts';
import { timestamp } from '../api/times.ts';
import { STABLE_NOT_SERVING } from './aftermath.ts';
import { breakerState, COOL_DOWN_MINUTES } from './breaker.ts';
import type { Gate, GateFacts, OpenMode } from './gates.ts';
import { HELD_REASONS } from './held.ts';
import { autoRevertWords, isAutoRevert, limitOf } from './opt-out.ts';
import type { Policy } from './select.ts';

/** What failed fails for the stable side too: found before there is a plan. */
export const STABLE_FAILS_TOO = 'StableFailsToo';

/** Other clusters have not seen it fail by now. */
export const QUORUM_NOT_REACHED = 'QuorumNotReached';

/** What only asks for a person's word. Neither what is forbidden nor what cannot be proved is among them. */
export const APPROVABLE: ReadonlySet<string | undefined> = new Set([
  'BudgetExhausted',
  'FailedAgain',
  'BreakerOpen',
  'ProvenanceByHand',
  STABLE_NOT_SERVING,
  STABLE_FAILS_TOO,
  'Sensitive',
  QUORUM_NOT_REACHED,
  ...HELD_REASONS,
]);
const STABLE_REST_MILLISECONDS = 30_000;
const HOW_TO_APPROVE = 'a person who knows better lets it pass with "headgate revert approve"';

/** What a person decided about a record, for good. */
export const SKIPPED_BY_PERSON = {
  reason: 'SkippedByPerson',
  message: 'a person asked that the change stays in Git',
} as const;

/** What is asked, and what the rules before have left of the policy's mode. */
export interface Asked {
  policy: Policy;
  facts: GateFacts;
  mode: OpenMode;
  /** Why it is less than the policy allows. */
  limits: readonly RevertCaution[];
}
/** Limits make it less and let it pass; undefined: nothing against it. */
type Answer = Exclude<Gate, { kind: 'open' }> | RevertCaution[] | undefined;
type Rule = (asked: Asked) => Answer;

const skipped: Rule = ({ facts }) =>
  facts.isSkipped ? { ...SKIPPED_BY_PERSON, kind: 'skip', withdraw: true } : undefined;

const switchedOff: Rule = ({ policy }) => {
  if (revertMode(policy) !== 'Off') return undefined;
  const message = `RevertPolicy ${policy.name} is switched off (mode: Off)`;
  return { kind: 'skip', reason: 'RevertPolicyOff', message };
};

/** What of a policy's triggers an abort meets; undefined: it is reverted. */
function untriggered({ kind, phase }: GateFacts['cause'], { triggers }: RevertPolicySpec): string | undefined {
  if (kind === 'analysis') {
    return phase === 'Failed'
      ? undefined
      : `the analysis ended as ${phase ?? 'unknown'}: only Failed is a verdict on the release`;
  }
  if (kind === 'progressDeadline') {
    return triggers?.progressDeadline
      ? undefined
      : 'it was stuck, and triggers.progressDeadline is not true in the policy';
  }
  return triggers?.manualAbort ? undefined : 'a person aborted it, and triggers.manualAbort is not true in the policy';
}

const notTriggered: Rule = ({ facts, policy }) => {
  const message = untriggered(facts.cause, policy.spec);
  return message === undefined ? undefined : { kind: 'skip', reason: 'NotTriggered', message };
};

/** A word that is not known is the strictest: nothing is written on a guess. */
const byRollout: Rule = ({ facts: { autoRevert } }) => {
  if (autoRevert === undefined) return undefined;
  const place = `the Rollout's annotation ${AUTO_REVERT}`;
  if (!isAutoRevert(autoRevert)) {
    const message = `${place} says ${JSON.stringify(autoRevert.slice(0, 60))}, which is not known and counts as "disable"; known are ${autoRevertWords.join(', ')}`;
    return { kind: 'skip', reason: 'OptedOut', message };
  }
  const limit = limitOf({ word: autoRevert, place });
  return 'kind' in limit ? { kind: 'skip', reason: 'OptedOut', message: limit.message } : [limit];
};

const byGit: Rule = ({ facts }) => facts.cautions.filter(({ reason }) => !(facts.isApproved && APPROVABLE.has(reason)));

/** An administrator's word on everything at once: it waits, and goes on from where it was. */
const paused: Rule = ({ facts }) =>
  facts.paused === undefined ? undefined : { kind: 'wait', until: undefined, reason: 'Paused', message: facts.paused };

/** A person's word is enough for a proposal, never for a commit on the branch. */
const provenanceByHand: Rule = ({ facts, mode }) => {
  if (mode !== 'Direct' || facts.learnt !== 'annotations') return undefined;
  const reason = 'ProvenanceByHand';
  const message =
    'where the release came from was written down by hand; that is not enough to write to a branch directly';
  if (facts.isApproved) return [{ most: 'PullRequest', reason, message }];
  return { kind: 'person', reason, message: `${message}. To have it proposed, ${HOW_TO_APPROVE}` };
};

const breaker: Rule = ({ policy, facts }) => {
  if (facts.isApproved) return undefined;
  const settings = revertBreaker(policy);
  const state = breakerState(facts.failures, settings, facts);
  if (state.kind === 'closed') return undefined;
  const reason = 'BreakerOpen';
  const what = `${state.count} Rollouts failed within ${settings.withinMinutes} minutes, by as many different commits, where RevertPolicy ${policy.name} takes ${settings.failures} (breaker.failures) for a sign of something that they share, not of bad releases: look at the metrics and at what all of them use`;
  if (state.kind === 'cooled') {
    const message = `${what}. So it is not written by itself`;
    return [{ most: 'PullRequest', personMerges: true, reason, message }];
  }
  const until = timestamp(state.until);
  const message = `${what}. Nothing is written until ${until}, ${COOL_DOWN_MINUTES} minutes after the last of them, and proposed at most then; ${HOW_TO_APPROVE}`;
  return { kind: 'wait', until: state.until, reason, message };
};

/** To take a release out is only of use where what it goes back to is any better. It is asked again, because pods come back. */
const stableServes: Rule = ({ facts: { stableProblem, isApproved, now } }) => {
  if (stableProblem === undefined || isApproved) return undefined;
  const message = `${stableProblem}: what the revert would restore does not serve, so that it would help nobody. It waits until it does; ${HOW_TO_APPROVE}`;
  return { kind: 'wait', until: now + STABLE_REST_MILLISECONDS, reason: STABLE_NOT_SERVING, message };
};

/** The limit that stays, whatever a person approves, before one that would go. */
export function decisiveOf(limits: readonly RevertCaution[]): RevertCaution | undefined {
  return limits.find(({ reason }) => !APPROVABLE.has(reason)) ?? limits[0];
}

const noPullRequests: Rule = ({ policy: { name, spec }, mode, limits, facts }) => {
  const { host } = spec.repository;
  if (mode !== 'PullRequest' || knowsPullRequests(host)) return undefined;
  const limit = revertMode({ spec }) === 'Direct' ? decisiveOf(limits) : undefined;
  if (!limit) {
    const message = `RevertPolicy ${name} asks for pull requests, and host ${host} knows none. Revert by hand, or set mode: Direct`;
    return { kind: 'person', reason: 'PullRequestsNotSupported', message };
  }
  const more = APPROVABLE.has(limit.reason) && !facts.isApproved ? `; or ${HOW_TO_APPROVE}` : '';
  const message = `${limit.message}. That allows a pull request at most, and host ${host} knows none. Revert by hand${more}`;
  return { kind: 'person', reason: limit.reason, message };
};

const failedAgain: Rule = ({ facts: { revertedBefore, isApproved } }) => {
  if (revertedBefore === undefined || isApproved) return undefined;
  const { name, culprit } = revertedBefore;
  const message = `GitRevert ${name} took the same pod template out of Git within the last 24 hours, as commit ${culprit.slice(0, 7)}, and now it came back by another commit: find out who or what puts it there. To have it taken out once more, ${HOW_TO_APPROVE}`;
  return { kind: 'person', reason: 'FailedAgain', message };
};

const spent: Rule = ({ policy, facts, mode }) => {
  if (facts.isApproved) return undefined;
  const { directPerDay, pullRequestsPerDay } = revertBudget(policy);
  const way: RevertWay = mode === 'Direct' ? 'Direct' : 'PullRequest';
  const [most, field, what] =
    way === 'Direct'
      ? [directPerDay, 'directPerDay', 'commits were reverted']
      : [pullRequestsPerDay, 'pullRequestsPerDay', 'reverts were proposed'];
  if (facts.writtenToday[way] < most) return undefined;
  const message = `${facts.writtenToday[way]} ${what} in this repository in the last 24 hours; RevertPolicy ${policy.name} allows ${most} (budget.${field}). Revert by hand; or ${HOW_TO_APPROVE}`;
  return { kind: 'person', reason: 'BudgetExhausted', message };
};

const frozen: Rule = ({ policy, facts: { now } }) => {
  const freeze = policy.spec.freeze?.find(({ from, to }) => Date.parse(from) <= now && now < Date.parse(to));
  if (!freeze) return undefined;
  const message = `the policy allows no write until ${freeze.to}: ${freeze.reason}`;
  return { kind: 'wait', until: Date.parse(freeze.to), reason: 'Frozen', message };
};

/** A dry run has none of what only concerns a write. */
const beforeWrite =
  (rule: Rule): Rule =>
  (asked) =>
    asked.mode === 'DryRun' ? undefined : rule(asked);

/** In this order: who wants none of it, who wants less of it, and, where anything is to be written, what that has to wait for. */
export const RULES: readonly Rule[] = [
  skipped,
  switchedOff,
  byRollout,
  notTriggered,
  byGit,
  ...[paused, provenanceByHand, breaker, stableServes, noPullRequests, failedAgain, spent, frozen].map(beforeWrite),
];
