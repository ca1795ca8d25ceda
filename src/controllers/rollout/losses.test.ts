import { expect, it } from 'vitest';
import type { Rollout } from '../../api/index.ts';
import { readRollout } from '../../rollout/index.ts';
import { createLosses } from './losses.ts';

const written = (image: string, memory?: string) =>
  readRollout({
    metadata: { name: 'web' },
    spec: {
      template: {
        spec: { containers: [{ name: 'web', image, resources: { limits: { ...(memory && { memory }) } } }] },
      },
    },
  } as Rollout);

it('tells of a template once, also where the same is taken out and written again, until it is another', () => {
  const losses = createLosses();
  const count = (image: string, memory?: string) => losses.news('shop/web', written(image, memory)).length;
  expect(count('web:1', '1Gi')).toBe(0);
  expect([count('web:1', 'x'), count('web:1', 'x'), count('web:1'), count('web:1', 'x')]).toEqual([1, 0, 0, 0]);
  expect([count('web:1', 'y'), count('web:2', 'y')]).toEqual([1, 1]);
  expect([count('web:3'), count('web:2', 'y')]).toEqual([0, 1]);
  losses.forget('shop/web');
  expect(count('web:2', 'y')).toBe(1);
});

it('tells what it is, and of what type it should be, where it was', () => {
  expect(createLosses().news('shop/web', written('web:1', 'x'))).toEqual([
    {
      type: 'Warning',
      reason: 'UnreadableTemplate',
      message: expect.stringMatching(
        /^spec\.template\.spec\.containers\[0\]\.resources\.limits\.memory: "x" is no quantity/,
      ),
    },
  ]);
});
