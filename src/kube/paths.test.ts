import { expect, it } from 'vitest';
import { askedOf } from './paths.ts';

it.each([
  ['/api/v1/namespaces/shop/pods?labelSelector=a%3Db', { kind: 'pods', namespace: 'shop', name: '' }],
  ['/api/v1/namespaces/shop', { kind: 'namespaces', namespace: '', name: 'shop' }],
  ['/apis/argoproj.io/v1alpha1/rollouts?limit=500', { kind: 'rollouts', namespace: '', name: '' }],
  [
    '/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/web/status',
    { kind: 'rollouts', namespace: 'shop', name: 'web' },
  ],
  [
    '/apis/argoproj.io/v1alpha1/clusteranalysistemplates/a',
    { kind: 'clusteranalysistemplates', namespace: '', name: 'a' },
  ],
  ['/version', { kind: '', namespace: '', name: '' }],
])('tells what %s asks for', (path, asked) => {
  expect(askedOf(path)).toEqual(asked);
});
