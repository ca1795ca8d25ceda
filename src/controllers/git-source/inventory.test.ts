import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/index.ts';
import { entryOf, grown, keyOfEntry, leftovers, MOST_ENTRIES, nameOfEntry, readEntry } from './inventory.ts';
import { leftoverVerdict } from './leftovers.ts';

const object = (apiVersion: string, kind: string, name: string, namespace?: string): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, ...(namespace !== undefined && { namespace }) },
});

describe('a line of the inventory', () => {
  it.each([
    [
      object('apps/v1', 'Deployment', 'web'),
      'apps/v1 Deployment shop/web',
      'apps/Deployment shop/web',
      'Deployment shop/web',
    ],
    [object('v1', 'ConfigMap', 'c', 'other'), 'v1 ConfigMap other/c', '/ConfigMap other/c', 'ConfigMap other/c'],
    [object('v1', 'Namespace', 'shop'), 'v1 Namespace /shop', '/Namespace /shop', 'Namespace shop'],
    [
      object('rbac.authorization.k8s.io/v1', 'ClusterRole', 'system:x'),
      'rbac.authorization.k8s.io/v1 ClusterRole /system:x',
      'rbac.authorization.k8s.io/ClusterRole /system:x',
      'ClusterRole system:x',
    ],
  ])('%#', (given, entry, key, name) => {
    expect(entryOf(given, 'shop')).toBe(entry);
    expect(keyOfEntry(entry)).toBe(key);
    expect(nameOfEntry(entry)).toBe(name);
    expect(entryOf(readEntry(entry) as KubeObject, 'elsewhere')).toBe(entry);
  });

  it('that names nothing is no object', () => {
    for (const text of ['', 'v1', 'v1 ConfigMap', 'v1 ConfigMap c', 'v1 Config Map a/b', 'v1 ConfigMap a/']) {
      expect(readEntry(text)).toBeUndefined();
    }
  });
});

describe('the inventory', () => {
  it('takes in what is new, and the version of what it knows', () => {
    expect(grown(['apps/v1beta1 Deployment s/a'], ['apps/v1 Deployment s/a', 'v1 Secret s/b'])).toEqual({
      inventory: ['apps/v1 Deployment s/a', 'v1 Secret s/b'],
      isNew: true,
      beyond: 0,
    });
    expect(grown(['v1 Secret s/b', 'v1 Secret s/c'], ['v1 Secret s/b']).isNew).toBe(false);
  });

  it('never forgets, never exceeds its bound, and does not take what it takes in for left over', () => {
    const entry = fc.constantFrom(...Array.from({ length: 12 }, (_, index) => `v1 Secret s/n${index}`));
    fc.assert(
      fc.property(fc.uniqueArray(entry), fc.uniqueArray(entry), (known, wanted) => {
        const { inventory } = grown(known, wanted);
        expect(inventory).toEqual([...new Set([...known, ...wanted])].sort());
        expect(leftovers(inventory, wanted)).toEqual(known.filter((each) => !wanted.includes(each)).sort());
      }),
    );
  });

  it('says how many it has no room for', () => {
    const many = Array.from({ length: MOST_ENTRIES + 3 }, (_, index) => `v1 Secret s/n${index}`);
    const { inventory, beyond } = grown([], many);
    expect([inventory.length, beyond]).toEqual([MOST_ENTRIES, 3]);
    expect(grown(inventory, many)).toEqual({ inventory, isNew: false, beyond: 3 });
  });
});

describe('what the Pruned condition says of what is left', () => {
  const told = (prune: boolean, objects: number, left: string[], beyond = 0) =>
    leftoverVerdict({ spec: { prune } as never }, { head: 'abcdef0123', objects }, left, beyond);
  const left = ['v1 Secret s/b'];
  it('is nothing where it may go', () => {
    expect([told(true, 1, left), told(true, 0, []), told(false, 1, [])]).toEqual([undefined, undefined, undefined]);
  });

  it('names what stays, and why', () => {
    expect(told(false, 1, left)).toMatchObject({ reason: 'PruneOff', message: expect.stringContaining('Secret s/b') });
    expect(told(true, 0, left)).toMatchObject({
      reason: 'PruneRefused',
      message: expect.stringContaining('abcdef0 leaves'),
    });
    expect(told(true, 9, left, 3)).toMatchObject({
      reason: 'InventoryFull',
      message: expect.stringContaining('3 objects'),
    });
  });
});
