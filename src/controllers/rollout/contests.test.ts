import { expect, it } from 'vitest';
import { MANAGED_BY, POD_TEMPLATE_HASH, type Rollout, type Service } from '../../api/index.ts';
import type { Decision, Effect } from '../../rollout/index.ts';
import { createContests } from './contests.ts';
import type { RolloutCaches } from './observe.ts';

const KEY = 'shop/web';
const MINUTE = 60_000;
const rollout = {
  metadata: { name: 'web', namespace: 'shop' },
  spec: { strategy: { canary: { stableService: 'stable', canaryService: 'canary' } } },
} as Rollout;

/** Both Services as the API server holds them; each write makes another version. */
function createCluster() {
  let version = 0;
  const services = new Map<string, Service>();
  const write = (name: string, hash: string, manager: string) => {
    const annotations = { [MANAGED_BY]: 'web' };
    const metadata = { name, namespace: 'shop', annotations, resourceVersion: String(++version) };
    const spec = { selector: { app: 'web', [POD_TEMPLATE_HASH]: hash } };
    services.set(name, { metadata: { ...metadata, managedFields: [{ manager }] }, spec } as unknown as Service);
  };
  const caches = {
    services: { get: (_: unknown, name: string) => services.get(name) },
    rollouts: { get: () => rollout },
  } as unknown as RolloutCaches;
  return { write, caches, looked: () => ({ rollout, routers: [], services: Object.fromEntries(services) }) };
}

/** A tool that sets both Services to what Git has, one after the other. */
const git = (cluster: ReturnType<typeof createCluster>, name: string) =>
  cluster.write(name, 'git', 'kustomize-controller');

const nothing = { effects: [], withheld: [] } as unknown as Decision;
const switching = (name: string, hash: string): Effect => ({ kind: 'switchService', name, hash, from: 'git' });

it('counts what is set back while a pass writes something else, with what the next pass sees', () => {
  const cluster = createCluster();
  const contests = createContests({ caches: cluster.caches, routers: [], argoCdNamespace: 'argocd' });
  const told: string[] = [];
  const pass = (at: number, effects: Effect[], meanwhile = () => {}) => {
    const looked = cluster.looked();
    told.push(...contests.see(KEY, looked, at).news.map(({ message }) => message));
    for (const effect of effects)
      if (effect.kind === 'switchService') cluster.write(effect.name, effect.hash, 'headgate');
    meanwhile();
    contests.settle(KEY, looked, { decision: { ...nothing, effects }, done: effects }, at);
  };
  for (const name of ['stable', 'canary']) cluster.write(name, name, 'headgate');
  pass(0, []);
  for (let round = 1; round <= 3; round++) {
    git(cluster, 'stable');
    // The canary's is set back after the look by which the stable one's is put right.
    pass(round * MINUTE, [switching('stable', 'stable')], () => git(cluster, 'canary'));
    pass(round * MINUTE + 1, [switching('canary', 'canary')]);
  }
  expect(told).toEqual([
    expect.stringContaining('set the selector of Service stable back 3 times'),
    expect.stringContaining('set the selector of Service canary back 3 times'),
  ]);
});
