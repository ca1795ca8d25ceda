import { expect, it } from 'vitest';
import { readConfig } from './config.ts';

it('takes no lease where it only observes', () => {
  expect(readConfig([], {})).toMatchObject({ observeOnly: false, leaderElect: true });
  expect(readConfig(['--observe-only'], {})).toMatchObject({ observeOnly: true, leaderElect: false });
});
