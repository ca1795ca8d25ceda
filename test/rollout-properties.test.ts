import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CanaryStep, CanaryStrategy, ReplicaProgressThreshold } from '../src/api/index.ts';
import { maxSurge, maxUnavailable, POD_TEMPLATE_HASH } from '../src/api/index.ts';
import {
  type Decision,
  decide,
  type Effect,
  type Facts,
  factsOf,
  hashOf,
  nameOf,
  type Observation,
} from '../src/rollout/index.ts';
import {
  createWorld,
  finishRun,
  observe,
  perform,
  podsCatchUp,
  setAvailable,
  user,
  type World,
  type WorldOptions,
  writeStatus,
} from './transcripts/world.ts';

/** One thing that happens to a Rollout. */
type Happening =
  | { kind: 'pass' }
  /** The controller dies after so many effects, and writes no status. */
  | { kind: 'crash'; after: number }
  /** The caches are as old as the last `remember`; a status write against an old object is refused. */
  | { kind: 'stalePass' }
  | { kind: 'remember' }
  | { kind: 'template'; version: number }
  | { kind: 'user'; what: 'abort' | 'retry' | 'promote' | 'promoteFull' | 'skip' | 'pause' | 'resume' }
  | { kind: 'scale'; replicas: number }
  | { kind: 'restart'; seconds: number }
  | { kind: 'budget'; allows: number | undefined }
  | { kind: 'time'; seconds: number }
  | { kind: 'podsFollow'; follow: boolean }
  | { kind: 'podsDie'; index: number; left: number }
  | { kind: 'router'; follows: boolean }
  | { kind: 'endpoints'; follow: boolean }
  | { kind: 'verdict'; index: number; phase: 'Running' | 'Successful' | 'Failed' | 'Error' | 'Inconclusive' }
  | { kind: 'problem'; on: boolean };

const canaryScale = fc.constantFrom<CanaryStep>(
  { setCanaryScale: { replicas: 2 } },
  { setCanaryScale: { weight: 60 } },
  { setCanaryScale: { matchTrafficWeight: true } },
);

const testers = [{ headerName: 'X-Tester', headerValue: { exact: 'yes' } }];
const managedRoute = fc.constantFrom<CanaryStep>(
  { setHeaderRoute: { name: 'testers', match: testers } },
  { setHeaderRoute: { name: 'testers' } },
  { setMirrorRoute: { name: 'shadow', match: [{ path: { prefix: '/' } }] } },
  { setMirrorRoute: { name: 'shadow', match: [{ path: { prefix: '/' } }], percentage: 5 } },
);

const step: fc.Arbitrary<CanaryStep> = fc.oneof(
  fc.integer({ min: 0, max: 100 }).map((setWeight) => ({ setWeight })),
  fc.constantFrom<CanaryStep>({ pause: {} }, { pause: { duration: '30s' } }, { pause: { duration: '10m' } }),
  fc.constant<CanaryStep>({ analysis: { templates: [{ templateName: 'success-rate' }] } }),
);

const PING_PONG = {
  canaryService: undefined,
  stableService: undefined,
  pingPong: { pingService: 'web-ping', pongService: 'web-pong' },
} as unknown as Partial<CanaryStrategy>;

const router: Partial<CanaryStrategy> = {
  canaryService: 'web-canary',
  stableService: 'web-stable',
  trafficRouting: {
    managedRoutes: [{ name: 'testers' }, { name: 'shadow' }],
    plugins: { 'argoproj-labs/gatewayAPI': { httpRoute: 'web' } },
  },
};

const use = { templates: [{ templateName: 'success-rate' }] };

const blueGreens: fc.Arbitrary<WorldOptions> = fc
  .record({
    replicas: fc.integer({ min: 0, max: 5 }),
    preview: fc.boolean(),
    previewReplicaCount: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
    autoPromotionEnabled: fc.option(fc.boolean(), { nil: undefined }),
    autoPromotionSeconds: fc.constantFrom(undefined, 30),
    scaleDownDelayRevisionLimit: fc.constantFrom(undefined, 1),
    before: fc.boolean(),
    after: fc.boolean(),
    deadlineAbort: fc.boolean(),
    window: fc.constantFrom(undefined, 1),
  })
  .map(({ replicas, preview, before, after, deadlineAbort, window, ...fields }) => ({
    replicas,
    blueGreen: {
      activeService: 'web-active',
      ...(preview && { previewService: 'web-preview' }),
      ...(before && { prePromotionAnalysis: use }),
      ...(after && { postPromotionAnalysis: use }),
      ...(JSON.parse(JSON.stringify(fields)) as object),
    },
    spec: {
      progressDeadlineSeconds: 60,
      progressDeadlineAbort: deadlineAbort,
      ...(window && { rollbackWindow: { revisions: window } }),
    },
  }));

