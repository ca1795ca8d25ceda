import { expect, it } from 'vitest';
import { readConfig } from './config.ts';

it('takes no lease where it only observes', () => {
  expect(readConfig([], {})).toMatchObject({ observeOnly: false, leaderElect: true });
  expect(readConfig(['--observe-only'], {})).toMatchObject({ observeOnly: true, leaderElect: false });
});

it('pauses reverts only where it is told to', () => {
  expect(readConfig([], {}).pauseReverts).toBe(false);
  expect(readConfig(['--pause-reverts'], {}).pauseReverts).toBe(true);
});

it('takes a program that renders by its whole path only', () => {
  expect(readConfig([], {})).toMatchObject({ kustomize: undefined, helm: undefined, sops: undefined });
  expect(readConfig(['--sops', '/bin/sops'], {})).toMatchObject({ sops: '/bin/sops' });
  expect(readConfig(['--helm', '/opt/helm'], {})).toMatchObject({ helm: '/opt/helm' });
  expect(() => readConfig(['--kustomize', 'kustomize'], {})).toThrow(
    '--kustomize "kustomize" is not the whole path of a program, as in /usr/local/bin/kustomize',
  );
});

it('receives webhooks only where it is told both where and what they must know', () => {
  expect(readConfig([], {}).webhooks).toBeUndefined();
  const flags = (address: string, secret = 'hooks') => ['--webhook-address', address, '--webhook-secret', secret];
  expect(readConfig(flags(':8091'), {}).webhooks).toEqual({ address: '0.0.0.0', port: 8091, secret: 'hooks' });
  expect(readConfig(flags('[::1]:0'), {}).webhooks).toEqual({ address: '::1', port: 0, secret: 'hooks' });
  expect(() => readConfig(['--webhook-address', ':8091'], {})).toThrow('nothing unsigned is received');
  expect(() => readConfig(['--webhook-secret', 'hooks'], {})).toThrow('without --webhook-address');
  expect(() => readConfig(flags('8091'), {})).toThrow('--webhook-address "8091" is not IP:PORT, as in 0.0.0.0:8091');
  expect(() => readConfig(flags('0.0.0.0:99999'), {})).toThrow('is not IP:PORT');
  expect(() => readConfig(flags(':1', '../x'), {})).toThrow('--webhook-secret "../x" is not the name of a Secret');
});

it('takes the room for clones in Mi or Gi', () => {
  expect(readConfig([], {}).cacheBytes).toBe(3 * 1024 ** 3);
  expect(readConfig(['--cache-limit', '500Mi'], {}).cacheBytes).toBe(500 * 1024 ** 2);
  for (const wrong of ['0Gi', '3', '3G', '1.5Gi', '-1Mi', ''])
    expect(() => readConfig([`--cache-limit=${wrong}`], {})).toThrow(
      `--cache-limit "${wrong}" is no size: use a whole number with Mi or Gi, as in 3Gi`,
    );
});
