import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createDialer } from '../net/index.ts';
import { createProviders, providerKeys } from './index.ts';

const SUPPORT = ['index', 'provider', 'conformance'];

it('registers every provider in the folder', () => {
  const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
  const names = files.map((file) => file.replace('.ts', '')).filter((name) => !SUPPORT.includes(name));
  expect(names.map((name) => name.replaceAll('-', ''))).toEqual(providerKeys.map((key) => key.toLowerCase()));
});

it('knows each provider by its own key', () => {
  const providers = createProviders({ dialer: createDialer(), moments: () => ({ ok: true, time: 0 }) });
  for (const [key, provider] of providers) expect(provider.key).toBe(key);
});
