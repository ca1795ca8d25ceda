import { transition } from 'xstate';
import { conditionAt } from '../api/conditions.ts';
import { revertStates } from '../api/git-revert.ts';
import type { Condition, GitRevertState, GitRevertStatus } from '../api/index.ts';
import { timestamp } from '../api/times.ts';
import { aftermath } from './aftermath.ts';
import { machine } from './machine.ts';
import type { Effect, Seen } from './observation.ts';
import type { Context } from './work.ts';

export interface Decision {
  state: GitRevertState;
  /** The state before, where it was another one. */
  from: GitRevertState | undefined;
  /** What status is to say. The same as before where nothing is new. */
  status: GitRevertStatus;
  /** To begin after `status` was persisted, and only then. */
  effect: Effect | undefined;
  /** World time, milliseconds since the epoch. */
  lookAgainAt: number | undefined;
}

const FINAL: ReadonlySet<GitRevertState> = new Set(['done', 'skipped', 'needsHuman', 'vetoed', 'superseded', 'dryRun']);

/** The change is out of Git, and the cluster has yet to follow. */
const FOLLOWED: ReadonlySet<GitRevertState> = new Set(['landed', 'merged']);

export function isFinal(state: GitRevertState): boolean {
  return FINAL.has(state);
}

/** The state that a status says, whoever wrote it: total, and `pending` where it says none or none that can be gone on from. */
export function derive(status: GitRevertStatus | undefined): GitRevertState {
  const state = status?.state;
  if (state === undefined || !revertStates.includes(state)) return 'pending';
  const known = state === 'proposed' && status?.proposal === undefined ? 'writing' : state;
  const needsPlan = known === 'planned' || known === 'verified' || known === 'writing';
  return needsPlan && status?.plan === undefined ? 'pending' : known;
}

const SENTENCES: Record<GitRevertState, string> = {
  pending: 'The revert is being planned.',
  planned: 'It is being proved that the plan restores what runs as stable.',
  verified: 'It is known what the plan comes to; the policy decides about the write.',
  writing: 'The commit is being written.',
  landed: 'The change is out of Git; the cluster has yet to follow.',
  proposed: 'The revert is proposed and waits for a person.',
  merged: 'The proposal is merged; the cluster has yet to follow.',
  observed: 'The cluster runs what Git holds again.',
  done: 'The change is out of Git and out of the cluster.',
  skipped: 'Nothing was written.',
  needsHuman: 'Nothing more is done by itself: a person must decide.',
  vetoed: 'A person closed the proposal.',
  superseded: 'The failure does not count any more; nothing was written.',
  dryRun: 'This would have been written; no more than a dry run is allowed.',
};

/** One sentence for people. */
export function explain({ state = 'pending', message }: GitRevertStatus): string {
  return message ? `${SENTENCES[state]} Because: ${message}` : SENTENCES[state];
}

function conditionsFor(state: GitRevertState, status: GitRevertStatus, seen: Seen): Condition[] {
  const reason = status.reason || state.charAt(0).toUpperCase() + state.slice(1);
  const message = explain({ ...status, state });
  const now = timestamp(seen.now);
  const before = seen.status?.conditions;
  return [
    conditionAt(now, before, { type: 'Ready', holds: state === 'done', reason, message }),
    conditionAt(now, before, { type: 'Stalled', holds: state === 'needsHuman', reason, message }),
    ...aftermath(FOLLOWED.has(state) ? seen.cluster : undefined, status, before, seen.now),
  ];
}

function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}

function statusFor(state: GitRevertState, context: Context, seen: Seen): GitRevertStatus {
  const now = timestamp(seen.now);
  const { plan, way, proposal, commit, url, reason, message } = context;
  const finishedAt = isFinal(state) ? (seen.status?.finishedAt ?? now) : undefined;
  const startedAt = seen.status?.startedAt ?? now;
  const isNew = commit !== undefined && seen.status?.commit === undefined;
  const takenOutAt = isNew ? now : seen.status?.takenOutAt;
  const status = defined({
    ...seen.status,
    state,
    reason,
    message,
    plan,
    way,
    proposal,
    commit,
    url,
    takenOutAt,
    startedAt,
    finishedAt,
  }) as GitRevertStatus;
  return { ...status, conditions: conditionsFor(state, status, seen) };
}

/** One pass: what the state is now, what status says of it, and what may begin after that is written down. */
export function decide(seen: Seen): Decision {
  const before = derive(seen.status);
  const { plan, way, proposal, commit, url, reason, message } = seen.status ?? {};
  const context = { plan, way, proposal, commit, url, reason, message };
  const snapshot = machine.resolveState({ value: before, context });
  const [next] = transition(machine, snapshot, { type: 'OBSERVED', seen });
  const state = next.value as GitRevertState;
  const { effect, lookAgainAt } = next.context;
  const from = state === before && seen.status?.state !== undefined ? undefined : before;
  return { state, from, status: statusFor(state, next.context, seen), effect, lookAgainAt };
}