const canaries: fc.Arbitrary<WorldOptions> = fc
  .record({
    replicas: fc.integer({ min: 0, max: 7 }),
    steps: fc.array(step, { maxLength: 5 }),
    routed: fc.boolean(),
    scales: fc.array(fc.tuple(fc.nat(5), fc.oneof(canaryScale, managedRoute)), { maxLength: 3 }),
    dynamic: fc.boolean(),
    pingPong: fc.boolean(),
    threshold: fc.option(
      fc.constantFrom<ReplicaProgressThreshold>({ type: 'Percent', value: 50 }, { type: 'Pods', value: 1 }),
    ),
    limits: fc.constantFrom<Partial<CanaryStrategy>>(
      {},
      { maxSurge: 1, maxUnavailable: 0 },
      { maxSurge: 0, maxUnavailable: 1 },
      { maxSurge: '50%', maxUnavailable: '50%' },
    ),
    background: fc.option(fc.integer({ min: 0, max: 3 })),
    deadlineAbort: fc.boolean(),
  })
  .map(({ replicas, steps, routed, scales, dynamic, pingPong, threshold, limits, background, deadlineAbort }) => ({
    replicas,
    canary: {
      steps: routed ? scales.reduce((all, [at, scale]) => all.toSpliced(at, 0, scale), steps) : steps,
      ...limits,
      ...(routed ? { ...router, dynamicStableScale: dynamic, ...(pingPong ? PING_PONG : {}) } : {}),
      ...(threshold === null ? {} : { replicaProgressThreshold: threshold }),
      ...(background === null
        ? {}
        : { analysis: { templates: [{ templateName: 'success-rate' }], startingStep: background } }),
    },
    spec: { progressDeadlineSeconds: 60, progressDeadlineAbort: deadlineAbort },
  }));

const role = (role: string) => ({ labels: { role } });
const antiAffinity = { requiredDuringSchedulingIgnoredDuringExecution: {} };

/** What pods are given for their part in an update. */
function equipped({ canary, blueGreen, ...options }: WorldOptions): WorldOptions {
  const metadata = { canaryMetadata: role('canary'), stableMetadata: role('stable') };
  if (!blueGreen) return { ...options, canary: { ...canary, ...metadata, antiAffinity } };
  const own = { previewMetadata: role('canary'), activeMetadata: role('stable') };
  return { ...options, blueGreen: { ...blueGreen, ...own, antiAffinity } };
}

const options = fc
  .tuple(fc.oneof({ weight: 2, arbitrary: canaries }, { weight: 1, arbitrary: blueGreens }), fc.boolean())
  .map(([given, isEquipped]) => (isEquipped ? equipped(given) : given));

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 12, arbitrary: fc.constant<Happening>({ kind: 'pass' }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 4 }).map((after): Happening => ({ kind: 'crash', after })) },
  { weight: 1, arbitrary: fc.constantFrom<Happening>({ kind: 'stalePass' }, { kind: 'remember' }) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 4 }).map((version): Happening => ({ kind: 'template', version })) },
  {
    weight: 5,
    arbitrary: fc
      .constantFrom('abort', 'retry', 'promote', 'promote', 'promoteFull', 'skip', 'pause', 'resume' as const)
      .map((what): Happening => ({ kind: 'user', what: what as 'abort' })),
  },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 7 }).map((replicas): Happening => ({ kind: 'scale', replicas })) },
  { weight: 1, arbitrary: fc.constantFrom(0, 40).map((seconds): Happening => ({ kind: 'restart', seconds })) },
  { weight: 1, arbitrary: fc.constantFrom(undefined, 0, 2).map((allows): Happening => ({ kind: 'budget', allows })) },
  { weight: 2, arbitrary: fc.constantFrom(1, 31, 61, 700).map((seconds): Happening => ({ kind: 'time', seconds })) },
  { weight: 1, arbitrary: fc.boolean().map((follow): Happening => ({ kind: 'podsFollow', follow })) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(3), fc.nat(3)).map(([index, left]): Happening => ({ kind: 'podsDie', index, left })),
  },
  { weight: 1, arbitrary: fc.boolean().map((follows): Happening => ({ kind: 'router', follows })) },
  { weight: 1, arbitrary: fc.boolean().map((follow): Happening => ({ kind: 'endpoints', follow })) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.nat(4), fc.constantFrom('Running', 'Successful', 'Failed', 'Error', 'Inconclusive' as const))
      .map(([index, phase]): Happening => ({ kind: 'verdict', index, phase: phase as 'Failed' })),
  },
  { weight: 1, arbitrary: fc.boolean().map((on): Happening => ({ kind: 'problem', on })) },
);

