import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnalysisPhase, CanaryStep, CanaryStrategy } from '../src/api/index.ts';
import { promotion } from '../src/cli/promote.ts';
import {
  type Choice,
  decide,
  type Explanation,
  explanation,
  factsOf,
  givenTemplate,
  nameOf,
  revisionOf,
} from '../src/rollout/index.ts';
import { pass } from './transcripts/passes.ts';
import { createPlayer, parseTranscript } from './transcripts/transcript.ts';
import { createWorld, observe, patchStatus, user, type World, type WorldOptions } from './transcripts/world.ts';

type Command = NonNullable<Choice['command']>;

/** What the commands write, by the very patches that they send. */
function write(world: World, command: Command): void {
  const [verb, ...flags] = command.split(' ');
  if (verb === 'undo') restore(world, Number(flags.at(-1)));
  else if (verb !== 'promote') patchStatus(world, { abort: verb === 'abort' });
  else {
    const { patch } = promotion(world.rollout, { full: flags.includes('--full') });
    if (patch.status) patchStatus(world, patch.status);
    if (patch.spec) Object.assign(world.rollout.spec, patch.spec);
  }
}

function restore(world: World, revision: number): void {
  const source = world.replicaSets.find((replicaSet) => revisionOf(replicaSet) === revision);
  if (!source) throw new Error(`no ReplicaSet is of revision ${revision}`);
  const { metadata, ...template } = givenTemplate(source);
  const { 'rollouts-pod-template-hash': _, ...labels } = metadata?.labels ?? {};
  const restored = { ...template, metadata: { ...metadata, labels } };
  if (world.deployment) world.deployment = { ...world.deployment, template: restored };
  else world.rollout.spec.template = restored;
}

/** What the machine makes of the world: its state, and all that people would notice. */
function outcome(world: World) {
  const { state, effects, transitions, status } = decide(observe(world));
  const { phase, message, pauseConditions, canary, blueGreen } = status;
  return {
    state,
    noticed: JSON.stringify({ state, effects, transitions, phase, message, pauseConditions, canary, blueGreen }),
  };
}

function after(world: World, command: Command) {
  const changed = structuredClone(world);
  write(changed, command);
  return outcome(changed);
}

const always: Command[] = ['promote', 'promote --full', 'abort', 'retry rollout'];

