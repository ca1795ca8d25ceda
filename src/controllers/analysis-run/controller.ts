import { type Decision, decide, type OutagePolicy } from '../../analysis/index.ts';
import type { AnalysisRun, Metric } from '../../api/index.ts';
import type { Clock } from '../../clock.ts';
import type { Cache } from '../../kube/cache.ts';
import type { KubeClient } from '../../kube/client.ts';
import { analysisRuns } from '../../kube/resources.ts';
import type { Log } from '../../log.ts';
import type { MetricProvider } from '../../metrics/provider.ts';
import { keyOf, splitKey } from '../keys.ts';
import { createQueue, type PassResult, type QueueMetrics } from '../queue.ts';
import { measure } from './apply.ts';
import { createMeasurements } from './measurements.ts';
import { observe } from './observe.ts';
import { createPools } from './pool.ts';
import { type Emit, emitTransitions, writeStatus } from './report.ts';

export interface AnalysisRunControllerOptions {
  client: KubeClient;
  runs: Cache<AnalysisRun>;
  clock: Clock;
  log: Log;
  providers: ReadonlyMap<string, MetricProvider>;
  emit: Emit;
  /** What an outage of a backend does; `hold` when not given. */
  outages?: OutagePolicy;
  /** Runs that may have a pass at the same time. */
  concurrency?: number;
  /** Questions that may be under way at one backend. */
  questionsPerBackend?: number;
  metrics?: QueueMetrics;
  /**
   * Called with every verdict that ends a run other than well, after the attempt to write it down and whatever that
   * answered: lowering canary traffic waits for nothing.
   */
  onBadVerdict?: (run: AnalysisRun) => void;
}

export interface AnalysisRunController {
  /** Begins with all runs that the cache holds; call it once the cache is synced. */
  start(): void;
  /** No new pass and no new question begins; resolves when the passes under way have ended. */
  stop(): Promise<void>;
}

export function createAnalysisRunController(options: AnalysisRunControllerOptions): AnalysisRunController {
  const { client, runs, clock, log, providers, emit } = options;
  const measurements = createMeasurements();
  const pools = createPools(options.questionsPerBackend ?? 16);
  const queue = createQueue({
    name: 'analysis-run',
    clock,
    log,
    concurrency: options.concurrency ?? 30,
    reconcile,
    ...(options.metrics && { metrics: options.metrics }),
  });
  let unsubscribe = () => {};

  async function reconcile(key: string): Promise<PassResult | undefined> {
    const run = found(runs, key);
    if (run === undefined) return undefined;
    const seen = observe(run, { measurements, providers, outages: options.outages ?? 'hold', now: clock.now() });
    const decision = decide(seen);
    if (decision.expired) {
      await remove(run);
      return undefined;
    }
    const written = await report(run, decision);
    const uid = run.metadata.uid ?? '';
    measurements.settle(uid, seen.finished);
    if (written === undefined || decision.ended) measurements.forget(uid);
    else start(written, decision.measure, key);
    return decision;
  }

  async function report(run: AnalysisRun, decision: Decision): Promise<AnalysisRun | undefined> {
    try {
      const written = await writeStatus(client, run, decision);
      if (written === undefined) return undefined;
      runs.observe(written);
      emitTransitions(emit, written, decision.transitions);
      return written;
    } finally {
      const { phase } = decision.status;
      const isNews = decision.transitions.some((each) => each.of === 'run');
      if (isNews && decision.ended && phase !== 'Successful')
        options.onBadVerdict?.({ ...run, status: decision.status });
    }
  }

  /** A new run that asks an unknown provider is refused; one that another controller has begun must not fail of it. */
  function isDriven({ provider }: Metric): boolean {
    return Object.entries(provider ?? {}).some(([key, settings]) => settings != null && providers.has(key));
  }

  function start(run: AnalysisRun, names: readonly string[], key: string): void {
    for (const metric of (run.spec.metrics ?? []).filter(({ name }) => names.includes(name))) {
      if (!isDriven(metric)) continue;
      const release = clock.busy();
      const done = () => {
        queue.add(key);
        release();
      };
      const work = () => measure(run, metric, { client, clock, providers, pools });
      if (!measurements.start(run.metadata.uid ?? '', metric.name, work, { done, dropped: release })) release();
    }
  }

  async function remove({ metadata: { namespace, name, uid } }: AnalysisRun): Promise<void> {
    const at = { ...(namespace !== undefined && { namespace }), name };
    await client.delete(analysisRuns, at, { ...(uid !== undefined && { uid }), propagation: 'Background' });
  }

  return {
    start() {
      unsubscribe = runs.onChange((run, change) => {
        if (change === 'deleted') measurements.forget(run.metadata.uid ?? '');
        else queue.add(keyOf(run));
      });
      for (const run of runs.list()) queue.add(keyOf(run));
    },
    async stop() {
      unsubscribe();
      await queue.stop();
    },
  };
}

/** The run of a key, unless it is gone or on its way out. */
function found(runs: Cache<AnalysisRun>, key: string): AnalysisRun | undefined {
  const { namespace, name } = splitKey(key);
  const run = runs.get(namespace, name);
  return run?.metadata.deletionTimestamp === undefined ? run : undefined;
}
