import { describe, expect, it } from 'vitest';
import { notDriven, undriven } from './driven.ts';
import { kinds } from './kinds.ts';
import type { Shape } from './shape.ts';

/** The schema at a pattern of fields such as `spec.steps[].plugin`. */
function schemaAt(kind: string, field: string): Shape | undefined {
  let shape: Shape | undefined = {
    properties: kinds.find((each) => each.kind === kind)?.schema as Record<string, Shape>,
  };
  for (const name of field.split('.')) {
    shape = shape?.properties?.[name.replace('[]', '')];
    if (name.endsWith('[]')) shape = shape?.items;
  }
  return shape;
}

/** An object with a value at a pattern of fields, once in each list. */
function objectWith([name = '', ...rest]: string[], value: unknown): object {
  const inner = rest.length === 0 ? value : objectWith(rest, value);
  return name.endsWith('[]') ? { [name.slice(0, -2)]: [inner] } : { [name]: inner };
}

describe('what is not driven yet', () => {
  const rows = Object.entries(undriven)
    .flatMap(([kind, fields]) => fields.map((row) => ({ kind, ...row })))
    .filter(({ field }) => field !== 'kind');

  it.each(rows)('$kind $field is a field that there is', ({ kind, field }) => {
    expect(schemaAt(kind, field)).toBeDefined();
  });

  it.each(rows)('$kind $field is refused', ({ kind, field, value = {}, instead }) => {
    expect(notDriven({ kind, ...objectWith(field.split('.'), value) })).toEqual([
      { path: field.replaceAll('[]', '[0]'), message: expect.stringContaining(instead) },
    ]);
  });

  it('is found in every item of a list', () => {
    const steps = [{ setWeight: 5 }, { experiment: {} }, { pause: {} }, { plugin: {} }];
    const rollout = { kind: 'Rollout', spec: { strategy: { canary: { steps } } } };
    expect(notDriven(rollout).map(({ path }) => path)).toEqual([
      'spec.strategy.canary.steps[1].experiment',
      'spec.strategy.canary.steps[3].plugin',
    ]);
  });

  it('may be a whole kind', () => {
    const [first, ...others] = notDriven({ kind: 'Experiment' });
    expect(others).toEqual([]);
    expect(first).toMatchObject({ path: 'kind', message: expect.stringContaining('"Experiment" is not supported') });
  });

  it.each([
    { kind: 'Rollout', spec: { strategy: 'fast' } },
    { kind: 'Rollout', spec: { strategy: { canary: { steps: [null, 5, 'x'], trafficRouting: { plugins: [] } } } } },
    { kind: 'Rollout' },
    { kind: 'RevertPolicy', spec: null },
    { kind: 'constructor' },
  ])('is looked for in %j without stumbling', (object) => {
    expect(() => notDriven(object as object)).not.toThrow();
  });
});