/** What holds of the explanation of any world in which nothing is left to do. */
function check(world: World): Explanation {
  const told = explanation(observe(world));
  const { waitsFor, next, since, until, besides, canDo, sentence } = told;
  expect(JSON.stringify(told)).not.toMatch(/undefined|NaN|\[object/);
  for (const text of [waitsFor, next, sentence, ...besides]) expect(text).toMatch(/^\S.*\S$/);
  expect(waitsFor, 'the controller has taken up whatever was asked').not.toMatch(/^waits for the controller/);
  if (since !== undefined) expect(since).toBeLessThanOrEqual(world.now);
  if (until !== undefined) expect(until).toBeGreaterThan(world.now);
  const named = canDo.flatMap(({ command }) => command ?? []);
  const now = outcome(world);
  for (const command of named)
    expect(after(world, command).noticed, `${waitsFor}: ${command} acts`).not.toBe(now.noticed);
  // Whatever is asked of what cannot be followed waits; only a retreat goes through.
  const others = now.state.delivery === 'invalid' ? [] : always.filter((one) => !named.includes(one));
  for (const command of others)
    expect(after(world, command).state, `${waitsFor}: ${command} does not act`).toEqual(now.state);
  return told;
}

/** What the states that were seen to rest are called, over all tests of this file. */
const reached = new Set<string>();

function rest(world: World): void {
  const seen = observe(world);
  const { delivery } = decide(seen).persisted;
  reached.add(`${factsOf(seen).strategy} ${typeof delivery === 'object' ? delivery.progressing : nameOf(delivery)}`);
  check(world);
}

describe('every rest of every transcript', () => {
  const files = globSync(join(import.meta.dirname, 'transcripts', '*.txt')).sort();

  it.each(files.map((file) => [basename(file, '.txt'), file]))('is explained: %s', (_, file) => {
    let rests = 0;
    const play = createPlayer((world) => {
      rest(world);
      rests++;
    });
    for (const { commands } of parseTranscript(readFileSync(file, 'utf8'))) if (commands.length > 0) play(commands);
    expect(rests).toBeGreaterThan(0);
  });
});

const use = { templates: [{ templateName: 'success-rate' }] };
const router: CanaryStrategy = {
  canaryService: 'web-canary',
  stableService: 'web-stable',
  trafficRouting: { plugins: { 'argoproj-labs/gatewayAPI': { httpRoute: 'web' } } },
};
const steps: CanaryStep[] = [
  { setWeight: 25 },
  { analysis: use },
  { pause: { duration: '5m' } },
  { setWeight: 50 },
  { pause: {} },
];
const scaled: CanaryStep[] = [{ setCanaryScale: { replicas: 2 } }, { setWeight: 40 }, { pause: {} }];
const spec = { progressDeadlineSeconds: 60 };
const worlds = fc.constantFrom<WorldOptions>(
  { canary: { steps }, spec },
  { canary: {} },
  { canary: { ...router, steps, analysis: use } },
  { canary: { ...router, steps: scaled, dynamicStableScale: true }, spec: { ...spec, progressDeadlineAbort: true } },
  { blueGreen: { activeService: 'a', previewService: 'p', autoPromotionEnabled: false, prePromotionAnalysis: use } },
  { blueGreen: { activeService: 'a', autoPromotionSeconds: 60, postPromotionAnalysis: use }, spec },
  { blueGreen: { activeService: 'a', previewService: 'p', previewReplicaCount: 1, autoPromotionSeconds: 60 } },
);

type Happening = (world: World) => void;

function judged(world: World, phase: AnalysisPhase): void {
  const at = new Date(world.now).toISOString();
  const measurements = [{ phase: 'Error' as const, message: 'connection refused', startedAt: at, finishedAt: at }];
  const metricResults = [{ name: 'success-rate', phase: 'Running' as const, error: 1, measurements }];
  for (const run of world.runs.filter(({ status }) => !status?.phase || status.phase === 'Running'))
    run.status = { phase, startedAt: at, ...(phase === 'Running' && { metricResults }) };
}

const happenings: [string, Happening][] = [
  ['template v2', (world) => user.template(world, 'v2')],
  ['template v3', (world) => user.template(world, 'v3')],
  ['template v1', (world) => user.template(world, 'v1')],
  ['promote', user.promote],
  ['promote again', user.promote],
  ['full', user.promoteFull],
  ['abort', user.abort],
  ['retry', user.retry],
  ['pause', user.pause],
  ['resume', user.resume],
  ['scale', (world) => user.scale(world, 6)],
  ['restart', (world) => user.restart(world, 0)],
  ['budget', (world) => Object.assign(world, { budget: 0 })],
  ['no budget', (world) => Object.assign(world, { budget: undefined })],
  ['a minute', (world) => Object.assign(world, { now: world.now + 61_000 })],
  ['an hour', (world) => Object.assign(world, { now: world.now + 3_600_000 })],
  ['pods hold', holdPods],
  ['pods follow', (world) => Object.assign(world, { podsFollow: true })],
  ['route holds', (world) => Object.assign(world, { routeFollows: false })],
  ['route follows', (world) => Object.assign(world, { routeFollows: true, served: true })],
  ['endpoints hold', (world) => Object.assign(world, { endpointsFollow: false })],
  ['wrong', wrong],
  ['right', (world) => Object.assign(world, { problems: [] })],
  ...(['Running', 'Successful', 'Failed', 'Inconclusive'] as const).map((phase): [string, Happening] => [
    phase,
    (world) => judged(world, phase),
  ]),
];

/** Until nothing is left to do but what a disruption budget forbids. */
function settle(world: World): void {
  for (let count = 0; count < 60; count++) {
    const { effects, busy } = pass(world);
    const isRefused = world.budget === 0 && effects.length > 0 && effects.every(({ kind }) => kind === 'evictPods');
    if (!busy || isRefused) return;
  }
  throw new Error('does not come to rest');
}

describe('whatever happens', () => {
  it('every rest is explained, with what can be done and nothing else', () => {
    const list = fc.array(fc.constantFrom(...happenings), { maxLength: 10 });
    fc.assert(
      fc.property(worlds, list, (options, happened) => {
        const world = createWorld(options);
        settle(world);
        rest(world);
        user.template(world, 'v2');
        for (const [, happens] of happened) {
          settle(world);
          rest(world);
          happens(world);
        }
        settle(world);
        rest(world);
      }),
      { numRuns: 40, seed: 7 },
    );
  });
});

/** States that no transcript rests in, each by a way of its own. */
const ways: [string, WorldOptions, Happening][] = [
  ['canary setCanaryScale', { canary: { ...router, steps: scaled } }, holdPods],
  ['canary promoting', { canary: { ...router, steps: [{ setWeight: 50 }] } }, holdRoute],
  ['blueGreen cutover', { blueGreen: { activeService: 'a', previewReplicaCount: 1 } }, holdAfterPreview],
  ['blueGreen invalid', { blueGreen: { activeService: 'a' } }, wrong],
];

function holdPods(world: World): void {
  world.podsFollow = false;
}

/** Half the traffic is served, all of it is not. */
function holdRoute(world: World): void {
  while (world.weight < 50) pass(world);
  world.routeFollows = false;
}

/** The one pod of the preview comes, the others do not. */
function holdAfterPreview(world: World): void {
  for (const _ of [1, 2, 3]) pass(world);
  world.podsFollow = false;
}

function wrong(world: World): void {
  world.problems = [{ path: 'spec', message: 'is wrong' }];
}

it.each(ways)('a rest in %s', (state, options, happens) => {
  const world = createWorld(options);
  settle(world);
  user.template(world, 'v2');
  happens(world);
  settle(world);
  rest(world);
  expect(reached).toContain(state);
});

it('has seen every state of both strategies that can be rested in', () => {
  expect([...reached].sort()).toEqual([
    'blueGreen aborted',
    'blueGreen cutover',
    'blueGreen invalid',
    'blueGreen preview',
    'blueGreen promoting',
    'blueGreen settled',
    'canary aborted',
    'canary aborting',
    'canary analysis',
    'canary invalid',
    'canary pause',
    'canary promoting',
    'canary setCanaryScale',
    'canary setWeight',
    'canary settled',
  ]);
});
