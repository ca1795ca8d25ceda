import { performance } from 'node:perf_hooks';
import type { Rollout } from '../../src/api/index.ts';
import type { Cache } from '../../src/kube/cache.ts';
import { httpRoutes, replicaSets, rollouts } from '../../src/kube/resources.ts';
import type { ControllerProcess } from '../controller.ts';
import type { Program } from '../program.ts';
import { quantile, rounded } from '../statistics.ts';
import { type Application, install, release } from './applications.ts';
import type { Writes } from './ledger.ts';
import { listenToRoutes } from './routes.ts';
import { usageOfServers } from './servers.ts';
import { forEach, type RealStage, until } from './stage.ts';

export interface Concurrent {
  /** From the first patch to the last Rollout Healthy on the new revision. */
  seconds: number;
  /** The median time from a Rollout's own patch to its being Healthy; the longest beside it, and the median's share of `seconds`. */
  p50Seconds: number;
  longestSeconds: number;
  p50ShareOfAll: number;
  /** How long giving all of them the new image took. */
  patchSeconds: number;
  /** Besides Events, whatever they were answered with, until everything is at rest. */
  writesPerRollout: number;
  conflictsPerRollout: number;
  writes: Record<string, number>;
  eventsPerRollout: number;
  /** Events that the controller told of and that the API server does not hold. */
  eventsLost: number;
  controllerCpuSeconds: number;
  rssMiB: number;
  peakRssMiB: number;
  /** From the last Healthy until nothing is written any more: delayed scaling down, and Events that still wait. */
  restSeconds: number;
  /** CPU seconds of the world's servers in the same time: on a small machine they are what all wait for. */
  serversCpuSeconds: Record<string, number>;
  /** From a route's change to its being accepted by the gateway's controller. */
  routeAcceptSeconds?: { p50: number; p99: number };
}

export interface ConcurrentOptions {
  program: Program;
  rollouts: number;
  /** Pods of each, and its steps in percent. */
  replicas: number;
  weights: readonly number[];
  withRoutes: boolean;
}

const NAMESPACE = 'concurrent';
const LONGEST_SECONDS = 900;

function isHealthyAt({ status }: Rollout, generation: number): boolean {
  const { phase, observedGeneration, stableRS, currentPodHash } = status ?? {};
  return phase === 'Healthy' && Number(observedGeneration) >= generation && stableRS === currentPodHash;
}

async function installAll(stage: RealStage, applications: Application[], known: Cache<Rollout>): Promise<void> {
  await stage.createNamespace(NAMESPACE);
  await forEach(applications, (application) => install(stage, application));
  const settled = () => known.list(NAMESPACE).filter((rollout) => isHealthyAt(rollout, 1)).length;
  await until('all installed', LONGEST_SECONDS, () => settled() === applications.length);
  await stage.ledger.quiet(3);
}

/** Gives every application its new image; answers with when each was asked and when it was done. */
async function releaseAll(stage: RealStage, applications: Application[], known: Cache<Rollout>) {
  const asked = new Map<string, { at: number; generation: number }>();
  const done = new Map<string, number>();
  const look = (rollout: Rollout) => {
    const { name } = rollout.metadata;
    const request = asked.get(name);
    if (request && !done.has(name) && isHealthyAt(rollout, request.generation)) done.set(name, performance.now());
  };
  const stop = known.onChange(look);
  const began = performance.now();
  await forEach(applications, async (application) => {
    const at = performance.now();
    asked.set(application.name, { at, generation: await release(stage, application) });
  });
  const patched = performance.now();
  await until('all Healthy again', LONGEST_SECONDS, () => done.size === applications.length);
  stop();
  const waits = [...done].map(([name, at]) => (at - (asked.get(name)?.at ?? at)) / 1000);
  return { seconds: (Math.max(...done.values()) - began) / 1000, patchSeconds: (patched - began) / 1000, waits };
}

