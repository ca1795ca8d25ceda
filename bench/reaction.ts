import { performance } from 'node:perf_hooks';
import type { AnalysisRun, Rollout } from '../src/api/index.ts';
import { startController } from './controller.ts';
import { PROMETHEUS } from './manifests.ts';
import type { Program } from './program.ts';
import { type ScriptedPrometheus, startPrometheus } from './prometheus.ts';
import { createStage, isHealthy, isInMidCanary, type Stage } from './stage.ts';
import { quantile, rounded } from './statistics.ts';

export interface Reaction {
  bad_sample_to_route_ms: { p50: number; p99: number; max: number; n: number };
  /** Medians of the same samples: the verdict persisted before, and the Rollout's status after the route. */
  bad_sample_to_verdict_ms: { p50: number; p99: number };
  bad_sample_to_status_ms: { p50: number; p99: number };
  canaries_in_flight: number;
}

export interface ReactionOptions {
  program: Program;
  samples: number;
  canaries: number;
}

/** Milliseconds from the first bad answer. */
interface Sample {
  verdict: number;
  route: number;
  status: number;
}

const NAMESPACE = 'reaction';
const LONGEST_WAIT_SECONDS = 60;

interface Route {
  metadata: { name: string };
  spec: { rules: { backendRefs: { name: string; weight: number }[] }[] };
}

/** The instants at which the API server held what one application waits for. */
interface Instants {
  verdict?: number;
  route?: number;
  status?: number;
}

function canaryWeight(route: Route): number | undefined {
  return route.spec.rules[0]?.backendRefs.find(({ name }) => name.endsWith('-canary'))?.weight;
}

/** Notes when each of the three facts reached the API server. */
function observeFacts({ api: { store } }: Stage, name: string, from: AnalysisRun['metadata']['name']) {
  const instants: Instants = {};
  let complete = () => {};
  const done = new Promise<void>((resolve) => {
    complete = resolve;
  });
  const note = (fact: keyof Instants, holds: boolean) => {
    if (holds) instants[fact] ??= performance.now();
    if (instants.verdict !== undefined && instants.route !== undefined && instants.status !== undefined) complete();
  };
  const stops = [
    store.watch<AnalysisRun>('AnalysisRun', (_, { metadata, status }) =>
      note('verdict', metadata.name === from && status?.phase === 'Failed'),
    ),
    store.watch('HTTPRoute', (_, object) => {
      const route = object as unknown as Route;
      note('route', route.metadata.name === name && canaryWeight(route) === 0);
    }),
    store.watch<Rollout>('Rollout', (_, { metadata, status }) =>
      note('status', metadata.name === name && status?.abort === true),
    ),
  ];
  return {
    async all(): Promise<Required<Instants>> {
      await done;
      for (const stop of stops) stop();
      return instants as Required<Instants>;
    },
  };
}

async function takeSample(stage: Stage, prometheus: ScriptedPrometheus, name: string): Promise<Sample> {
  await stage.until(`${name} in mid-canary`, () => isInMidCanary(stage.rollout(NAMESPACE, name)), LONGEST_WAIT_SECONDS);
  const run = stage.rollout(NAMESPACE, name).status?.canary?.currentBackgroundAnalysisRunStatus?.name ?? '';
  const facts = observeFacts(stage, name, run);
  const began = await prometheus.turnBad(name);
  const { verdict, route, status } = await facts.all();
  prometheus.turnGood(name);
  return { verdict: verdict - began, route: route - began, status: status - began };
}

async function takeSamples(stage: Stage, prometheus: ScriptedPrometheus, names: string[], count: number) {
  const all = () => names.map((name) => stage.rollout(NAMESPACE, name));
  await stage.until('all installed', () => all().every(isHealthy), LONGEST_WAIT_SECONDS);
  for (const name of names) stage.release(NAMESPACE, name, 1);
  const samples: Sample[] = [];
  for (let turn = 0; turn < count; turn++) {
    const name = names[turn % names.length] ?? '';
    samples.push(await takeSample(stage, prometheus, name));
    // The one before has come to rest meanwhile: its next release is not part of any sample.
    const before = turn - 1;
    if (before >= 0)
      stage.release(NAMESPACE, names[before % names.length] ?? '', 2 + Math.floor(before / names.length));
  }
  return samples;
}

/**
 * Canaries wait in mid-flight, each judged once a second; one at a time turns bad. What is measured runs from the bytes
 * of the first bad answer being handed to the socket to the API server's having committed weight 0 on the route.
 */
export async function measureReaction({ program, samples: count, canaries }: ReactionOptions): Promise<Reaction> {
  const stage = await createStage();
  const prometheus = await startPrometheus();
  const names = Array.from({ length: canaries }, (_, index) => `web-${String(index).padStart(2, '0')}`);
  for (const name of names) stage.install({ namespace: NAMESPACE, name, replicas: 1 });
  const controller = await startController(stage.api.kubeconfig(), program, [
    '--resolve',
    `${PROMETHEUS}=127.0.0.1:${prometheus.port}`,
  ]);
  try {
    return summary(await takeSamples(stage, prometheus, names, count), canaries);
  } finally {
    await controller.stop();
    await prometheus.stop();
    await stage.stop();
  }
}

function summary(samples: Sample[], canaries: number): Reaction {
  const of = (fact: keyof Sample, share: number) =>
    rounded(
      quantile(
        samples.map((sample) => sample[fact]),
        share,
      ),
      1,
    );
  const both = (fact: keyof Sample) => ({ p50: of(fact, 0.5), p99: of(fact, 0.99) });
  return {
    bad_sample_to_route_ms: { ...both('route'), max: of('route', 1), n: samples.length },
    bad_sample_to_verdict_ms: both('verdict'),
    bad_sample_to_status_ms: both('status'),
    canaries_in_flight: canaries,
  };
}
