import { expect, it } from 'vitest';
import { silentLog } from '../log.ts';
import { createCaches } from './caches.ts';
import { createKubeClient } from './http-client.ts';
import { clusterAnalysisTemplates, deployments, secrets } from './resources.ts';
import { startTestServer } from './test-server.ts';

it('starts and stops the caches of a process together, in one namespace where that is asked for, and one on demand', async () => {
  const server = await startTestServer();
  const connection = createKubeClient({ config: server.config, log: silentLog(), userAgent: 'test' });
  server.put('/api/v1/namespaces/shop/secrets', { metadata: { name: 'mine', namespace: 'shop' } });
  server.put('/api/v1/namespaces/other/secrets', { metadata: { name: 'far', namespace: 'other' } });
  server.put('/apis/argoproj.io/v1alpha1/clusteranalysistemplates', { metadata: { name: 'all' } });

  const caches = createCaches({ connection, log: silentLog(), namespace: 'shop' });
  const secretCache = caches.cache(secrets);
  const templates = caches.cache(clusterAnalysisTemplates);
  const later = caches.cache(deployments, { onDemand: true });
  await caches.start();
  expect(secretCache.list().map(({ metadata }) => metadata.name)).toEqual(['mine']);
  expect(templates.get(undefined, 'all')?.kind).toBe('ClusterAnalysisTemplate');

  await expect.poll(() => server.openWatches, { interval: 2 }).toBe(2);
  server.put('/apis/apps/v1/namespaces/shop/deployments', { metadata: { name: 'web', namespace: 'shop' } });
  later.start();
  await later.synced;
  expect(later.get('shop', 'web')?.kind).toBe('Deployment');
  await expect.poll(() => server.openWatches, { interval: 2 }).toBe(3);
  await caches.stop();
  await expect.poll(() => server.openWatches, { interval: 2 }).toBe(0);
  connection.close();
  await server.stop();
});
