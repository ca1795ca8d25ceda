import { type ReplicaSet, STATE } from '../api/index.ts';
import { type Facts, factsOf, hashOf } from './facts.ts';
import type { Observation } from './observation.ts';
import { isNameTaken } from './plan-ownership.ts';
import { newReplicaSet } from './plan-revision.ts';
import { givenTemplate } from './template.ts';
import { sameTemplate } from './template-difference.ts';

/** What only the API server knows: whether it makes of the Rollout's template what one of the candidates runs already. */
export interface TemplateQuestion {
  /** What would be made: to be tried, not stored. */
  object: ReplicaSet;
  candidates: ReplicaSet[];
}

/** The status was written for this very template. */
function isUnchanged({ seen, status }: Facts): boolean {
  const { rollout, workload } = seen;
  const isOfWorkload = workload === undefined || status.workloadObservedGeneration === String(workload.generation);
  return isOfWorkload && status.observedGeneration === String(rollout.metadata.generation ?? 0);
}

/**
 * Asked before anything is deployed anew, where that may be for want of knowing the server's defaults: beside ReplicaSets
 * that another controller has made, or where nothing has changed and still no ReplicaSet seems to run the template.
 */
export function templateQuestion(seen: Observation): TemplateQuestion | undefined {
  const facts = factsOf(seen);
  if (facts.newReplicaSet || isNameTaken(facts)) return undefined;
  const all = [...(facts.stableReplicaSet ? [facts.stableReplicaSet] : []), ...facts.others];
  const isUnclear = (replicaSet: ReplicaSet) =>
    replicaSet.metadata.annotations?.[STATE] === undefined ||
    (isUnchanged(facts) && hashOf(replicaSet) === facts.status.currentPodHash);
  const candidates = all.filter(isUnclear);
  return candidates.length > 0 ? { object: newReplicaSet(facts), candidates } : undefined;
}

/** The name of the candidate that runs what the server has answered with, if one does. */
export function candidateLike({ candidates }: TemplateQuestion, answer: ReplicaSet): string | undefined {
  const template = givenTemplate(answer);
  return candidates.find((candidate) => sameTemplate(givenTemplate(candidate), template))?.metadata.name;
}
