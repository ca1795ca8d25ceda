import { expect, it } from 'vitest';
import type { Measurement } from '../src/api/index.ts';
import { explainPicture } from '../src/cli/explanation.ts';
import type { Picture } from '../src/cli/picture.ts';
import { explanation } from '../src/rollout/index.ts';
import { later, settle } from './transcripts/passes.ts';
import {
  changeDeployment,
  createWorld,
  observe,
  START,
  user,
  type World,
  type WorldOptions,
} from './transcripts/world.ts';

const owned = ({ metadata }: World['rollout']) => [
  { ...metadata, apiVersion: '', kind: 'Rollout', uid: metadata.uid ?? '', controller: true },
];

function told(world: World) {
  const { rollout, replicaSets, runs } = world;
  const mine = <T extends { metadata: object }>(objects: T[]) =>
    objects.map((object) => ({ ...object, metadata: { ...object.metadata, ownerReferences: owned(rollout) } }));
  return explainPicture(
    { rollout, replicaSets: mine(replicaSets), analysisRuns: mine(runs) } as unknown as Picture,
    world.now,
  );
}

const worlds: [string, WorldOptions][] = [
  ['a canary', { canary: { steps: [{ setWeight: 50 }, { pause: {} }] } }],
  [
    'blue-green that waits for a person',
    { blueGreen: { activeService: 'a', previewService: 'p', autoPromotionEnabled: false } },
  ],
  ['blue-green that goes on by itself', { blueGreen: { activeService: 'a', autoPromotionSeconds: 30 } }],
  [
    'blue-green with few preview pods',
    { blueGreen: { activeService: 'a', previewReplicaCount: 1, autoPromotionEnabled: false } },
  ],
];

it.each(worlds)('a command says of %s what the controller says, at every rest of an update', (_, options) => {
  const world = createWorld(options);
  const compare = () => {
    settle(world);
    expect(told(world)).toEqual(explanation(observe(world)));
  };
  compare();
  world.podsFollow = false;
  world.now += 60_000;
  user.template(world, 'v2');
  compare();
  world.podsFollow = true;
  compare();
  user.abort(world);
  compare();
  user.retry(world);
  compare();
  user.promote(world);
  compare();
});

const use = { templates: [{ templateName: 'success-rate' }] };
const at = (seconds: number) => new Date(START + seconds * 1000).toISOString();
const failing = (seconds: number) => ({ phase: 'Error' as const, message: 'no route', startedAt: at(seconds) });

/** The run under way, as the analysis left it. */
function measured(world: World, measurements: Measurement[], error: number): void {
  const metricResults = [{ name: 'success-rate', phase: 'Running' as const, count: 1, error, measurements }];
  for (const run of world.runs) run.status = { phase: 'Running', startedAt: at(60), metricResults };
}

/** What is told a minute after an update began, and once it has settled after what happens then. */
function toldOf(options: WorldOptions, happens: (world: World) => void) {
  const world = createWorld(options);
  settle(world);
  later(world, 60);
  user.template(world, 'v2');
  settle(world);
  happens(world);
  settle(world);
  later(world, 60);
  return explanation(observe(world));
}

const judged: WorldOptions = { canary: { steps: [{ analysis: use }] } };
const good = { phase: 'Successful' as const, startedAt: at(60) };

it.each<[string, WorldOptions, (world: World) => void, number | undefined]>([
  ['a pause', { canary: { steps: [{ pause: {} }] } }, () => {}, 60],
  ['a run that measures', judged, (world) => measured(world, [good], 0), 60],
  ['a run that is yet to measure', judged, () => {}, undefined],
  ['a run that cannot measure', judged, (world) => measured(world, [good, failing(70), failing(80)], 2), 70],
  [
    'one whose first errors are forgotten',
    judged,
    (world) => measured(world, [failing(70), failing(80)], 9),
    undefined,
  ],
  ['an abort', judged, user.abort, 60],
  ['a hold', { canary: {} }, user.pause, 60],
  ['pods that do not come', { canary: { steps: [{ setWeight: 50 }] } }, holdPods, 60],
])('tells since when, and never makes it up: %s', (_, options, happens, seconds) => {
  expect(toldOf(options, happens).since).toBe(seconds === undefined ? undefined : START + seconds * 1000);
});

function holdPods(world: World): void {
  user.template(world, 'v3');
  world.podsFollow = false;
}

it.each<[string, WorldOptions, (world: World) => void, RegExp[]]>([
  [
    'pods that a restart has yet to replace',
    { canary: { steps: [{ pause: {} }] }, replicas: 2 },
    (world) => {
      user.restart(world, 0);
      world.now += 1000;
      world.podsFollow = false;
    },
    [
      /^restarts its pods from before/,
      /^still has 1 pod to replace \(web-[\w-]+\): the next goes once enough others are available/,
    ],
  ],
  [
    'pods that are kept for a while',
    { blueGreen: { activeService: 'a', scaleDownDelaySeconds: 300 } },
    () => {},
    [/^keeps 4 pods of revision 1 until 2026-11-21T09:06:00Z$/],
  ],
  [
    'a workload that somebody else has scaled',
    { canary: {}, deployment: { replicas: 4, scaleDown: 'onsuccess' } },
    (world) => changeDeployment(world, { replicas: 3 }),
    [/^leaves Deployment web at 3 pods until 2026-11-21T09:05:00Z: somebody else scaled it$/],
  ],
])('tells what goes on besides: %s', (_, options, happens, besides) => {
  expect(toldOf(options, happens).besides).toEqual(besides.map((text) => expect.stringMatching(text)));
});

it('warns of the deadline, and says that it has passed', () => {
  const options: WorldOptions = { canary: {}, spec: { progressDeadlineSeconds: 90 } };
  const world = createWorld(options);
  world.podsFollow = false;
  settle(world);
  expect(explanation(observe(world)).next).toBe(
    'is healthy once they are; without progress until 2026-11-21T09:01:30Z (90s after the last) it counts as Degraded',
  );
  later(world, 90);
  expect(explanation(observe(world)).next).toBe(
    'is healthy once they are; it counts as Degraded since 2026-11-21T09:01:30Z, and goes on all the same',
  );
});
