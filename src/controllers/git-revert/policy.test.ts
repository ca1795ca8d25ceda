import { expect, it } from 'vitest';
import type { RevertPolicy } from '../../api/index.ts';
import type { GitRevertOptions } from './options.ts';
import { createPolicyProbe } from './policy.ts';

function startProbe() {
  const all = new Map<string, RevertPolicy>();
  let probes = 0;
  const host = {
    probe: async () => {
      probes++;
      return { ok: true };
    },
  };
  const { reconcile } = createPolicyProbe({
    client: { patch: async () => ({}) },
    clock: { now: () => 0 },
    policies: { get: (_: undefined, name: string) => all.get(name), observe() {} },
    hosts: new Map([['git', host]]),
    locate: async () => ({ kind: 'https' }),
    repositories: { open: () => ({}) },
  } as unknown as GitRevertOptions);
  const repository = { host: 'git', url: 'https://git.example/team/shop', branch: 'main' };
  return {
    probes: () => probes,
    reconcile: () => reconcile('shop'),
    make: (uid: string, generation = 1) =>
      all.set('shop', { metadata: { name: 'shop', uid, generation }, spec: { repository } } as RevertPolicy),
    remove: () => all.delete('shop'),
  };
}

it('probes once for each state of a policy, and again when it is made anew', async () => {
  const probe = startProbe();
  probe.make('a');
  await probe.reconcile();
  await probe.reconcile();
  expect(probe.probes()).toBe(1);
  probe.make('a', 2);
  await probe.reconcile();
  expect(probe.probes()).toBe(2);
  probe.make('b', 2);
  await probe.reconcile();
  expect(probe.probes()).toBe(3);
  probe.remove();
  await probe.reconcile();
  probe.make('b', 2);
  await probe.reconcile();
  expect(probe.probes()).toBe(4);
});

it('says of a policy that commits whether it could fall back to pull requests, too', async () => {
  const ways: (string | undefined)[] = [];
  const said: string[] = [];
  const lacks = { ok: false, reason: 'noRights', message: 'give the token the scope x' };
  const host = {
    proposals: {},
    probe: async (_: object, __: string, way?: string) => {
      ways.push(way);
      return way === 'proposal' ? lacks : { ok: true };
    },
  };
  const repository = { host: 'git', url: 'https://git.example/team/shop', branch: 'main' };
  const all = new Map(
    ['Direct', 'DryRun', 'PullRequest'].map((mode) => [mode, { metadata: { name: mode }, spec: { repository, mode } }]),
  );
  const { reconcile } = createPolicyProbe({
    client: {
      async patch(_: object, __: object, { body }: { body: { status: { conditions: Record<string, string>[] } } }) {
        const [condition] = body.status.conditions;
        said.push(`${condition?.status} ${condition?.message}`);
        return {};
      },
    },
    clock: { now: () => 0 },
    policies: { get: (_: undefined, name: string) => all.get(name), observe() {} },
    hosts: new Map([['git', host]]),
    locate: async () => ({ kind: 'https' }),
    repositories: { open: () => ({}) },
  } as unknown as GitRevertOptions);
  for (const name of all.keys()) await reconcile(name);
  expect(ways).toEqual(['commit', 'proposal', 'commit', 'proposal']);
  expect(said).toEqual([
    'True repository, branch and the right to write are there, but not for pull requests: give the token the scope x',
    'True repository, branch and the right to write are there',
    'False give the token the scope x',
  ]);
});
