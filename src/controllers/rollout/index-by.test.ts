import { expect, it } from 'vitest';
import type { Service } from '../../api/index.ts';
import { createStore } from '../../kube/store.ts';
import { indexBy } from './index-by.ts';

function service(name: string, app: string, resourceVersion: string): Service {
  return { metadata: { namespace: 'shop', name, uid: name, resourceVersion }, spec: { selector: { app } } };
}

it('finds what refers to something, also what was there before, and forgets what no longer does', () => {
  const store = createStore<Service>((error) => expect.unreachable(String(error)));
  store.take(service('early', 'web', '1'), 'watch');
  const byApp = indexBy(store, ({ spec }) => [spec.selector?.app ?? '']);
  const names = (app: string) => byApp(app).map(({ metadata }) => metadata.name);
  store.take(service('late', 'web', '2'), 'watch');
  expect(names('web')).toEqual(['early', 'late']);
  store.take(service('early', 'other', '3'), 'watch');
  expect([names('web'), names('other')]).toEqual([['late'], ['early']]);
  store.remove(service('late', 'web', '4'));
  expect([names('web'), names('nothing')]).toEqual([[], []]);
  expect(byApp('other')[0]?.metadata.resourceVersion).toBe('3');
});
