import { REVISION } from '../../api/index.ts';
import { timestamp } from '../../api/times.ts';
import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';
import {
  decide,
  type Effect,
  nameOf,
  type Observation,
  type TemplateQuestion,
  templateQuestion,
} from '../../rollout/index.ts';
import type { Router } from '../../traffic/router.ts';
import { splitKey } from '../keys.ts';
import { mergeDiff } from '../merge-diff.ts';
import type { PassResult } from '../queue.ts';
import { mayWait } from './notes.ts';
import { observe, observeRouters, type RolloutCaches } from './observe.ts';
import { resolve } from './resolve.ts';

export interface ForesightOptions {
  caches: RolloutCaches;
  clock: Clock;
  log: Log;
  routers: readonly Router[];
}

function annotated(annotations: Record<string, string | null>): string {
  return Object.keys(annotations).join(', ');
}

function scaled({ name, from, to, annotations }: Extract<Effect, { kind: 'scaleReplicaSet' }>): string {
  return from === to
    ? `write ${annotated(annotations)} on ReplicaSet ${name}`
    : `scale ReplicaSet ${name} from ${from} to ${to}`;
}

function traffic({ weight, from, routes, routeChange }: Extract<Effect, { kind: 'setTraffic' }>): string {
  const names = routes.map(({ name }) => name).join(', ') || 'no route';
  const parts = [
    ...(weight === from ? [] : [`set the canary's traffic weight from ${from} to ${weight}`]),
    ...(routeChange === 'none' ? [] : [`leave ${names} beside the weights`]),
  ];
  return parts.join(' and ');
}

function inWords(effect: Effect): string {
  switch (effect.kind) {
    case 'setTraffic':
      return traffic(effect);
    case 'annotateReplicaSet':
      return `write ${annotated(effect.annotations)} on ReplicaSet ${effect.name}`;
    case 'annotateRollout':
      return `write ${annotated(effect.annotations)} on the Rollout`;
    case 'createReplicaSet':
      return `create ReplicaSet ${effect.object.metadata.name} with ${effect.object.spec.replicas ?? 1} replicas`;
    case 'claimReplicaSet':
      return `change who owns ReplicaSet ${effect.name}`;
    case 'setReplicas':
      return `write spec.replicas ${effect.replicas}`;
    case 'setTemplate':
      return 'write spec.template without what cannot be read of it';
    case 'setMinReadySeconds':
      return `write minReadySeconds ${effect.seconds} on ReplicaSet ${effect.name}`;
    case 'scaleReplicaSet':
      return scaled(effect);
    case 'setMetadata':
      return `write the labels and annotations of its part on ReplicaSet ${effect.name} and its pods`;
    case 'setAffinity':
      return `write the affinity of the pods of ReplicaSet ${effect.name}`;
    case 'evictPods':
      return `evict up to ${effect.most} of the pods ${effect.pods.map(({ name }) => name).join(', ')}`;
    case 'scaleWorkload':
      return `scale ${effect.workload} ${effect.name} from ${effect.from} to ${effect.mark.to}`;
    case 'deleteReplicaSet':
      return `delete ReplicaSet ${effect.name}`;
    case 'switchService':
      return `switch Service ${effect.name} from ${effect.from || 'no revision'} to ${effect.hash}`;
    case 'createRun':
      return `create AnalysisRun ${effect.object.metadata.name}`;
    case 'terminateRun':
      return `terminate AnalysisRun ${effect.name}`;
    case 'deleteRun':
      return `delete AnalysisRun ${effect.name}`;
  }
}

function named({ candidates }: TemplateQuestion): string {
  return candidates.map(({ metadata }) => `ReplicaSet ${metadata.name}`).join(' or ');
}

/** What a pass would do: the moves of the state, what would be carried out, and the status as a merge patch. */
function foresee(seen: Observation) {
  const { rollout, leftOut } = seen;
  const { state, transitions, effects, status, lookAgainAt } = decide(seen);
  // Much is only done once the status says that it is to be: what would follow from the status at once is told along with it.
  const { effects: following } = decide({ ...seen, rollout: { ...rollout, status } });
  const question = templateQuestion(seen);
  const plan = {
    transitions,
    // What may wait for more is often never written.
    effects: [...new Set([...effects, ...following].filter((effect) => !mayWait(effect)).map(inWords))],
    ...(question && { asksFirst: `whether ${named(question)} runs the template already: then no ReplicaSet is made` }),
    status: mergeDiff(rollout.status ?? {}, status) ?? {},
    ...(leftOut.length > 0 && { leftOut }),
  };
  const at = { revision: rollout.metadata.annotations?.[REVISION], step: state.index, state: nameOf(state.delivery) };
  return { at, plan, lookAgainAt };
}

/**
 * A pass that only looks: observes and decides as the one that works, and tells in the log what would be done, one line
 * per Rollout until that changes. The first line comes even where nothing would be done: that is what people hope to read.
 */
export function foreseeingPass({ caches, clock, log, routers }: ForesightOptions) {
  const told = new Map<string, string>();
  return async (key: string): Promise<PassResult | undefined> => {
    const { namespace, name } = splitKey(key);
    const rollout = caches.rollouts.get(namespace, name);
    if (!rollout || rollout.metadata.deletionTimestamp) {
      told.delete(key);
      return undefined;
    }
    const resolved = resolve(rollout, caches);
    if (resolved.isPending) return undefined;
    const seen = observe(resolved, caches, observeRouters(rollout, caches, routers), clock.now());
    const { at, plan, lookAgainAt } = foresee(seen);
    // What would carry the time of writing is the same a second later.
    const gist = JSON.stringify(plan).replaceAll(timestamp(seen.now), 'now');
    if (told.get(key) !== gist) log.info({ rollout: key, ...at, ...plan }, 'would do');
    told.set(key, gist);
    return { lookAgainAt };
  };
}
