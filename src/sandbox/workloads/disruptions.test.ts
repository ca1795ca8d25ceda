import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Pod, ReplicaSet } from '../../api/kubernetes.ts';
import { type VirtualClock, virtualClock } from '../../clock.ts';
import type { PodDisruptionBudget } from './disruptions.ts';
import { createWorkloads, type Workloads } from './index.ts';
import { createTestingCluster, type TestingCluster } from './testing-cluster.ts';

const START = Date.parse('2026-03-01T12:00:00Z');

let clock: VirtualClock;
let cluster: TestingCluster;
let workloads: Workloads;

beforeEach(async () => {
  clock = virtualClock(START);
  cluster = await createTestingCluster(clock);
  const { connection, api } = cluster;
  const settings = { startDelay: { least: 2000, most: 2000 } };
  workloads = createWorkloads({ store: api.store, connection, clock, settings });
});
afterEach(async () => {
  await workloads.stop();
  await cluster.stop();
});

const pass = (seconds: number) => clock.run({ until: clock.now() + seconds * 1000 });

function replicaSet(name: string, replicas: number): ReplicaSet {
  const labels = { app: 'web', set: name };
  return {
    metadata: { name, namespace: 'shop' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web:1' }] } },
    },
  };
}

async function counted(spec: object, sets = [replicaSet('a', 3), replicaSet('b', 1)]): Promise<number[]> {
  const { store } = cluster.api;
  const given = { selector: { matchLabels: { app: 'web' } }, ...spec };
  store.create<PodDisruptionBudget>('PodDisruptionBudget', {
    metadata: { name: 'web', namespace: 'shop' },
    spec: given,
  });
  for (const set of sets) store.create('ReplicaSet', set);
  await pass(5);
  return budgetNow();
}

function budgetNow(): number[] {
  const budget = cluster.api.store.get<PodDisruptionBudget>('PodDisruptionBudget', 'shop', 'web');
  const { expectedPods, currentHealthy, desiredHealthy, disruptionsAllowed, observedGeneration } = budget?.status ?? {};
  expect(observedGeneration).toBe(budget?.metadata.generation);
  return [expectedPods, currentHealthy, desiredHealthy, disruptionsAllowed].map(Number);
}

it.each<[object, number[]]>([
  [{ minAvailable: 3 }, [4, 4, 3, 1]],
  [{ minAvailable: 9 }, [4, 4, 9, 0]],
  [{ minAvailable: '60%' }, [4, 4, 3, 1]],
  [{ maxUnavailable: 1 }, [4, 4, 3, 1]],
  [{ maxUnavailable: '30%' }, [4, 4, 2, 2]],
  [{ maxUnavailable: 0 }, [4, 4, 4, 0]],
  [{ maxUnavailable: 1, selector: {} }, [4, 4, 3, 1]],
  [{ maxUnavailable: 1, selector: { matchLabels: { set: 'a' } } }, [3, 3, 2, 1]],
  [{ minAvailable: 1, selector: { matchLabels: { app: 'other' } } }, [0, 0, 1, 0]],
  [{}, [0, 4, 0, 0]],
])('counts what %j leaves room for', async (spec, status) => {
  expect(await counted(spec)).toEqual(status);
});

it('counts anew when pods go, come and are wanted', async () => {
  const { store } = cluster.api;
  await counted({ maxUnavailable: 1 }, [replicaSet('a', 3)]);
  const [pod] = store.list<Pod>('Pod', 'shop');
  store.delete('Pod', 'shop', pod?.metadata.name ?? '');
  await pass(0);
  expect(budgetNow()).toEqual([3, 2, 2, 0]);
  await pass(5);
  expect(budgetNow()).toEqual([3, 3, 2, 1]);
  store.patch('ReplicaSet', { namespace: 'shop', name: 'a' }, { spec: { replicas: 5 } });
  await pass(0);
  expect(budgetNow()).toEqual([5, 3, 4, 0]);
  store.patch('PodDisruptionBudget', { namespace: 'shop', name: 'web' }, { spec: { maxUnavailable: 3 } });
  await pass(0);
  expect(budgetNow()).toEqual([5, 3, 2, 1]);
});
