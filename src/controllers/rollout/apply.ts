import { MANAGED_BY, type ManagedRoute, PENDING_METADATA, POD_TEMPLATE_HASH, type Rollout } from '../../api/index.ts';
import type { KubeObject } from '../../api/kubernetes.ts';
import { Waiting } from '../../errors.ts';
import type { Cache } from '../../kube/cache.ts';
import { isAlreadyExists, isNotFound, type KubeClient, type Resource } from '../../kube/client.ts';
import { analysisRuns, replicaSets, rollouts, services } from '../../kube/resources.ts';
import { type Effect, lowersTraffic } from '../../rollout/index.ts';
import type { RouterPatch } from '../../traffic/router.ts';
import { mergeDiff } from '../merge-diff.ts';
import { type ObservedRouter, type RolloutCaches, trafficTarget } from './observe.ts';
import { evictPods, patchPods } from './pods.ts';
import { patchWorkload } from './workload-writes.ts';

export interface ApplyContext {
  client: KubeClient;
  caches: RolloutCaches;
  rollout: Rollout;
  routers: ObservedRouter[];
  /** Takes in the server's answer to a write on a router's object. */
  observeRouterObject(object: KubeObject): void;
}

export interface Applied {
  /** What was done, in order. */
  done: Effect[];
  /** The Rollout's resourceVersion, as observed or as our own write has moved it on. */
  resourceVersion: string | undefined;
  /** What went wrong, in order; the first decides when to look again. */
  failures: { effect: Effect; error: unknown }[];
}

/** The field manager of all that is written for Rollouts. */
export const MANAGER = 'headgate';

function resourceOf({ group, version, plural, kind }: RouterPatch['target']): Resource {
  return { group, version, plural, kind, namespaced: true };
}

