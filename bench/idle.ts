import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditEntry } from '../src/sandbox/api/index.ts';
import { type ControllerProcess, startController } from './controller.ts';
import type { Program } from './program.ts';
import { createStage, isHealthy, type Stage } from './stage.ts';
import { rounded } from './statistics.ts';

export interface Idle {
  rssMiB: number;
  peakRssMiB: number;
  apiWritesPerMinute: number;
  cpuSecondsPerMinute: number;
  seconds: number;
  /** After a restart with every Rollout at rest: from the process's start until each has had a pass. */
  allSyncedSeconds: number;
  eventsWrittenAtStart: number;
  apiWritesAtStart: number;
  /** Before that, once: from nothing to every Rollout healthy, by the controller. */
  installSeconds: number;
  installEvents: Record<string, number>;
}

export interface IdleOptions {
  program: Program;
  rollouts: number;
  namespaces: number;
  warmUpSeconds: number;
  seconds: number;
}

const LONGEST_INSTALL_SECONDS = 300;
const WRITES = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

/** What clients wrote over HTTP; a lease renewed is no write that anybody waits for. */
function createLedger() {
  let writes: AuditEntry[] = [];
  return {
    hear(entry: AuditEntry) {
      if (WRITES.has(entry.verb) && entry.resource !== 'leases') writes.push(entry);
    },
    /** Everything since the last call. */
    take() {
      const taken = writes;
      writes = [];
      return { all: taken.length, events: taken.filter(({ resource }) => resource === 'events').length };
    },
  };
}

type Ledger = ReturnType<typeof createLedger>;

function eventsByReason({ api: { store } }: Stage): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const event of store.list('Event') as unknown as { reason: string }[]) {
    counts[event.reason] = (counts[event.reason] ?? 0) + 1;
  }
  return counts;
}

/** Waits until nothing was written for so long. */
async function quiet(ledger: Ledger, seconds: number): Promise<void> {
  do await sleep(seconds * 1000);
  while (ledger.take().all > 0);
}

/** Brings every Rollout to rest as a controller does, so that what is measured afterwards is what a controller leaves. */
async function installAll(
  stage: Stage,
  ledger: Ledger,
  { program, rollouts, namespaces }: IdleOptions,
): Promise<number> {
  const names = Array.from({ length: rollouts }, (_, index) => ({
    namespace: `team-${index % namespaces}`,
    name: `app-${index}`,
  }));
  for (const each of names) stage.install({ ...each, replicas: 2 });
  const began = performance.now();
  const controller = await startController(stage.api.kubeconfig(), program);
  const waiting = new Set(names);
  const settled = () => {
    for (const each of waiting) {
      if (isHealthy(stage.rollout(each.namespace, each.name))) waiting.delete(each);
      else return false;
    }
    return true;
  };
  await stage.until(`${rollouts} Rollouts healthy`, settled, LONGEST_INSTALL_SECONDS);
  const seconds = (performance.now() - began) / 1000;
  await quiet(ledger, 3);
  await controller.stop();
  return seconds;
}

/** Every Rollout has had a pass, and none waits for another. */
async function allSynced(controller: ControllerProcess, rollouts: number): Promise<void> {
  const passes = () => controller.metric('workqueue_passes_total', 'name="Rollouts"');
  const waiting = () => controller.metric('workqueue_depth', 'name="Rollouts"');
  while ((await passes()) < rollouts || (await waiting()) > 0) await sleep(250);
}

async function rest(controller: ControllerProcess, ledger: Ledger, seconds: number) {
  const before = await controller.usage();
  ledger.take();
  await sleep(seconds * 1000);
  const writes = ledger.take().all;
  const after = await controller.usage();
  const perMinute = 60 / seconds;
  return {
    rssMiB: rounded(after.rssMiB, 1),
    peakRssMiB: rounded(after.peakRssMiB, 1),
    apiWritesPerMinute: rounded(writes * perMinute, 1),
    cpuSecondsPerMinute: rounded((after.cpuSeconds - before.cpuSeconds) * perMinute, 2),
    seconds,
  };
}

/** A controller that is started over Rollouts at rest, and then has nothing to do. */
export async function measureIdle(options: IdleOptions): Promise<Idle> {
  const { program } = options;
  const ledger = createLedger();
  const stage = await createStage(ledger.hear);
  try {
    const installSeconds = await installAll(stage, ledger, options);
    const installEvents = eventsByReason(stage);
    ledger.take();
    const began = performance.now();
    const controller = await startController(stage.api.kubeconfig(), program);
    try {
      await allSynced(controller, options.rollouts);
      const allSyncedSeconds = (performance.now() - began) / 1000;
      await sleep(options.warmUpSeconds * 1000);
      const atStart = ledger.take();
      return {
        ...(await rest(controller, ledger, options.seconds)),
        allSyncedSeconds: rounded(allSyncedSeconds, 2),
        eventsWrittenAtStart: atStart.events,
        apiWritesAtStart: atStart.all,
        installSeconds: rounded(installSeconds, 1),
        installEvents,
      };
    } finally {
      await controller.stop();
    }
  } finally {
    await stage.stop();
  }
}
