import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Rollout } from '../../src/api/index.ts';
import { events, rollouts } from '../../src/kube/resources.ts';
import type { ControllerProcess } from '../controller.ts';
import type { Idle } from '../idle.ts';
import type { Program } from '../program.ts';
import { rounded } from '../statistics.ts';
import { install } from './applications.ts';
import { forEach, type RealStage, until } from './stage.ts';

export interface IdleOptions {
  program: Program;
  rollouts: number;
  namespaces: number;
  warmUpSeconds: number;
  seconds: number;
}

const LONGEST_INSTALL_SECONDS = 900;

async function eventsByReason({ client }: RealStage): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { reason = '', source } of await client.list(events)) {
    if (source?.component === 'rollouts-controller') counts[reason] = (counts[reason] ?? 0) + 1;
  }
  return counts;
}

/** Brings every Rollout to rest as a controller does, so that what is measured afterwards is what a controller leaves. */
async function installAll(stage: RealStage, { program, rollouts: count, namespaces }: IdleOptions): Promise<number> {
  const teams = Array.from({ length: namespaces }, (_, index) => `team-${index}`);
  for (const team of teams) await stage.createNamespace(team);
  const applications = Array.from({ length: count }, (_, index) => ({
    namespace: `team-${index % namespaces}`,
    name: `app-${index}`,
    replicas: 2,
    weights: [25, 50, 75],
    gateway: stage.state.gateway,
  }));
  await forEach(applications, (application) => install(stage, application));
  const caches = stage.createCaches();
  const known = caches.cache(rollouts);
  const isHealthy = ({ status }: Rollout) => status?.phase === 'Healthy';
  await caches.start();
  const began = performance.now();
  const controller = await stage.startController(program);
  await until('all healthy', LONGEST_INSTALL_SECONDS, () => known.list().filter(isHealthy).length === count);
  const seconds = (performance.now() - began) / 1000;
  await stage.ledger.quiet(3);
  await controller.stop();
  await caches.stop();
  return seconds;
}

/** Every Rollout has had a pass, and none waits for another. */
async function allSynced(controller: ControllerProcess, count: number): Promise<void> {
  const passes = () => controller.metric('workqueue_passes_total', 'name="Rollouts"');
  const waiting = () => controller.metric('workqueue_depth', 'name="Rollouts"');
  await until('all synced', LONGEST_INSTALL_SECONDS, async () => (await passes()) >= count && (await waiting()) === 0);
}

async function rest({ ledger }: RealStage, controller: ControllerProcess, seconds: number) {
  const before = await controller.usage();
  const from = await ledger.mark();
  await sleep(seconds * 1000);
  const writes = await ledger.between(from, await ledger.mark());
  const after = await controller.usage();
  const perMinute = 60 / seconds;
  return {
    rssMiB: rounded(after.rssMiB, 1),
    peakRssMiB: rounded(after.peakRssMiB, 1),
    apiWritesPerMinute: rounded((writes.objects + writes.events) * perMinute, 1),
    cpuSecondsPerMinute: rounded((after.cpuSeconds - before.cpuSeconds) * perMinute, 2),
    seconds,
  };
}

/** A controller that is started over Rollouts at rest, and then has nothing to do. */
export async function measureIdle(stage: RealStage, options: IdleOptions): Promise<Idle> {
  const { ledger } = stage;
  const installSeconds = await installAll(stage, options);
  const installEvents = await eventsByReason(stage);
  const from = await ledger.mark();
  const began = performance.now();
  const controller = await stage.startController(options.program);
  try {
    await allSynced(controller, options.rollouts);
    const allSyncedSeconds = (performance.now() - began) / 1000;
    await sleep(options.warmUpSeconds * 1000);
    const atStart = await ledger.between(from, await ledger.mark());
    return {
      ...(await rest(stage, controller, options.seconds)),
      allSyncedSeconds: rounded(allSyncedSeconds, 2),
      eventsWrittenAtStart: atStart.events,
      apiWritesAtStart: atStart.objects + atStart.events,
      installSeconds: rounded(installSeconds, 1),
      installEvents,
    };
  } finally {
    await controller.stop();
  }
}
