import { GIT_BRANCH, GIT_COMMIT, GIT_PATH, GIT_REPOSITORY, GIT_SOURCE } from '../../api/annotations.ts';
import type { KubeObject, ReplicaSet, Rollout } from '../../api/index.ts';
import type { Clock } from '../../clock.ts';
import { Waiting } from '../../errors.ts';
import { type Answer, type Provenance, provenanceOf } from '../../git/provenance/index.ts';
import type { Cache } from '../../kube/cache.ts';
import { isConflict, type KubeClient } from '../../kube/client.ts';
import { deployments, replicaSets, rollouts } from '../../kube/resources.ts';
import type { Log } from '../../log.ts';
import { hashOf } from '../../rollout/index.ts';
import { keyOf, splitKey } from '../keys.ts';
import { createQueue, type PassResult } from '../queue.ts';
import type { Workloads } from '../rollout/workloads.ts';
import { isSettled, type Memory, nextLook, remembered, SOON_MILLISECONDS } from './memory.ts';
import type { ProvenanceReader } from './reader.ts';

export interface ProvenanceKeeperOptions {
  client: Pick<KubeClient, 'patch'>;
  clock: Clock;
  log: Log;
  rollouts: Cache<Rollout>;
  replicaSets: Cache<ReplicaSet> & { ownedBy(uid: string): ReplicaSet[] };
  workloads: Pick<Workloads, 'find'>;
  reader: ProvenanceReader;
}

/**
 * Notes on each new revision's ReplicaSet which commit it came from, as the tool says that applied it: by the time that a
 * release fails, the tool may be at another one.
 */
export interface ProvenanceKeeper {
  /** Where a tool says now that a Rollout comes from; undefined as long as it is being asked, which this begins. */
  said(rollout: Rollout): Answer | undefined;
  /** Called with the Rollout's key when its answer is there. */
  onAnswer(listener: (key: string) => void): void;
  start(): void;
  stop(): Promise<void>;
}

function annotationsFor({ repository, branch, path, commit, learnt, source }: Provenance): Record<string, string> {
  return {
    [GIT_REPOSITORY]: repository,
    [GIT_BRANCH]: branch,
    [GIT_PATH]: path,
    [GIT_COMMIT]: commit,
    ...(source && { [GIT_SOURCE]: `${learnt}/${source.namespace}/${source.name}` }),
  };
}

/** Whether something that can be asked says where it came from. */
function isNoted({ metadata }: ReplicaSet): boolean {
  const noted = provenanceOf(metadata.annotations);
  return noted.known && noted.provenance.learnt !== 'annotations';
}

/** What a tool applies and the pods are made from; undefined where its kind is yet to be listed. */
function appliedOf({ workloads }: ProvenanceKeeperOptions, rollout: Rollout): KubeObject | undefined {
  if (!rollout.spec?.workloadRef) return rollout;
  const workload = workloads.find(rollout);
  return workload === 'unknown' ? undefined : workload;
}

/** Whether the current revision is of what the object holds now, and not of what it held before. */
function isTakenUp({ spec, status }: Rollout, { metadata }: KubeObject): boolean {
  const observed = spec?.workloadRef ? status?.workloadObservedGeneration : status?.observedGeneration;
  return observed === String(metadata.generation);
}

async function ask({ reader }: ProvenanceKeeperOptions, rollout: Rollout, applied: KubeObject): Promise<Answer> {
  const { workloadRef } = rollout.spec ?? {};
  if (!workloadRef) return reader.learn(rollouts, rollout);
  if (workloadRef.kind === 'Deployment') return reader.learn<KubeObject>(deployments, applied);
  const why = `a ${workloadRef.kind} is not looked at for where it came from`;
  return { known: false, reason: 'ProvenanceUnknown', why, looks: [] };
}