/** The old revisions are down, and nothing more is written. */
async function atRest({ client, ledger }: RealStage, count: number): Promise<void> {
  const serving = async () =>
    (await client.list(replicaSets, { namespace: NAMESPACE })).filter(({ spec }) => spec.replicas !== 0).length;
  while ((await serving()) > count) await ledger.quiet(2);
  await ledger.quiet(3);
}

async function measureRelease(stage: RealStage, controller: ControllerProcess, options: ConcurrentOptions) {
  const { ledger, state } = stage;
  const { rollouts: count, replicas, weights } = options;
  const gateway = options.withRoutes ? state.gateway : undefined;
  const names = Array.from({ length: count }, (_, index) => `app-${String(index).padStart(4, '0')}`);
  const applications = names.map((name) => ({ namespace: NAMESPACE, name, replicas, weights, gateway }));
  const caches = stage.createCaches();
  const known = caches.cache(rollouts);
  const routes = gateway && listenToRoutes(caches.cache(httpRoutes));
  await caches.start();
  try {
    await installAll(stage, applications, known);
    const told = () => controller.metric('rollout_events_total', '');
    const before = { mark: await ledger.mark(), told: await told(), cpu: (await controller.usage()).cpuSeconds };
    const serversBefore = await usageOfServers(state);
    routes?.begin();
    const times = await releaseAll(stage, applications, known);
    const healthy = performance.now();
    const servers = await usageOfServers(state);
    const serversCpuSeconds = Object.fromEntries(
      Object.entries(servers).map(([name, seconds]) => [name, rounded(seconds - (serversBefore[name] ?? 0), 1)]),
    );
    await atRest(stage, count);
    const restSeconds = (performance.now() - healthy) / 1000;
    const usage = await controller.usage();
    const writes = await ledger.between(before.mark, await ledger.mark());
    const eventsTold = (await told()) - before.told;
    const accepted = routes?.waits();
    return summary({
      count,
      times,
      restSeconds,
      writes,
      eventsTold,
      usage,
      cpuBefore: before.cpu,
      serversCpuSeconds,
      accepted,
    });
  } finally {
    await caches.stop();
  }
}

interface Measured {
  count: number;
  times: Awaited<ReturnType<typeof releaseAll>>;
  restSeconds: number;
  writes: Writes;
  eventsTold: number;
  usage: Awaited<ReturnType<ControllerProcess['usage']>>;
  cpuBefore: number;
  serversCpuSeconds: Record<string, number>;
  accepted: number[] | undefined;
}

function summary(measured: Measured): Concurrent {
  const { count, times, restSeconds, writes, eventsTold, usage, cpuBefore, serversCpuSeconds, accepted } = measured;
  const p50 = quantile(times.waits, 0.5);
  return {
    seconds: rounded(times.seconds, 1),
    p50Seconds: rounded(p50, 1),
    longestSeconds: rounded(quantile(times.waits, 1), 1),
    p50ShareOfAll: rounded(p50 / times.seconds, 2),
    patchSeconds: rounded(times.patchSeconds, 1),
    writesPerRollout: rounded(writes.objects / count, 2),
    conflictsPerRollout: rounded(writes.conflicts / count, 3),
    writes: writes.byKind,
    eventsPerRollout: rounded(writes.events / count, 2),
    eventsLost: eventsTold - writes.events,
    controllerCpuSeconds: rounded(usage.cpuSeconds - cpuBefore, 1),
    rssMiB: rounded(usage.rssMiB, 1),
    peakRssMiB: rounded(usage.peakRssMiB, 1),
    restSeconds: rounded(restSeconds, 1),
    serversCpuSeconds,
    ...(accepted && {
      routeAcceptSeconds: { p50: rounded(quantile(accepted, 0.5), 2), p99: rounded(quantile(accepted, 0.99), 2) },
    }),
  };
}

/** Everyone gets a new image at once. They are installed and at rest before; that is not measured. */
export async function measureConcurrent(stage: RealStage, options: ConcurrentOptions): Promise<Concurrent> {
  const controller = await stage.startController(options.program);
  try {
    return await measureRelease(stage, controller, options);
  } finally {
    await controller.stop();
  }
}
