import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { AnalysisTemplate } from './analysis-template.ts';
import type { Service } from './kubernetes.ts';
import type { Rollout } from './rollout.ts';
import { analysisUses, endlessProblems, namedServices, serviceProblems } from './validate-references.ts';

function rollout(strategy: string, template = '{ metadata: { labels: { app: shop } } }'): Rollout {
  return parse(`{ metadata: { name: shop }, spec: { template: ${template}, strategy: ${strategy} } }`);
}

function service(name: string, selector: object, annotations?: Record<string, string>): Service {
  return { metadata: { name, ...(annotations && { annotations }) }, spec: { selector } } as Service;
}

/** What is wrong with the Service that the Rollout names at the end of a path. */
function wrong(owner: Rollout, field: string, asked: object, annotations?: Record<string, string>): string[] {
  const named = namedServices(owner).find(({ path }) => path.endsWith(`.${field}`));
  if (named === undefined) throw new Error(`no Service is named by ${field}`);
  return serviceProblems(named, service(named.name, asked, annotations), owner).map(
    ({ path, message }) => `${path}: ${message}`,
  );
}

const pair = '{ canary: { stableService: stable, canaryService: canary } }';
const HASH = 'rollouts-pod-template-hash';

describe('the Services of a Rollout', () => {
  it.each([
    [pair, ['canary.stableService stable', 'canary.canaryService canary']],
    ['{ canary: { canaryService: canary, stableService: "" } }', ['canary.canaryService canary']],
    [
      '{ canary: { pingPong: { pingService: a, pongService: b } } }',
      ['canary.pingPong.pingService a', 'canary.pingPong.pongService b'],
    ],
    ['{ blueGreen: { activeService: a } }', ['blueGreen.activeService a']],
    [
      '{ blueGreen: { activeService: a, previewService: b } }',
      ['blueGreen.activeService a', 'blueGreen.previewService b'],
    ],
    ['{}', []],
  ])('of %s', (strategy, expected) => {
    const named = namedServices(rollout(strategy)).map(({ path, name }) => `${path} ${name}`);
    expect(named).toEqual(expected.map((each) => `spec.strategy.${each}`));
  });
});

describe('a Service', () => {
  it.each([
    ['the template', { app: 'shop' }],
    ['the template and a revision', { app: 'shop', [HASH]: 'abc' }],
    ['nothing', {}],
  ])('may select by labels of %s', (_, selector) => {
    expect(wrong(rollout(pair), 'canaryService', selector)).toEqual([]);
  });

  it('must not ask for a label that the pods do not have', () => {
    expect(wrong(rollout(pair), 'canaryService', { app: 'shop', tier: 'web' })).toEqual([
      'spec.strategy.canary.canaryService: Service "canary" has unmatch label "tier" in rollout: it selects tier=web, but the template has no label tier; make them equal',
    ]);
    expect(wrong(rollout(pair), 'stableService', { app: 'web' })).toEqual([
      expect.stringContaining('Service "stable" has unmatch label "app" in rollout: it selects app=web'),
    ]);
  });

  it.each([
    ['canary', 'canaryService', 'stableService'],
    ['stable', 'stableService', 'canaryService'],
  ])('may ask for what pods carry while they are %s, and only there', (role, field, other) => {
    const owner = rollout(
      `{ canary: { stableService: stable, canaryService: canary, ${role}Metadata: { labels: { role: ${role} } } } }`,
    );
    expect(wrong(owner, field, { app: 'shop', role })).toEqual([]);
    expect(wrong(owner, other, { app: 'shop', role })).toHaveLength(1);
  });

  it('may ask for what pods carry while they are active or the preview', () => {
    const owner = rollout(
      '{ blueGreen: { activeService: a, previewService: b, activeMetadata: { labels: { role: live } }, previewMetadata: { labels: { role: next } } } }',
    );
    expect(wrong(owner, 'activeService', { role: 'live' })).toEqual([]);
    expect(wrong(owner, 'previewService', { role: 'next' })).toEqual([]);
    expect(wrong(owner, 'previewService', { role: 'live' })).toHaveLength(1);
  });

  it('is not judged by its labels where the template is another object', () => {
    const { template: _, ...spec } = rollout(pair).spec;
    expect(wrong({ metadata: { name: 'shop' }, spec }, 'canaryService', { app: 'other' })).toEqual([]);
  });

  it('belongs to one Rollout', () => {
    const managedBy = (name: string) => ({ 'argo-rollouts.argoproj.io/managed-by-rollouts': name });
    expect(wrong(rollout(pair), 'canaryService', {}, managedBy('shop'))).toEqual([]);
    expect(wrong(rollout(pair), 'canaryService', {}, managedBy('cart'))).toEqual([
      'spec.strategy.canary.canaryService: Service "canary" is managed by another Rollout: "cart" has it; give each Rollout Services of its own',
    ]);
  });
});

describe('the uses of analysis', () => {
  it('are in the steps, beside them, and around the switch', () => {
    const use = '{ templates: [{ templateName: errors }] }';
    const canary = rollout(
      `{ canary: { analysis: ${use}, steps: [{ setWeight: 5 }, { analysis: ${use} }, { pause: {} }] } }`,
    );
    expect(analysisUses(canary).map(({ path, background }) => [path, background])).toEqual([
      ['spec.strategy.canary.analysis', true],
      ['spec.strategy.canary.steps[1].analysis', false],
    ]);
    const blueGreen = rollout(
      `{ blueGreen: { activeService: a, prePromotionAnalysis: ${use}, postPromotionAnalysis: ${use} } }`,
    );
    expect(analysisUses(blueGreen).map(({ path, background }) => [path, background])).toEqual([
      ['spec.strategy.blueGreen.prePromotionAnalysis', false],
      ['spec.strategy.blueGreen.postPromotionAnalysis', false],
    ]);
  });
});

describe('a template for which an update waits', () => {
  const template = (metric: object) =>
    ({
      metadata: { name: 'errors' },
      spec: { metrics: [{ name: 'rate', provider: {}, ...metric }] },
    }) as unknown as AnalysisTemplate;

  it.each([{}, { count: 3, interval: '10s' }, { count: '{{args.count}}', interval: '10s' }])(
    'may have %j',
    (metric) => {
      expect(endlessProblems('spec', template(metric))).toEqual([]);
    },
  );

  it.each([{ interval: '10s' }, { interval: '10s', count: 0 }])('must end: %j', (metric) => {
    expect(endlessProblems('spec', template(metric))).toEqual([
      {
        path: 'spec',
        message: expect.stringContaining(
          'AnalysisTemplate errors has metric rate which runs indefinitely. Invalid value for count: ',
        ),
      },
    ]);
  });
});