/** Sets the canary's share and the routes in the objects of all routers; each is tried, and the first failure is thrown. */
export async function setTraffic(
  { client, rollout, routers, observeRouterObject }: Omit<ApplyContext, 'caches'>,
  traffic: { weight: number; routes: ManagedRoute[] },
): Promise<undefined> {
  const target = trafficTarget(rollout, traffic.weight, traffic.routes);
  const patches = routers.flatMap(
    ({ router, configuration, observed }) => router.render(configuration, observed, target).patches,
  );
  const errors: unknown[] = [];
  for (const { target: object, patch } of patches) {
    try {
      observeRouterObject(
        await client.patch(resourceOf(object), object, { type: 'json', body: patch, fieldManager: MANAGER }),
      );
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

/** Creates an object under a name that was settled before; one of ours that is there already is the same success. */
async function createOwned<T extends KubeObject>(
  context: ApplyContext,
  resource: Resource<T>,
  cache: Cache<T>,
  object: T,
): Promise<undefined> {
  try {
    cache.observe(await context.client.create(resource, object));
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const { namespace, name } = object.metadata;
    const there = await context.client.get(resource, { ...(namespace ? { namespace } : {}), name });
    const owner = there?.metadata.ownerReferences?.find((reference) => reference.controller);
    if (!there || owner?.uid !== context.rollout.metadata.uid) {
      throw new Waiting('NameTaken', `${resource.kind} ${name} exists and belongs to someone else`, 5, {
        cause: error,
      });
    }
    cache.observe(there);
  }
}

/** With the observed resourceVersion, so that the status write after it still meets exactly what was observed. */
async function patchRollout(
  { client, caches, rollout }: ApplyContext,
  change: { metadata?: object; spec?: object },
): Promise<string | undefined> {
  const { namespace = '', name, resourceVersion } = rollout.metadata;
  const body = { ...change, metadata: { resourceVersion, ...change.metadata } };
  const written = await client.patch(rollouts, { namespace, name }, { type: 'merge', body, fieldManager: MANAGER });
  caches.rollouts.observe(written);
  return written.metadata.resourceVersion;
}

async function patchReplicaSet(
  { client, caches, rollout }: ApplyContext,
  name: string,
  body: { metadata?: object; spec?: object },
): Promise<undefined> {
  const { namespace = '' } = rollout.metadata;
  const written = await client.patch(replicaSets, { namespace, name }, { type: 'merge', body, fieldManager: MANAGER });
  caches.replicaSets.observe(written);
}

/** As long as nobody else has changed it since it was observed. */
function claimReplicaSet(
  context: ApplyContext,
  { name, uid, owners }: Extract<Effect, { kind: 'claimReplicaSet' }>,
): Promise<undefined> {
  const { namespace = '' } = context.rollout.metadata;
  const { resourceVersion } = context.caches.replicaSets.get(namespace, name)?.metadata ?? {};
  return patchReplicaSet(context, name, { metadata: { uid, resourceVersion, ownerReferences: owners } });
}

/** In this order: pods that are made meanwhile come from the new template, and what a crash leaves undone is still noted. */
async function setMetadata(
  { client, caches, rollout }: ApplyContext,
  { name, uid, metadata, annotations, podSelector }: Extract<Effect, { kind: 'setMetadata' }>,
): Promise<undefined> {
  const { namespace = '' } = rollout.metadata;
  const write = async (body: object) =>
    caches.replicaSets.observe(
      await client.patch(replicaSets, { namespace, name }, { type: 'merge', body, fieldManager: MANAGER }),
    );
  await write({ metadata: { annotations }, spec: { template: { metadata } } });
  if (podSelector === undefined) return;
  await patchPods(client, { namespace, labelSelector: podSelector, owner: uid }, metadata);
  await write({ metadata: { annotations: { [PENDING_METADATA]: null } } });
}

/** A JSON patch, because a merge would keep what is left out. */
async function setAffinity(
  { client, caches, rollout }: ApplyContext,
  { name, affinity }: Extract<Effect, { kind: 'setAffinity' }>,
): Promise<undefined> {
  const { namespace = '' } = rollout.metadata;
  const path = '/spec/template/spec/affinity';
  const body = [affinity === null ? { op: 'remove', path } : { op: 'add', path, value: affinity }];
  caches.replicaSets.observe(
    await client.patch(replicaSets, { namespace, name }, { type: 'json', body, fieldManager: MANAGER }),
  );
}

/** Answers with the Rollout's new resourceVersion where the effect was on the Rollout itself. */
async function perform(context: ApplyContext, effect: Effect): Promise<string | undefined> {
  const { client, caches, rollout } = context;
  const { namespace = '' } = rollout.metadata;
  const key = (name: string) => ({ namespace, name });
  const merge = (body: unknown) => ({ type: 'merge', body, fieldManager: MANAGER }) as const;
  switch (effect.kind) {
    case 'setTraffic':
      return setTraffic(context, effect);
    case 'annotateReplicaSet':
      return patchReplicaSet(context, effect.name, { metadata: { annotations: effect.annotations } });
    case 'setMinReadySeconds':
      return patchReplicaSet(context, effect.name, { spec: { minReadySeconds: effect.seconds } });
    case 'annotateRollout':
      return patchRollout(context, { metadata: { annotations: effect.annotations } });
    case 'createReplicaSet':
      return createOwned(context, replicaSets, caches.replicaSets, effect.object);
    case 'claimReplicaSet':
      return claimReplicaSet(context, effect);
    case 'setReplicas':
      return patchRollout(context, { spec: { replicas: effect.replicas } });
    case 'setTemplate':
      return patchRollout(context, {
        spec: { template: mergeDiff(rollout.spec.template ?? {}, effect.template) ?? {} },
      });
    case 'scaleReplicaSet':
      return patchReplicaSet(context, effect.name, {
        metadata: { annotations: effect.annotations },
        ...(effect.from === effect.to ? {} : { spec: { replicas: effect.to } }),
      });
    case 'switchService':
      caches.services.observe(
        await client.patch(
          services,
          key(effect.name),
          merge({
            metadata: { annotations: { [MANAGED_BY]: rollout.metadata.name } },
            spec: { selector: { [POD_TEMPLATE_HASH]: effect.hash } },
          }),
        ),
      );
      return;
    case 'setMetadata':
      return setMetadata(context, effect);
    case 'setAffinity':
      return setAffinity(context, effect);
    case 'evictPods':
      return evictPods(client, namespace, effect);
    case 'createRun':
      return createOwned(context, analysisRuns, caches.runs, effect.object);
    case 'terminateRun':
      caches.runs.observe(await client.patch(analysisRuns, key(effect.name), merge({ spec: { terminate: true } })));
      return;
    case 'deleteReplicaSet':
      await client.delete(replicaSets, key(effect.name), { uid: effect.uid, propagation: 'Background' });
      return;
    case 'deleteRun':
      await client.delete(analysisRuns, key(effect.name), { uid: effect.uid, propagation: 'Background' });
      return;
    case 'scaleWorkload': {
      const { workload: kind, name, resourceVersion, mark } = effect;
      await patchWorkload({ client, workloads: caches.workloads }, { kind, namespace, name }, resourceVersion, {
        replicas: mark.to,
        mark,
      });
      return;
    }
  }
}

/** The Rollout as observed, and as our own writes have moved it on: a second write must not meet the first as a conflict. */
function at(rollout: Rollout, resourceVersion: string | undefined): Rollout {
  if (resourceVersion === rollout.metadata.resourceVersion) return rollout;
  return { ...rollout, metadata: { ...rollout.metadata, ...(resourceVersion && { resourceVersion }) } };
}

function raises(effect: Effect): boolean {
  return effect.kind === 'setTraffic' && !lowersTraffic(effect);
}

/**
 * Carries a plan out, in its order. Every effect is tried, so that no failure keeps traffic on a bad canary; only raising
 * the canary's share needs all else to have succeeded.
 */
export async function apply(context: ApplyContext, effects: Effect[]): Promise<Applied> {
  const applied: Applied = { done: [], failures: [], resourceVersion: context.rollout.metadata.resourceVersion };
  for (const effect of effects) {
    if (raises(effect) && applied.failures.length > 0) continue;
    try {
      const rollout = at(context.rollout, applied.resourceVersion);
      applied.resourceVersion = (await perform({ ...context, rollout }, effect)) ?? applied.resourceVersion;
      applied.done.push(effect);
    } catch (error) {
      // Gone meanwhile: the next observation shows it.
      if (!isNotFound(error)) applied.failures.push({ effect, error });
    }
  }
  return applied;
}
