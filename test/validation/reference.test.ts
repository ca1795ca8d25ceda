/**
 * Rollouts are judged as Argo Rollouts judges them, in its words. `testdata/reference-verdicts.json` holds what the
 * function ValidateRollout of its package validation (v1.10.2) answered to each object here: the fields and texts of its
 * errors, without the examples that Kubernetes' own texts end with. Where Headgate differs, the case says why.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { KubeObject, Rollout } from '../../src/api/index.ts';
import { typeProblems } from '../../src/api/index.ts';
import { rolloutProblems } from '../../src/api/validate-rollout.ts';
import type { Problem } from '../../src/errors.ts';

interface Verdict {
  base: 'basic' | 'routed' | 'blueGreen';
  /** Values by path; null takes a field away. */
  change: Record<string, unknown>;
  /** Field and text; for errors without a text their type. */
  errors: [string, string][];
  /** Why Headgate refuses what is accepted, or the other way round. */
  differs?: string;
}

const verdicts = JSON.parse(
  readFileSync(join(import.meta.dirname, 'testdata/reference-verdicts.json'), 'utf8'),
) as Verdict[];

const strategies = {
  basic: '{ canary: { steps: [{ setWeight: 20 }, { pause: {} }] } }',
  routed: `
      canary:
        canaryService: shop-canary
        stableService: shop-stable
        trafficRouting: { plugins: { argoproj-labs/gatewayAPI: { httpRoute: shop } } }
        steps: [{ setWeight: 20 }, { pause: {} }]`,
  blueGreen: '{ blueGreen: { activeService: shop-active, previewService: shop-preview } }',
};

function changed({ base, change }: Verdict): Rollout {
  const object = parse(`
  apiVersion: argoproj.io/v1alpha1
  kind: Rollout
  metadata: { name: shop, namespace: default }
  spec:
    replicas: 3
    selector: { matchLabels: { app: shop } }
    template:
      metadata: { labels: { app: shop } }
      spec: { containers: [{ name: shop, image: 'registry.example/shop:1' }] }
    strategy: ${strategies[base]}
`);
  for (const [path, value] of Object.entries(change)) put(object, path, value);
  return object;
}

function put(object: Record<string, unknown>, path: string, value: unknown): void {
  const names = path.split(/[.[\]]+/).filter((name) => name !== '');
  const last = names.pop() ?? '';
  let place = object;
  for (const name of names) {
    place[name] ??= {};
    place = place[name] as Record<string, unknown>;
  }
  if (value === null) delete place[last];
  else place[last] = value;
}

function judged(rollout: Rollout): Problem[] {
  const types = typeProblems(rollout as KubeObject);
  return types.length > 0 ? types : rolloutProblems(rollout);
}

/** What says once more that another field is wrong, or has no text at all. */
function isOwnText([, text]: [string, string], { change }: Verdict): boolean {
  if (text === 'invalid label selector' || text.startsWith('FieldValue')) return false;
  return !('spec.selector' in change || 'spec.template' in change) || !text.startsWith('`selector`');
}

describe('a Rollout is judged as by the reference', () => {
  const named = verdicts.map((verdict) => ({ ...verdict, name: `${verdict.base} ${JSON.stringify(verdict.change)}` }));

  it.each(named)('$name', (verdict) => {
    const problems = judged(changed(verdict));
    const isRefused = verdict.errors.length > 0;
    expect(problems.length > 0, JSON.stringify(problems)).toBe(verdict.differs === undefined ? isRefused : !isRefused);
    if (verdict.differs !== undefined) return;
    const said = problems.map(({ message }) => message).join('\n');
    for (const error of verdict.errors.filter((each) => isOwnText(each, verdict))) expect(said).toContain(error[1]);
  });
});

it('the cases cover every text', () => {
  expect(new Set(verdicts.flatMap(({ errors }) => errors.map(([, text]) => text))).size).toBeGreaterThan(50);
});
