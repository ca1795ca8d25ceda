import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gitSource, type Loop, MINUTE, PATH, rolloutYaml, setStatus, startLoop } from '../../../test/git/loop.ts';
import type { GitSource, KubeObject } from '../../api/index.ts';
import { gitSources } from '../../kube/resources.ts';

let loop: Loop;
beforeEach(async () => {
  loop = await startLoop();
});
afterEach(() => loop.close());

const follow = async (part: object = {}, name = 'web') => {
  const source = gitSource(loop, name) as GitSource;
  loop.api.store.create(gitSources, { ...source, spec: { ...source.spec, prune: true, ...part } });
  await loop.settle(1000);
};
const change = (part: object, name = 'web') =>
  loop.api.store.patch(gitSources, { namespace: 'shop', name }, { spec: part });
const status = (name = 'web') => loop.api.store.get(gitSources, 'shop', name)?.status;
const condition = (type: string, name = 'web') => status(name)?.conditions?.find((each) => each.type === type);
const there = (kind: string, name: string) =>
  loop.api.store.get(kind, kind === 'Namespace' ? undefined : 'shop', name) !== undefined;
const annotate = (kind: string, name: string, metadata: object) =>
  loop.api.store.patch(kind, { ...(kind === 'Namespace' ? {} : { namespace: 'shop' }), name }, { metadata });
