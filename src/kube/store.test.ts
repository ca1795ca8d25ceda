import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../api/kubernetes.ts';
import { createStore } from './store.ts';

function version(name: string, resourceVersion: string, uid = `uid-${name}`): KubeObject {
  return { metadata: { name, namespace: 'shop', uid, resourceVersion } };
}

function recorded() {
  const store = createStore<KubeObject>((error) => {
    throw error;
  });
  const changes: string[] = [];
  store.onChange(({ metadata }, change) => changes.push(`${change} ${metadata.name}@${metadata.resourceVersion}`));
  return { store, changes };
}

describe('versions', () => {
  it('ignores what is old or known, beyond what a double holds', () => {
    const { store, changes } = recorded();
    store.take(version('a', '9007199254740993'), 'watch');
    store.take(version('a', '9007199254740993'), 'watch');
    store.take(version('a', '9007199254740992'), 'write');
    store.take(version('a', '10007199254740992'), 'write');
    expect(changes).toEqual(['added a@9007199254740993', 'changed a@10007199254740992']);
  });

  it('takes opaque versions as they come', () => {
    const { store, changes } = recorded();
    store.take(version('a', 'x2'), 'watch');
    store.take(version('a', 'x1'), 'watch');
    store.take(version('a', 'x1'), 'watch');
    expect(changes).toEqual(['added a@x2', 'changed a@x1']);
  });
});

describe('deletions', () => {
  it('ignores one that is older than what is held', () => {
    const { store } = recorded();
    store.take(version('a', '12'), 'write');
    store.remove(version('a', '10'));
    expect(store.get('shop', 'a')).toBeDefined();
    store.remove(version('a', '12'));
    expect(store.get('shop', 'a')).toBeUndefined();
  });

  it('is final for a late answer, but not for a later version', () => {
    const { store } = recorded();
    store.take(version('a', '5'), 'watch');
    store.remove(version('a', '8'));
    store.take(version('a', '7'), 'write');
    store.take(version('a', '8'), 'watch');
    expect(store.list()).toEqual([]);
    store.take(version('a', '9'), 'watch');
    expect(store.list()).toHaveLength(1);
  });

  it('is known even when the object was never seen', () => {
    const { store } = recorded();
    store.remove(version('a', '8'));
    store.take(version('a', '7'), 'write');
    expect(store.list()).toEqual([]);
  });

  it('of a predecessor leaves the successor alone', () => {
    const { store, changes } = recorded();
    store.take(version('a', '5', 'first'), 'watch');
    store.take(version('a', '9', 'second'), 'write');
    store.remove(version('a', '8', 'first'));
    store.take(version('a', '7', 'first'), 'write');
    expect(store.get('shop', 'a')?.metadata.uid).toBe('second');
    expect(changes).toEqual(['added a@5', 'deleted a@5', 'added a@9']);
  });
});

describe('a whole list', () => {
  it('does not undo writes of ours that are later than it', () => {
    const { store, changes } = recorded();
    store.take(version('changed', '20'), 'write');
    store.take(version('made', '21'), 'write');
    changes.length = 0;
    store.replace([version('changed', '3')], '15', false);
    expect(changes).toEqual([]);
    expect(store.list()).toHaveLength(2);
  });

  it('buries what it does not name', () => {
    const { store, changes } = recorded();
    store.take(version('a', '5'), 'watch');
    store.replace([], '15', false);
    store.take(version('a', '12'), 'write');
    expect(changes).toEqual(['added a@5', 'deleted a@5']);
  });

  it('is taken in whole before anyone is told', () => {
    const { store } = recorded();
    const seen: number[] = [];
    store.onChange(() => seen.push(store.list().length));
    store.replace([version('a', '1'), version('b', '2')], '15', false);
    expect(seen).toEqual([2, 2]);
  });

  it('beats everything when the history was set back', () => {
    const { store } = recorded();
    store.take(version('a', '50'), 'watch');
    store.take(version('b', '51'), 'watch');
    store.replace([version('a', '5')], '15', true);
    expect(store.list().map(({ metadata }) => metadata.resourceVersion)).toEqual(['5']);
  });
});

describe('the index by owner', () => {
  const owned = (resourceVersion: string, uid?: string): KubeObject => ({
    metadata: {
      ...version('a', resourceVersion).metadata,
      ...(uid && { ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x', uid, controller: true }] }),
    },
  });

  it('follows an object from owner to owner', () => {
    const { store } = recorded();
    store.take(owned('1', 'first'), 'watch');
    store.take(owned('2', 'second'), 'watch');
    expect([store.ownedBy('first').length, store.ownedBy('second').length]).toEqual([0, 1]);
    store.take(owned('3'), 'watch');
    expect(store.ownedBy('second')).toEqual([]);
    store.take(owned('4', 'first'), 'watch');
    store.remove(owned('5', 'first'));
    expect(store.ownedBy('first')).toEqual([]);
  });
});