const GAVE_UP = ['aborting', 'aborted'];
const MAX = 100;

/** The pods that are available carry the weight, unless the spec asks for fewer of them. */
function checkCarried({ canary, replicas, newReplicaSet }: Facts, weight: number): void {
  const isApart = canary.steps?.some((one) => one.setCanaryScale !== undefined);
  if (isApart || canary.replicaProgressThreshold) return;
  const available = newReplicaSet?.status?.availableReplicas ?? 0;
  expect(available * MAX, 'weight never ahead of availability').toBeGreaterThanOrEqual(weight * replicas);
}

/** What must hold of every single decision, whatever led to it. */
function checkDecision(seen: Observation, { persisted, state, effects, status }: Decision): void {
  const facts = factsOf(seen);
  const current = seen.traffic?.canaryWeight ?? 0;
  const delivery = nameOf(state.delivery);
  const held = seen.rollout.spec.paused === true;
  const routes = seen.traffic?.managedRoutes ?? [];
  const traffic = effects.find((effect) => effect.kind === 'setTraffic');
  if (GAVE_UP.includes(delivery) && routes.length > 0) {
    expect(effects[0], 'routes go with the weight').toMatchObject({ kind: 'setTraffic', routes: [] });
  }
  const added = (traffic?.routes ?? []).filter(({ name }) => routes.every((there) => there.name !== name));
  if (added.length > 0) {
    expect(effects.at(-1), 'a route is added last').toBe(traffic);
    expect(held, 'spec.paused lets no route come').toBe(false);
    const pods = facts.newReplicaSet?.status?.availableReplicas ?? 0;
    expect(pods, 'no route leads to nobody').toBeGreaterThan(0);
    expect(['progressing', 'promoting'], 'added from a persisted state').toContain(nameOf(persisted.delivery));
    expect(['progressing', 'promoting']).toContain(delivery);
  }
  if (GAVE_UP.includes(delivery) && current > 0) {
    expect(effects[0], 'lowering comes first').toMatchObject({
      kind: 'setTraffic',
      weight: 0,
      from: current,
    });
  }
  const raising = effects.find((effect) => effect.kind === 'setTraffic' && effect.weight > effect.from);
  if (raising?.kind === 'setTraffic') {
    expect(effects.at(-1), 'raising comes last').toBe(raising);
    expect(held, 'spec.paused lets no weight rise').toBe(false);
    expect(GAVE_UP).not.toContain(delivery);
    checkCarried(facts, raising.weight);
    expect(['progressing', 'promoting'], 'raised from a persisted state').toContain(nameOf(persisted.delivery));
  }
  if (delivery !== 'invalid' && facts.hash === facts.stableHash) expect(delivery, 'home').toBe('settled');
  const onward = delivery === 'progressing' && nameOf(persisted.delivery) === 'progressing';
  if (onward) expect(state.index, 'one step at most').toBeLessThanOrEqual(persisted.index + 1);
  if (onward && held) expect(state.index, 'spec.paused: no step completes').toBeLessThanOrEqual(persisted.index);
  const { weights } = status.canary ?? {};
  if (weights) expect(weights.canary.weight + weights.stable.weight).toBe(MAX);
  const { canary = {}, blueGreen = {} } = seen.rollout.status ?? {};
  const named = [
    canary.currentStepAnalysisRunStatus,
    canary.currentBackgroundAnalysisRunStatus,
    blueGreen.prePromotionAnalysisRunStatus,
    blueGreen.postPromotionAnalysisRunStatus,
  ].map((run) => run?.name);
  for (const effect of effects) {
    if (
      delivery === 'settled' &&
      effect.kind === 'scaleReplicaSet' &&
      effect.name === facts.newReplicaSet?.metadata.name
    )
      expect(effect.to, 'what is stable now keeps its pods').toBeGreaterThanOrEqual(
        Math.min(effect.from, facts.replicas),
      );
    if (effect.kind === 'createRun') expect(named, 'named before it is made').toContain(effect.object.metadata.name);
    if (effect.kind === 'deleteReplicaSet') {
      const target = seen.replicaSets.find(({ metadata }) => metadata.uid === effect.uid);
      expect([target?.spec.replicas, target === facts.stableReplicaSet]).toEqual([0, false]);
    }
  }
}

