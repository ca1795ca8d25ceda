import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Rollout } from './rollout.ts';
import { validateRollout } from './validate.ts';

function problems(strategy: string, selector = '{ matchLabels: { app: shop } }'): string[] {
  const rollout = parse(`
    metadata: { name: shop }
    spec:
      selector: ${selector}
      strategy: ${strategy}
      template:
        metadata: { labels: { app: shop, tier: web } }
        spec: { containers: [{ name: shop, image: shop }] }
  `) as Rollout;
  return validateRollout(rollout).map(({ path, message }) => `${path}: ${message}`);
}

describe.each([
  ['canary', 'canaryMetadata', ''],
  ['canary', 'stableMetadata', ''],
  ['blueGreen', 'previewMetadata', 'activeService: shop, '],
  ['blueGreen', 'activeMetadata', 'activeService: shop, '],
])('%s.%s', (strategy, field, rest) => {
  const given = (metadata: string, selector?: string) =>
    problems(`{ ${strategy}: { ${rest}${field}: ${metadata} } }`, selector);
  const at = `spec.strategy.${strategy}.${field}`;

  it.each([
    '{}',
    '{ labels: { role: x, tier: db }, annotations: { shop.example/Team: "any text: 5" } }',
    '{ labels: { app: shop } }',
    'null',
  ])('may be %s', (metadata) => {
    expect(given(metadata)).toEqual([]);
  });

  it.each([
    [
      '{ labels: { app: other } }',
      `${at}.labels: {"app":"other"}: \`selector\` would not select these pods any more; `,
    ],
    ['{ labels: { rollouts-pod-template-hash: x } }', "is the controller's own: choose another key"],
    ['{ labels: { role: "a b" } }', `${at}.labels.role: "a b": a valid label must be an empty string or consist of`],
    ['{ labels: { "a b": x } }', '"a b": name part must consist of'],
    ['{ annotations: { "a b": x } }', '"a b": name part must consist of'],
    ['{ labels: { role: 5 } }', `${at}.labels.role: `],
    ['[]', `${at}: `],
  ])('may not be %s', (metadata, words) => {
    const [first, ...more] = given(metadata);
    expect(first).toContain(words);
    expect(first).toContain(at);
    expect(more).toEqual([]);
  });

  it('may not take pods from a selector by what it looks for', () => {
    const selector = '{ matchExpressions: [{ key: tier, operator: In, values: [web, api] }] }';
    expect(given('{ labels: { tier: api } }', selector)).toEqual([]);
    expect(given('{ labels: { tier: db } }', selector)).toHaveLength(1);
  });
});