async function note(options: ProvenanceKeeperOptions, { metadata }: ReplicaSet, provenance: Provenance): Promise<void> {
  const { client, log } = options;
  const { namespace = 'default', name, resourceVersion } = metadata;
  const body = { metadata: { resourceVersion, annotations: annotationsFor(provenance) } };
  try {
    options.replicaSets.observe(await client.patch(replicaSets, { namespace, name }, { type: 'merge', body }));
  } catch (error) {
    // What was asked is of a revision that may have become another one.
    if (isConflict(error)) throw new Waiting('Conflict', 'the ReplicaSet has changed meanwhile', 0.05);
    throw error;
  }
  log.info({ replicaSet: `${namespace}/${name}`, commit: provenance.commit }, 'provenance noted');
}

export function createProvenanceKeeper(options: ProvenanceKeeperOptions): ProvenanceKeeper {
  const { clock, log } = options;
  const memories = new Map<string, Memory>();
  /** Rollouts whose answer somebody waits for. */
  const wanted = new Set<string>();
  const listeners = new Set<(key: string) => void>();

  const currentOf = ({ metadata, status }: Rollout) =>
    options.replicaSets.ownedBy(metadata.uid ?? '').find((each) => hashOf(each) === status?.currentPodHash);

  const askAbout = async (key: string, rollout: Rollout, replicaSet: ReplicaSet): Promise<PassResult | undefined> => {
    const [{ uid, generation }, { uid: revision }] = [rollout.metadata, replicaSet.metadata];
    const before = memories.get(key);
    const isSame = before?.revision === revision && before?.generation === generation;
    const next = before && isSame && !wanted.has(key) ? nextLook(before) : undefined;
    if (next !== undefined && clock.now() < next) return { lookAgainAt: next };
    const applied = appliedOf(options, rollout);
    if (!applied) return { lookAgainAt: clock.now() + SOON_MILLISECONDS };
    const answer = await ask(options, rollout, applied);
    const memory = remembered(before, { uid, revision, generation, answer, at: clock.now() });
    const isByTool = answer.known && answer.provenance.learnt !== 'annotations';
    if (isByTool && !isNoted(replicaSet) && isTakenUp(rollout, applied))
      await note(options, replicaSet, answer.provenance);
    memories.set(key, memory);
    if (isSettled(memory, clock.now()) && wanted.delete(key)) for (const listener of listeners) listener(key);
    return { lookAgainAt: nextLook(memory) };
  };

  const reconcile = async (key: string): Promise<PassResult | undefined> => {
    const { namespace, name } = splitKey(key);
    const rollout = options.rollouts.get(namespace, name);
    if (!rollout) {
      memories.delete(key);
      wanted.delete(key);
    }
    const replicaSet = rollout && currentOf(rollout);
    if (!replicaSet || (isNoted(replicaSet) && !wanted.has(key))) return undefined;
    return askAbout(key, rollout, replicaSet);
  };

  const queue = createQueue({ name: 'provenance', clock, log, concurrency: 4, reconcile });
  const addOwner = (replicaSet: ReplicaSet) => {
    const owner = replicaSet.metadata.ownerReferences?.find(({ kind }) => kind === 'Rollout');
    if (owner && !isNoted(replicaSet)) queue.add(keyOf({ metadata: { ...replicaSet.metadata, name: owner.name } }));
  };
  const subscriptions: (() => void)[] = [];
  return {
    said(rollout) {
      const key = keyOf(rollout);
      const memory = memories.get(key);
      if (memory?.uid === rollout.metadata.uid && memory && isSettled(memory, clock.now())) return memory.answer;
      wanted.add(key);
      queue.add(key);
      return undefined;
    },
    onAnswer: (listener) => void listeners.add(listener),
    start() {
      for (const rollout of options.rollouts.list()) queue.add(keyOf(rollout));
      subscriptions.push(
        options.rollouts.onChange((rollout) => queue.add(keyOf(rollout))),
        options.replicaSets.onChange(addOwner),
      );
    },
    async stop() {
      for (const unsubscribe of subscriptions.splice(0)) unsubscribe();
      await queue.stop();
    },
  };
}