function wantedPods(world: World): number {
  return world.replicaSets.reduce((sum, { spec }) => sum + (spec.replicas ?? 1), 0);
}

function servingPods(world: World): number {
  return world.replicaSets.reduce(
    (sum, { spec, status }) => sum + Math.min(spec.replicas ?? 1, status?.availableReplicas ?? 0),
    0,
  );
}

/** Evicted pods leave as many as a restart has to leave. */
function checkEvictions(world: World, { replicas, before }: { replicas: number; before: number }): void {
  const missing = Math.max(1, Math.min(replicas, maxUnavailable(world.rollout)));
  const floor = Math.max(replicas, wantedPods(world)) - missing;
  expect(servingPods(world), 'no more are evicted than may be missing').toBeGreaterThanOrEqual(Math.min(before, floor));
}

/** Every revision's pods have their part's metadata, and no other. */
function checkParts(world: World): void {
  const { newReplicaSet, stableReplicaSet, strategy, canary, blueGreen, stableHash, hash } = factsOf(observe(world));
  if ((strategy === 'canary' ? canary.stableMetadata : blueGreen.activeMetadata) === undefined) return;
  for (const { metadata, spec } of world.replicaSets) {
    const isNewest = metadata.name === newReplicaSet?.metadata.name && stableHash !== hash;
    const isStable = metadata.name === stableReplicaSet?.metadata.name;
    const part = isNewest ? 'canary' : isStable ? 'stable' : undefined;
    expect(spec.template.metadata?.labels?.role, 'the one part').toBe(part);
    const affinity = JSON.stringify(spec.template.spec?.affinity ?? {});
    if (isNewest) expect(affinity, 'away from the stable pods').toContain(JSON.stringify(stableHash));
  }
}

/** Users are led to enough pods only, no Service to none, and stable keeps its pods as long as it is stable. */
function carryOutBlueGreen(world: World, effects: Effect[]): void {
  const { rollout } = world;
  const replicas = rollout.spec.replicas ?? 1;
  const named = (hash: string) => world.replicaSets.find((replicaSet) => hashOf(replicaSet) === hash);
  for (const effect of effects) {
    if (effect.kind === 'switchService' && effect.name === 'web-active') {
      expect(named(effect.hash)?.status?.availableReplicas ?? 0, 'enough pods for the users').toBeGreaterThanOrEqual(
        effect.retreat ? 1 : replicas,
      );
    }
    const { stableReplicaSet } = factsOf(observe(world));
    const before = servingPods(world);
    perform(world, effect);
    if (effect.kind === 'evictPods') checkEvictions(world, { replicas, before });
    if (effect.kind !== 'scaleReplicaSet' || replicas === 0) continue;
    if (effect.name === stableReplicaSet?.metadata.name) expect(effect.to, 'stable keeps its pods').toBe(replicas);
    const selected = Object.values(world.services).map((service) =>
      named(service.spec.selector?.[POD_TEMPLATE_HASH] ?? ''),
    );
    if (effect.to === 0)
      expect(
        selected.map((one) => one?.metadata.name),
        'no Service leads there',
      ).not.toContain(effect.name);
  }
}

