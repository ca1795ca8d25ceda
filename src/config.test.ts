import { expect, it } from 'vitest';
import { readConfig } from './config.ts';

it('takes no lease where it only observes', () => {
  expect(readConfig([], {})).toMatchObject({ observeOnly: false, leaderElect: true });
  expect(readConfig(['--observe-only'], {})).toMatchObject({ observeOnly: true, leaderElect: false });
});

it('takes a program that renders by its whole path only', () => {
  expect(readConfig([], {})).toMatchObject({ kustomize: undefined, helm: undefined });
  expect(readConfig(['--helm', '/opt/helm'], {})).toMatchObject({ helm: '/opt/helm' });
  expect(() => readConfig(['--kustomize', 'kustomize'], {})).toThrow(
    '--kustomize "kustomize" is not the whole path of a program, as in /usr/local/bin/kustomize',
  );
});