const config = (name: string, value = '1') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {value: "${value}"}\n`;
const namespace = (name: string) => `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n`;
const file = (name: string, folder = PATH) => `${folder}/${name}.yaml`;
const ab = () => ({ [file('a')]: config('a'), [file('b')]: config('b') });
const deletions = () => loop.audit.filter(({ verb }) => verb === 'delete');
/** Puts `a` and `b` into the cluster, then takes `b` out of Git. */
const withoutB = async (part: object = {}) => {
  await loop.commit(ab());
  await follow(part);
  await loop.commit({ [file('b')]: null });
};

describe('what left Git', () => {
  it('is deleted as the service account, as what was looked at, and crossed out', async () => {
    await withoutB();
    expect(status()?.inventory).toEqual(['v1 ConfigMap shop/a', 'v1 ConfigMap shop/b']);
    await loop.settle(MINUTE);
    expect([there('ConfigMap', 'a'), there('ConfigMap', 'b')]).toEqual([true, false]);
    expect(deletions().map(({ user, name }) => `${user} ${name}`)).toEqual(['system:serviceaccount:shop:deployer b']);
    expect(status()?.inventory).toEqual(['v1 ConfigMap shop/a']);
    expect(condition('Pruned')).toMatchObject({ status: 'True', reason: 'Pruned' });
    expect(loop.told).toContainEqual(
      expect.objectContaining({ reason: 'GitSourcePruned', message: expect.stringContaining('ConfigMap shop/b') }),
    );
  });

  it('stays without spec.prune, which is said, and goes once it is set', async () => {
    await withoutB({ prune: false });
    await loop.settle(MINUTE);
    expect(there('ConfigMap', 'b')).toBe(true);
    expect(condition('Pruned')).toMatchObject({
      status: 'False',
      reason: 'PruneOff',
      message: expect.stringContaining('shop/b'),
    });
    change({ prune: true });
    await loop.settle(1000);
    expect(there('ConfigMap', 'b')).toBe(false);
  });

  it.each<[string, () => void, string]>([
    [
      'is kept by its annotation',
      () => annotate('ConfigMap', 'b', { annotations: { 'headgate.dev/prune': 'disabled' } }),
      'its annotation headgate.dev/prune says so',
    ],
    [
      'is kept where somebody owns it',
      () =>
        annotate('ConfigMap', 'b', {
          ownerReferences: [
            {
              apiVersion: 'v1',
              kind: 'ConfigMap',
              name: 'a',
              uid: loop.api.store.get('ConfigMap', 'shop', 'a')?.metadata.uid,
            },
          ],
        }),
      'ConfigMap a owns it',
    ],
  ])('%s', async (_, prepare, why) => {
    await withoutB();
    prepare();
    await loop.settle(2 * MINUTE);
    expect(there('ConfigMap', 'b')).toBe(true);
    expect(condition('Pruned')).toMatchObject({
      status: 'True',
      reason: 'Kept',
      message: expect.stringContaining(why),
    });
    expect(status()?.inventory).toContain('v1 ConfigMap shop/b');
  });

  it.each<[string, object]>([
    ['no source marks any more', { annotations: { 'headgate.dev/git-source': null } }],
    ['another source marks', { annotations: { 'headgate.dev/git-source': 'GitSource/shop/other' } }],
  ])('is left alone and forgotten where %s it', async (_, metadata) => {
    await withoutB();
    annotate('ConfigMap', 'b', metadata);
    await loop.settle(MINUTE);
    expect(there('ConfigMap', 'b')).toBe(true);
    expect(status()?.inventory).toEqual(['v1 ConfigMap shop/a']);
  });

  it.each<[string, () => void]>([
    [
      'is marked by another source',
      () => annotate('ConfigMap', 'b', { annotations: { 'headgate.dev/git-source': 'GitSource/shop/other' } }),
    ],
    [
      'is made anew by a person',
      () => {
        const metadata = { name: 'b', namespace: 'shop' };
        loop.api.store.delete('ConfigMap', 'shop', 'b');
        loop.api.store.create('ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata } as KubeObject);
      },
    ],
  ])('stays where it %s between the look and the deletion', async (_, meanwhile) => {
    await withoutB();
    loop.api.faults = ({ verb }) => {
      if (verb !== 'delete') return undefined;
      loop.api.faults = undefined;
      meanwhile();
      return undefined;
    };
    await loop.settle(MINUTE);
    expect(deletions().map(({ code }) => code)).toEqual([409]);
    expect(there('ConfigMap', 'b')).toBe(true);
    expect(status()?.inventory).toEqual(['v1 ConfigMap shop/a']);
  });

  it('is told where the service account may not delete it, and tried again', async () => {
    loop.api.authorize = ({ user, verb }) => !(user.includes('deployer') && verb === 'delete');
    await withoutB();
    await loop.settle(MINUTE);
    expect(condition('Pruned')).toMatchObject({
      status: 'False',
      reason: 'PruneFailed',
      message: expect.stringContaining('shop/b'),
    });
    expect(condition('Ready')?.status).toBe('True');
    loop.api.authorize = () => true;
    await loop.settle(MINUTE);
    expect(there('ConfigMap', 'b')).toBe(false);
  });

  it('is in the inventory until its finalizers have let it go', async () => {
    await withoutB();
    annotate('ConfigMap', 'b', { finalizers: ['example.com/wait'] });
    await loop.settle(MINUTE);
    expect(condition('Pruned')).toMatchObject({ status: 'False', reason: 'Deleting' });
    expect(status()?.inventory).toContain('v1 ConfigMap shop/b');
    annotate('ConfigMap', 'b', { finalizers: null });
    await loop.settle(10_000);
    expect(status()?.inventory).toEqual(['v1 ConfigMap shop/a']);
    expect(deletions()).toHaveLength(1);
  });

  it('stays while anything of the commit could not be applied', async () => {
    loop.api.authorize = ({ user, verb, name }) => !(user.includes('deployer') && verb === 'patch' && name === 'c');
    await withoutB();
    await loop.commit({ [file('c')]: config('c') });
    await loop.settle(MINUTE);
    expect(condition('Ready')?.reason).toBe('Forbidden');
    expect(there('ConfigMap', 'b')).toBe(true);
  });

  it('stays while a Rollout may go back to it', async () => {
    await loop.commit({ ...ab(), [file('rollout')]: rolloutYaml('web:v1') });
    await follow();
    await loop.commit({ [file('b')]: null, [file('rollout')]: rolloutYaml('web:v2') });
    await loop.settle(MINUTE);
    const tell = (phase: string) =>
      setStatus(loop, { phase, observedGeneration: String(loop.rollout().metadata.generation) });
    for (const phase of ['Progressing', 'Paused', 'Degraded']) {
      tell(phase);
      await loop.settle(MINUTE);
      expect(condition('Pruned')).toMatchObject({
        reason: 'WaitingForWorkloads',
        message: expect.stringContaining('Rollout web'),
      });
      expect(there('ConfigMap', 'b')).toBe(true);
    }
    tell('Healthy');
    await loop.settle(MINUTE);
    expect(there('ConfigMap', 'b')).toBe(false);
  });
});

describe('nothing is deleted', () => {
  const untouched = async (reason: string, words: string) => {
    await loop.settle(MINUTE);
    expect(condition('Pruned')).toMatchObject({ status: 'False', reason, message: expect.stringContaining(words) });
    expect([there('ConfigMap', 'a'), there('ConfigMap', 'b')]).toEqual([true, true]);
    expect(deletions()).toEqual([]);
  };

  it('by a commit that leaves no object at all', async () => {
    await withoutB();
    await loop.commit({ [file('a')]: '# nothing\n' });
    await untouched('PruneRefused', 'leaves no object at all');
  });

  it('by a commit without the folder', async () => {
    await withoutB();
    await loop.commit({ [file('a')]: null, 'other/x.yaml': config('x') });
    await untouched('PruneRefused', 'cannot be read whole');
  });

  it('by a commit that cannot be read', async () => {
    await withoutB();
    await loop.commit({ [file('bad')]: 'kind: [\n' });
    await untouched('PruneRefused', 'status.files');
  });

  it('by deleting the GitSource', async () => {
    await withoutB();
    loop.api.store.delete(gitSources, 'shop', 'web');
    await loop.settle(MINUTE);
    expect([there('ConfigMap', 'a'), there('ConfigMap', 'b')]).toEqual([true, true]);
  });
});

describe('what goes over to another source', () => {
  const move = () => loop.commit({ [file('b')]: null, 'apps/other/b.yaml': config('b') });
  it.each(['web', 'other'])('is not deleted, whichever looks first (%s)', async (first) => {
    await loop.commit({ ...ab(), 'apps/other/c.yaml': config('c') });
    await follow({ interval: first === 'web' ? '1m' : '10m' });
    await follow({ interval: first === 'web' ? '10m' : '1m' }, 'other');
    const { uid } = loop.api.store.get('ConfigMap', 'shop', 'b')?.metadata ?? {};
    await move();
    await loop.settle(2 * MINUTE);
    if (first === 'web') expect(condition('Pruned')?.message).toContain('GitSource shop/other has it too');
    await loop.settle(20 * MINUTE);
    expect(loop.api.store.get('ConfigMap', 'shop', 'b')?.metadata).toMatchObject({
      uid,
      annotations: { 'headgate.dev/git-source': 'GitSource/shop/other' },
    });
    expect(status()?.inventory).toEqual(['v1 ConfigMap shop/a']);
    expect(status('other')?.inventory).toEqual(['v1 ConfigMap shop/b', 'v1 ConfigMap shop/c']);
    expect(deletions()).toEqual([]);
  });

  it('is kept while the other source cannot be read', async () => {
    await loop.commit({ ...ab(), 'apps/other/c.yaml': 'kind: [\n' });
    await follow();
    await follow({}, 'other');
    await move();
    await loop.settle(MINUTE);
    expect(condition('Pruned')?.message).toContain('GitSource shop/other cannot be read');
    expect(deletions()).toEqual([]);
  });
});

describe('what takes more with it', () => {
  const spaces = { [file('a')]: config('a'), [file('n')]: namespace('extra') };
  it('is deleted only where spec.pruneAlso names its kind', async () => {
    await loop.commit(spaces);
    await follow();
    await loop.commit({ [file('n')]: null });
    await loop.settle(MINUTE);
    expect(condition('Pruned')?.message).toContain('spec.pruneAlso does not name Namespace');
    change({ pruneAlso: ['Namespace'] });
    await loop.settle(10_000);
    expect(there('Namespace', 'extra')).toBe(false);
  });

  it('is kept while something of this source is in it', async () => {
    await loop.commit({ ...spaces, [file('c')]: config('c').replace('name: c', 'name: c, namespace: extra') });
    await follow({ pruneAlso: ['Namespace'] });
    await loop.commit({ [file('n')]: null });
    await loop.settle(MINUTE);
    expect(condition('Pruned')?.message).toContain('ConfigMap extra/c would go with it');
  });

  it('is kept while something of another source is in it', async () => {
    await loop.commit({ ...spaces, 'apps/other/c.yaml': config('c').replace('name: c', 'name: c, namespace: extra') });
    await follow({ pruneAlso: ['Namespace'] });
    await follow({}, 'other');
    await loop.commit({ [file('n')]: null });
    await loop.settle(MINUTE);
    expect(condition('Pruned')?.message).toContain('ConfigMap extra/c would go with it');
    expect(there('Namespace', 'extra')).toBe(true);
  });

  it('goes last', async () => {
    await loop.commit({ ...spaces, [file('c')]: config('c').replace('name: c', 'name: c, namespace: extra') });
    await follow({ pruneAlso: ['Namespace'] });
    await loop.commit({ [file('n')]: null, [file('c')]: null });
    await loop.settle(MINUTE);
    expect(deletions().map(({ resource }) => resource)).toEqual(['configmaps', 'namespaces']);
  });
});

describe('a crash', () => {
  const inventoryHolds = (names: string[]) =>
    names.every((name) => status()?.inventory?.includes(`v1 ConfigMap shop/${name}`));
  const marked = () =>
    loop.api.store
      .list('ConfigMap', 'shop')
      .filter(({ metadata }) => metadata.annotations?.['headgate.dev/git-source'])
      .map(({ metadata }) => metadata.name);
  /** Lets the process die at its nth write, which was carried out or not; answers whether it came so far. */
  const dieAt = async (nth: number, drop: 'before' | 'after') => {
    let count = 0;
    loop.api.faults = ({ verb }) => {
      if (count > nth) return { answer: 503 };
      if (!['patch', 'delete'].includes(verb) || count++ < nth) return undefined;
      return { drop };
    };
    await loop.settle(MINUTE);
    const isDead = count > nth;
    const stopped = loop.restart();
    loop.api.faults = undefined;
    await stopped;
    return isDead;
  };

  it.each(['before', 'after'] as const)(
    '%s any write forgets nothing and deletes nothing of others',
    { timeout: 120_000 },
    async (drop) => {
      const metadata = { name: 'd', namespace: 'shop' };
      loop.api.store.create('ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata } as KubeObject);
      await loop.commit(ab());
      await follow();
      let deaths = 0;
      for (let isDead = true; isDead; deaths++) {
        await loop.commit({ [file('b')]: null, [file('c')]: config('c'), [file('e')]: config('e') });
        isDead = await dieAt(deaths, drop);
        expect(inventoryHolds(marked())).toBe(true);
        await loop.settle(MINUTE);
        expect(['a', 'b', 'c', 'd', 'e'].map((name) => there('ConfigMap', name))).toEqual([
          true,
          false,
          true,
          true,
          true,
        ]);
        expect(status()?.inventory).toEqual(['v1 ConfigMap shop/a', 'v1 ConfigMap shop/c', 'v1 ConfigMap shop/e']);
        await loop.commit({ [file('b')]: config('b'), [file('c')]: null, [file('e')]: null });
        await loop.settle(2 * MINUTE);
        expect(marked()).toEqual(['a', 'b']);
      }
      // The inventory, two objects, one deletion, the status.
      expect(deaths - 1).toBe(5);
    },
  );
});

it('writes nothing when nothing changed', async () => {
  await withoutB();
  await loop.settle(2 * MINUTE);
  const writes = () => loop.audit.filter(({ verb }) => !['get', 'list', 'watch'].includes(verb));
  loop.audit.length = 0;
  await loop.settle(10 * MINUTE);
  expect(writes()).toEqual([]);
  // A commit with something new: one write of the inventory, one of what came of it.
  await loop.commit({ [file('c')]: config('c') });
  await loop.settle(MINUTE);
  expect(writes().map(({ resource, subresource }) => `${resource}/${subresource}`)).toEqual([
    'gitsources/status',
    'configmaps/',
    'gitsources/status',
  ]);
});
