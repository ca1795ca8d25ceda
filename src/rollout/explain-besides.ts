import { timestamp } from '../api/times.ts';
import { counted } from './explanation.ts';
import { deadlineOf, type Facts, revisionOf, wanted } from './facts.ts';
import { restartProgress } from './plan-restart.ts';
import { handover } from './plan-workload.ts';

/** As many names as a person reads. */
const FEW = 3;

function some(names: string[]): string {
  const more = names.length - FEW;
  return `${names.slice(0, FEW).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Pods that nothing needs, and that are kept until their delay is over. */
function keptPods({ newReplicaSet, stableReplicaSet, others, now }: Facts): string[] {
  const all = [...others, ...(newReplicaSet && newReplicaSet !== stableReplicaSet ? [newReplicaSet] : [])];
  return all.flatMap((replicaSet) => {
    const until = deadlineOf(replicaSet);
    const count = wanted(replicaSet);
    if (until === undefined || until <= now || count === 0) return [];
    return [`keeps ${counted(count, 'pod')} of revision ${revisionOf(replicaSet)} until ${timestamp(until)}`];
  });
}

/** Which pods a restart has still to replace, and what keeps it from going on. */
function leftToRestart(facts: Facts): string[] {
  const { old, room } = restartProgress(facts) ?? { old: [], room: 0 };
  if (old.length === 0) return [];
  const waits =
    room > 0
      ? 'the next goes as soon as its disruption budget allows'
      : 'the next goes once enough others are available';
  return [`still has ${counted(old.length, 'pod')} to replace (${some(old.map(({ name }) => name))}): ${waits}`];
}

/** The workload whose pods the Rollout takes over. */
function workloadInWords(facts: Facts): string[] {
  const workload = handover(facts);
  if (!workload) return [];
  const { kind, name, replicas, until } = workload;
  if (until !== undefined && until > facts.now)
    return [`leaves ${kind} ${name} at ${counted(replicas, 'pod')} until ${timestamp(until)}: somebody else scaled it`];
  return [`scales ${kind} ${name} down, which has ${counted(replicas, 'pod')}, as its own pods take over`];
}

/** All that goes on besides, the restart left out, which is part of the sentence. */
export function besides(facts: Facts): string[] {
  if (facts.seen.problems.length > 0) return [];
  return [...leftToRestart(facts), ...keptPods(facts), ...workloadInWords(facts)];
}