/** Carries out effects one by one, and checks the number of pods after each. */
function carryOut(world: World, effects: Effect[]): void {
  const { rollout } = world;
  if (rollout.spec.strategy?.blueGreen) {
    carryOutBlueGreen(world, effects);
    return;
  }
  const replicas = rollout.spec.replicas ?? 1;
  const routed = rollout.spec.strategy?.canary?.trafficRouting !== undefined;
  for (const effect of effects) {
    const [wanted, serving] = [wantedPods(world), servingPods(world)];
    if (effect.kind === 'setTraffic' && effect.weight < effect.from && !effect.overload && replicas > 0) {
      const { stableReplicaSet, canary } = factsOf(observe(world));
      const carries = ((stableReplicaSet?.status?.availableReplicas ?? 0) * MAX) / replicas;
      if (canary.dynamicStableScale)
        expect(MAX - effect.weight, 'stable gets what it can carry').toBeLessThanOrEqual(carries);
    }
    perform(world, effect);
    if (effect.kind === 'evictPods') checkEvictions(world, { replicas, before: serving });
    if (effect.kind !== 'scaleReplicaSet') continue;
    if (!routed) {
      expect(wantedPods(world), 'no more than surge allows').toBeLessThanOrEqual(
        Math.max(wanted, replicas + maxSurge(rollout)),
      );
    }
    const floor = Math.min(serving, replicas - (routed ? 0 : maxUnavailable(rollout)));
    if (!routed) expect(servingPods(world), 'enough stay available').toBeGreaterThanOrEqual(floor);
    const { newReplicaSet, stableReplicaSet } = factsOf(observe(world));
    const { canary = {} } = rollout.spec.strategy ?? {};
    const scaled = canary.steps?.some((one) => one.setCanaryScale !== undefined);
    const share = (weight: number) => Math.ceil((weight * replicas) / MAX);
    if (routed && stableReplicaSet?.metadata.name === effect.name)
      expect(effect.to, 'stable keeps the pods for its traffic').toBeGreaterThanOrEqual(
        canary.dynamicStableScale ? share(MAX - world.weight) : replicas,
      );
    else if (routed && !scaled && newReplicaSet?.metadata.name === effect.name)
      expect(effect.to, 'enough pods for the traffic').toBeGreaterThanOrEqual(
        Math.min(effect.from, share(world.weight)),
      );
  }
}

interface Remembered {
  seen: Observation;
  version: string;
}

/** How many pauses without end were over, and how many promotes there were: each ends one at most. */
interface Tally {
  ended: number;
  asked: number;
}

let tally: Tally = { ended: 0, asked: 0 };

function count({ transitions }: Decision): void {
  tally.ended += transitions.filter((one) => one.kind === 'stepCompleted' && one.step === 'pause').length;
  expect(tally.ended, 'one promote completes one step').toBeLessThanOrEqual(tally.asked);
}

function fullPass(world: World): { decision: Decision; quiet: boolean } {
  podsCatchUp(world);
  const seen = observe(world);
  const decision = decide(seen);
  checkDecision(seen, decision);
  carryOut(world, decision.effects);
  const written = writeStatus(world, decision.status);
  count(decision);
  if (world.rollout.status?.abortedAt && nameOf(decision.state.delivery) !== 'invalid')
    expect([world.weight, world.routes], 'no traffic once an abort is persisted').toEqual([0, []]);
  const found = decide(observe(world)).persisted;
  const same = (name: string) =>
    name === 'aborting' && world.weight === 0 && world.routes.length === 0 ? 'aborted' : name;
  expect(same(nameOf(found.delivery)), 'the state is found again').toBe(same(nameOf(decision.state.delivery)));
  if (nameOf(found.delivery) === 'progressing') expect(found).toEqual(decision.state);
  podsCatchUp(world);
  const isRefused = ({ kind }: Effect) => kind === 'evictPods' && world.budget === 0;
  const quiet = !written && decision.effects.every(isRefused);
  if (quiet && decision.state.delivery !== 'invalid') checkParts(world);
  return { decision, quiet };
}

