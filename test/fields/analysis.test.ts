/** Every field of the four places where a Rollout uses analysis. */
import { describe, expect, it } from 'vitest';
import type { AnalysisTemplateSpec, BackgroundAnalysis, RolloutAnalysis } from '../../src/api/index.ts';
import { settle } from '../transcripts/passes.ts';
import { createWorld, finishRun, user, type World } from '../transcripts/world.ts';
import { type FieldCase, install, matters } from './matter.ts';

const metric = (name: string) => ({
  name,
  successCondition: 'result > 0.95',
  provider: { prometheus: { address: 'http://prometheus.example', query: 'up' } },
});

const args = ['text', 'stable', 'latest', 'team'].map((name) => ({ name }));
const template: AnalysisTemplateSpec = { args, metrics: [metric('rate'), metric('errors')] };
const clusterTemplate: AnalysisTemplateSpec = { metrics: [metric('of-the-cluster')] };

const use: RolloutAnalysis = {
  templates: [{ templateName: 'rate' }, { templateName: 'rate', clusterScope: true }],
  args: [
    { name: 'text', value: 'plain' },
    { name: 'stable', valueFrom: { podTemplateHashValue: 'Stable' } },
    { name: 'latest', valueFrom: { podTemplateHashValue: 'Latest' } },
    { name: 'team', valueFrom: { fieldRef: { fieldPath: "metadata.labels['team']" } } },
  ],
  dryRun: [{ metricName: 'err.*' }],
  measurementRetention: [{ metricName: 'rate', limit: 3 }],
  analysisRunMetadata: { labels: { team: 'shop' }, annotations: { wiki: 'http://wiki.example' } },
};

/** The run that the update makes; undefined where it makes none. */
function run(world: World) {
  world.rollout.metadata.labels = { team: 'shop' };
  world.templates.rate = { ...world.templates.rate, spec: template } as World['templates'][string];
  world.clusterTemplates.rate = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'ClusterAnalysisTemplate',
    metadata: { name: 'rate' },
    spec: clusterTemplate,
  };
  install(world);
  const [first] = world.runs;
  if (!first) return undefined;
  const { stableRS, currentPodHash } = world.rollout.status ?? {};
  const names = new Map([
    [stableRS, 'the stable hash'],
    [currentPodHash, 'the newest hash'],
  ]);
  return {
    metrics: first.spec.metrics.map(({ name }) => name),
    args: first.spec.args?.map(({ name, value }) => [name, names.get(value) ?? value]),
    dryRun: first.spec.dryRun,
    measurementRetention: first.spec.measurementRetention,
    label: first.metadata.labels?.team,
    annotation: first.metadata.annotations?.wiki,
  };
}

const told = {
  metrics: ['rate', 'errors', 'of-the-cluster'],
  args: [
    ['text', 'plain'],
    ['stable', 'the stable hash'],
    ['latest', 'the newest hash'],
    ['team', 'shop'],
  ],
  dryRun: [{ metricName: 'err.*' }],
  measurementRetention: [{ metricName: 'rate', limit: 3 }],
  label: 'shop',
  annotation: 'http://wiki.example',
};

const fields = [
  'templates',
  'templates[].templateName',
  'templates[].clusterScope',
  'args',
  'args[].name',
  'args[].value',
  'args[].valueFrom.podTemplateHashValue',
  'args[].valueFrom.fieldRef.fieldPath',
  'dryRun',
  'dryRun[].metricName',
  'measurementRetention',
  'measurementRetention[].metricName',
  'measurementRetention[].limit',
  'analysisRunMetadata.labels',
  'analysisRunMetadata.annotations',
];

const blueGreen = { activeService: 'active', previewService: 'preview', autoPromotionEnabled: false };

const places: Record<string, FieldCase['given']> = {
  'spec.strategy.canary.steps[].analysis': { canary: { steps: [{ analysis: use }] } },
  'spec.strategy.canary.analysis': { canary: { steps: [{ setWeight: 50 }, { pause: {} }], analysis: use } },
  'spec.strategy.blueGreen.prePromotionAnalysis': { blueGreen: { ...blueGreen, prePromotionAnalysis: use } },
  'spec.strategy.blueGreen.postPromotionAnalysis': {
    blueGreen: { ...blueGreen, autoPromotionEnabled: true, postPromotionAnalysis: use },
  },
};

describe.each(Object.entries(places))('%s', (place, given) => {
  matters(fields.map((field) => ({ field: `${place}.${field}`, given, play: run, told })));

  it('decides: a run that fails ends the update', () => {
    const world = createWorld(structuredClone(given));
    run(world);
    finishRun(world, world.runs[0]?.metadata.name ?? '', 'Failed');
    settle(world);
    expect(world.rollout.status).toMatchObject({ phase: 'Degraded', abort: true });
  });
});

describe('spec.strategy.canary.analysis.startingStep', () => {
  const analysis: BackgroundAnalysis = { templates: [{ templateName: 'rate' }], startingStep: 1 };
  const runs = (world: World) => world.runs.length;
  matters([
    {
      field: 'spec.strategy.canary.analysis.startingStep',
      given: { canary: { steps: [{ pause: {} }, { pause: {} }], analysis } },
      play: (world) => {
        install(world);
        const before = runs(world);
        user.promote(world);
        settle(world);
        return [before, runs(world)];
      },
      told: [0, 1],
    },
  ]);
});