function happens(world: World, one: Happening, remembered: Remembered): Remembered {
  const version = () => JSON.stringify(world.rollout);
  switch (one.kind) {
    case 'pass':
      fullPass(world);
      break;
    case 'crash': {
      podsCatchUp(world);
      const seen = observe(world);
      const decision = decide(seen);
      checkDecision(seen, decision);
      carryOut(world, decision.effects.slice(0, one.after));
      break;
    }
    case 'stalePass': {
      const decision = decide(remembered.seen);
      checkDecision(remembered.seen, decision);
      for (const effect of decision.effects) perform(world, effect);
      if (remembered.version === version() && writeStatus(world, decision.status)) count(decision);
      break;
    }
    case 'remember':
      return { seen: observe(world), version: version() };
    case 'template':
      user.template(world, `v${one.version}`);
      break;
    case 'user':
      if (one.what === 'promote') tally.asked += 1;
      user[one.what](world);
      break;
    case 'scale':
      user.scale(world, one.replicas);
      break;
    case 'restart':
      user.restart(world, one.seconds);
      break;
    case 'budget':
      world.budget = one.allows;
      break;
    case 'time':
      world.now += one.seconds * 1000;
      break;
    case 'podsFollow':
      world.podsFollow = one.follow;
      break;
    case 'podsDie': {
      world.podsFollow = false;
      const target = world.replicaSets[one.index];
      if (target) setAvailable(target, Math.min(one.left, target.status?.availableReplicas ?? 0));
      break;
    }
    case 'router':
      world.routeFollows = one.follows;
      if (one.follows) world.served = true;
      break;
    case 'endpoints':
      world.endpointsFollow = one.follow;
      break;
    case 'verdict': {
      const run = world.runs.at(-1 - one.index);
      const open = run?.status?.phase === undefined || run.status.phase === 'Running';
      if (run && open) finishRun(world, run.metadata.name, one.phase);
      break;
    }
    case 'problem':
      world.problems = one.on ? [{ path: 'spec', message: 'is wrong' }] : [];
      break;
  }
  return remembered;
}

const ENOUGH = 80;

function quiesce(world: World): Decision {
  for (let passes = 0; passes < ENOUGH; passes++) {
    const { decision, quiet } = fullPass(world);
    if (quiet) return decision;
  }
  throw new Error(`not quiet after ${ENOUGH} passes: ${JSON.stringify(decide(observe(world)).effects)}`);
}

/** Everybody does their part: pods come up, verdicts are good, people promote, time passes. */
function bringHome(world: World): void {
  Object.assign(world, { podsFollow: true, routeFollows: true, served: true, endpointsFollow: true, problems: [] });
  world.budget = undefined;
  user.resume(world);
  user.template(world, 'v9');
  for (let turns = 0; turns < ENOUGH; turns++) {
    const { lookAgainAt, status } = quiesce(world);
    const open = world.runs.find(
      ({ status }) => !['Successful', 'Failed', 'Error', 'Inconclusive'].includes(status?.phase ?? ''),
    );
    if (status.phase === 'Healthy' && lookAgainAt === undefined && !open) return;
    if (open) finishRun(world, open.metadata.name, 'Successful');
    else if (lookAgainAt !== undefined) world.now = lookAgainAt;
    else if ((status.pauseConditions ?? []).length > 0) {
      tally.asked += 1;
      user.promote(world);
    } else break;
  }
}

const runs = Number(process.env.FC_RUNS ?? 200);

describe('a Rollout in a random world', () => {
  it('keeps its promises at every pass, comes to rest, and ends on the new revision', () => {
    fc.assert(
      fc.property(options, fc.array(happening, { maxLength: 40 }), (given, happenings) => {
        const world = createWorld(given);
        tally = { ended: 0, asked: 0 };
        let remembered: Remembered = { seen: observe(world), version: '' };
        for (const one of happenings) remembered = happens(world, one, remembered);
        quiesce(world);
        bringHome(world);
        const { status } = world.rollout;
        expect([status?.phase, status?.stableRS === status?.currentPodHash]).toEqual(['Healthy', true]);
        const running = world.replicaSets.filter(({ spec }) => (spec.replicas ?? 1) > 0);
        expect(running.every(({ spec }) => spec.template.spec?.containers[0]?.image?.endsWith(':v9'))).toBe(true);
        expect([world.weight, world.routes]).toEqual([0, []]);
        const { restartAt = '' } = world.rollout.spec;
        expect(status?.restartedAt ?? '', 'the restart is over').toBe(restartAt);
      }),
      { numRuns: runs },
    );
  }, 300_000);
});
