import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  abort,
  allow,
  failedRelease,
  gitSource,
  HASHES,
  type Loop,
  MINUTE,
  PATH,
  rolloutYaml,
  START,
  setStatus,
  startLoop,
} from '../../../test/git/loop.ts';
import type { GitSource } from '../../api/index.ts';
import { gitSources, rollouts } from '../../kube/resources.ts';

let loop: Loop;
beforeEach(async () => {
  loop = await startLoop();
});
afterEach(() => loop.close());

const follow = async (part: object = {}, name = 'web') => {
  const source = gitSource(loop, name) as GitSource;
  loop.api.store.create(gitSources, { ...source, spec: { ...source.spec, ...part } });
  await loop.settle(1000);
};
const change = async (part: object, name = 'web') => {
  loop.api.store.patch(gitSources, { namespace: 'shop', name }, { spec: part });
  await loop.settle(1000);
};
const status = (name = 'web') => loop.api.store.get(gitSources, 'shop', name)?.status;
const condition = (type: string, name = 'web') => status(name)?.conditions?.find((each) => each.type === type);
const config = (name: string, value = '1') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {value: "${value}"}\n`;
const file = (name: string, folder = PATH) => `${folder}/${name}.yaml`;
const configured = (name: string) =>
  (loop.api.store.get('ConfigMap', 'shop', name) as { data?: { value?: string } })?.data?.value;
const instant = (minutes: number) => new Date(START + minutes * MINUTE).toISOString();
const image = () => loop.rollout().spec.template?.spec?.containers[0]?.image;

describe('suspend', () => {
  it('keeps everything as it is until it is over', async () => {
    await loop.commit({ [file('a')]: config('a') });
    await follow();
    await change({ suspend: true });
    await loop.commit({ [file('a')]: config('a', '2') });
    loop.api.store.patch('ConfigMap', { namespace: 'shop', name: 'a' }, { data: { value: 'by hand' } });
    await loop.settle(10 * MINUTE);
    expect(configured('a')).toBe('by hand');
    expect(condition('Ready')).toMatchObject({ status: 'False', reason: 'Suspended' });
    await change({ suspend: false });
    expect(configured('a')).toBe('2');
  });
});

describe('windows', () => {
  it('keep commits and healing out, and let them in when they open', async () => {
    await loop.commit({ [file('a')]: config('a') });
    await follow({ interval: '1h', windows: [{ kind: 'deny', from: instant(10), to: instant(90) }] });
    await loop.settle(20 * MINUTE);
    const second = await loop.commit({ [file('a')]: config('a', '2') });
    await loop.settle(50 * MINUTE);
    expect(configured('a')).toBe('1');
    expect(condition('Ready')).toMatchObject({
      status: 'False',
      reason: 'WindowClosed',
      message: expect.stringContaining('spec.windows[0] denies it'),
    });
    expect(status()?.lastSeenCommit).toBe(second);
    await loop.settle(21 * MINUTE);
    expect(configured('a')).toBe('2');
    expect(condition('Ready')?.status).toBe('True');
  });

  it('say nothing new of what is applied already', async () => {
    await loop.commit({ [file('a')]: config('a') });
    await follow({ windows: [{ kind: 'deny', from: instant(1), to: instant(90) }] });
    await loop.settle(2 * MINUTE);
    const { resourceVersion } = loop.api.store.get(gitSources, 'shop', 'web')?.metadata ?? {};
    loop.api.store.patch('ConfigMap', { namespace: 'shop', name: 'a' }, { data: { value: 'by hand' } });
    await loop.settle(30 * MINUTE);
    expect(configured('a')).toBe('by hand');
    expect(loop.api.store.get(gitSources, 'shop', 'web')?.metadata.resourceVersion).toBe(resourceVersion);
  });

  it.each([
    [{ kind: 'deny', start: '9:00', end: '10:00' }, 'spec.windows[0].start: "9:00" is no time of day'],
    [{ kind: 'deny', from: instant(1) }, 'spec.windows[0].to: to is required'],
    [{ kind: 'deny', from: instant(2), to: instant(1) }, 'is not after from'],
    [{ kind: 'deny', from: instant(1), to: instant(2), days: ['Mon'] }, 'days cannot stand beside from and to'],
    [{ kind: 'allow', start: '09:00', end: '10:00', timeZone: 'Mars/Olympus' }, 'is no time zone'],
    [{ kind: 'allow', start: '09:00', end: '10:00', days: [] }, 'names no day'],
  ])('that are wrong apply nothing: %j', async (window, words) => {
    await loop.commit({ [file('a')]: config('a') });
    await follow({ windows: [window] });
    expect(condition('Ready')).toMatchObject({ reason: 'InvalidSpec', message: expect.stringContaining(words) });
    expect(configured('a')).toBeUndefined();
  });

  describe('while a release fails', () => {
    const failInWindow = async (holdReverts: boolean) => {
      allow(loop);
      await failedRelease(loop);
      expect(image()).toBe('web:v2');
      await change({ windows: [{ kind: 'deny', from: instant(0), to: instant(600), holdReverts }] });
      // Somebody else's change, which has to wait.
      await loop.commit({ [file('a')]: config('a') });
      abort(loop, HASHES);
      await loop.settle(5 * MINUTE);
      expect(loop.reverts()[0]?.status?.commit).toMatch(/^[0-9a-f]{40}$/);
      expect(configured('a')).toBeUndefined();
      expect(condition('Ready')?.reason).toBe('WindowClosed');
    };

    it('let what the revert took back come to the cluster, and nothing else', async () => {
      await failInWindow(false);
      expect(image()).toBe('web:v1');
    });

    it('heal nothing of it once it is applied with all the rest', async () => {
      await failInWindow(false);
      await change({ windows: [{ kind: 'deny', from: instant(20), to: instant(600) }] });
      expect(configured('a')).toBe('1');
      await loop.settle(20 * MINUTE);
      loop.api.store.patch(rollouts, { namespace: 'shop', name: 'web' }, { spec: { replicas: 7 } });
      await loop.settle(3 * MINUTE);
      expect(loop.rollout().spec.replicas).toBe(7);
    });

    it('hold that up too where they say so', async () => {
      await failInWindow(true);
      expect(image()).toBe('web:v2');
      await change({ windows: [] });
      expect(image()).toBe('web:v1');
      expect(configured('a')).toBe('1');
    });
  });
});

describe('dependsOn', () => {
  const both = () => ({ [file('a')]: config('a'), [file('b', 'apps/base')]: config('b') });
  const tell = (phase: string) =>
    setStatus(loop, { phase, observedGeneration: String(loop.rollout().metadata.generation) });

  it('waits until the other has applied the same commit and is healthy', async () => {
    await loop.commit({ ...both(), [file('rollout', 'apps/base')]: rolloutYaml('web:v1') });
    await follow({ dependsOn: ['base'] });
    expect(condition('Ready')).toMatchObject({
      reason: 'WaitingForDependencies',
      message: expect.stringContaining('GitSource base is not there'),
    });
    await follow({}, 'base');
    await loop.settle(MINUTE);
    expect(condition('Healthy', 'base')).toMatchObject({
      status: 'False',
      message: '1 of 2 objects are not healthy: Rollout shop/web',
    });
    expect(condition('Ready')?.message).toContain('GitSource base is not healthy');
    expect(configured('a')).toBeUndefined();
    tell('Healthy');
    await loop.settle(MINUTE);
    expect(configured('a')).toBe('1');
  });

  it('holds up what is new only, and not what is applied', async () => {
    await loop.commit({ ...both(), [file('rollout', 'apps/base')]: rolloutYaml('web:v1') });
    await follow({}, 'base');
    tell('Healthy');
    await loop.settle(MINUTE);
    await follow({ dependsOn: ['base'] });
    expect(configured('a')).toBe('1');
    tell('Progressing');
    loop.api.store.patch('ConfigMap', { namespace: 'shop', name: 'a' }, { data: { value: 'by hand' } });
    await loop.settle(2 * MINUTE);
    expect(configured('a')).toBe('1');
    expect(condition('Ready')?.status).toBe('True');
    await loop.commit({ [file('a')]: config('a', '2') });
    await loop.settle(2 * MINUTE);
    expect(configured('a')).toBe('1');
    tell('Healthy');
    await loop.settle(2 * MINUTE);
    expect(configured('a')).toBe('2');
  });

  it('in a circle is refused, and the circle named', async () => {
    await loop.commit(both());
    await follow({ dependsOn: ['base'] }, 'web');
    await follow({ dependsOn: ['web'] }, 'base');
    await loop.settle(MINUTE);
    expect(condition('Ready', 'base')).toMatchObject({
      reason: 'DependencyCircle',
      message: expect.stringContaining('base -> web -> base'),
    });
    expect(condition('Ready', 'web')?.message).toContain('web -> base -> web');
    expect([configured('a'), configured('b')]).toEqual([undefined, undefined]);
  });
});

describe('definitions', () => {
  const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: httproutes.gateway.networking.k8s.io}
spec:
  group: gateway.networking.k8s.io
  names: {kind: HTTPRoute, plural: httproutes}
  scope: Namespaced
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
`;
  const route = 'apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: web}\nspec: {rules: []}\n';

  it('are established before anything of their kind is applied', async () => {
    await loop.commit({ [file('a')]: config('a'), [file('b')]: route, [file('z')]: definition });
    await follow();
    expect(condition('Ready')).toMatchObject({
      reason: 'WaitingForDefinitions',
      message: expect.stringContaining(
        'HTTPRoute shop/web wait until httproutes.gateway.networking.k8s.io is established',
      ),
    });
    expect(configured('a')).toBe('1');
    expect(loop.api.store.get('HTTPRoute', 'shop', 'web')).toBeUndefined();
    const conditions = [
      {
        type: 'Established',
        status: 'True',
        reason: 'InitialNamesAccepted',
        message: '',
        lastTransitionTime: instant(0),
      },
    ];
    loop.api.store.patchStatus(
      'CustomResourceDefinition',
      { name: 'httproutes.gateway.networking.k8s.io' },
      { conditions },
    );
    await loop.settle(6000);
    expect(loop.api.store.get('HTTPRoute', 'shop', 'web')).toBeDefined();
    expect(condition('Ready')?.status).toBe('True');
  });
});

describe('drift: report', () => {
  const byHand = (name: string, part: object) => loop.api.store.patch('ConfigMap', { namespace: 'shop', name }, part);

  it('leaves what differs as it is and lists it, until its content changes in Git', async () => {
    await loop.commit({ [file('a')]: config('a'), [file('b')]: config('b'), [file('c')]: config('c') });
    await follow({ drift: 'report' });
    expect(condition('InSync')?.status).toBe('True');
    byHand('a', { data: { value: 'by hand', other: 'x' } });
    loop.api.store.delete('ConfigMap', 'shop', 'b');
    await loop.settle(2 * MINUTE);
    expect([configured('a'), configured('b')]).toEqual(['by hand', undefined]);
    expect(status()?.drift).toEqual([
      { object: 'ConfigMap shop/a', fields: ['data.value'] },
      { object: 'ConfigMap shop/b', fields: [] },
    ]);
    expect(condition('InSync')).toMatchObject({ status: 'False', reason: 'Drifted' });
    // A commit that changes something else heals nothing.
    await loop.commit({ [file('c')]: config('c', '2') });
    await loop.settle(MINUTE);
    expect([configured('a'), configured('b'), configured('c')]).toEqual(['by hand', undefined, '2']);
    await loop.commit({ [file('a')]: config('a', '3'), [file('b')]: config('b', '3') });
    await loop.settle(MINUTE);
    expect([configured('a'), configured('b')]).toEqual(['3', '3']);
    expect(status()?.drift).toBeUndefined();
  });

  it('writes nothing more of a drift that stays', async () => {
    await loop.commit({ [file('a')]: config('a') });
    await follow({ drift: 'report' });
    byHand('a', { data: { value: 'by hand' } });
    await loop.settle(2 * MINUTE);
    loop.audit.length = 0;
    await loop.settle(5 * MINUTE);
    expect(loop.audit.filter(({ resource, verb }) => resource === 'gitsources' && verb === 'patch')).toEqual([]);
    expect(configured('a')).toBe('by hand');
  });

  it('is not the commit that an object is marked with', async () => {
    const first = await loop.commit({ [file('a')]: config('a') });
    await follow({ drift: 'report' });
    byHand('a', { metadata: { annotations: { 'headgate.dev/git-commit': 'x' } } });
    await loop.settle(2 * MINUTE);
    expect(condition('InSync')?.status).toBe('True');
    expect(loop.api.store.get('ConfigMap', 'shop', 'a')?.metadata.annotations).toMatchObject({
      'headgate.dev/git-commit': first,
    });
  });

  it('is healed again where that is asked for', async () => {
    await loop.commit({ [file('a')]: config('a') });
    await follow({ drift: 'report' });
    byHand('a', { data: { value: 'by hand' } });
    await loop.settle(2 * MINUTE);
    await change({ drift: 'heal' });
    expect(configured('a')).toBe('1');
    expect([status()?.drift, condition('InSync')]).toEqual([undefined, undefined]);
  });

  it('is not what a Rollout owns, and not what the API server writes otherwise', async () => {
    const service =
      'apiVersion: v1\nkind: Service\nmetadata: {name: web-stable}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n';
    await loop.commit({ [file('rollout')]: rolloutYaml('web:v1'), [file('service')]: service });
    await follow({ drift: 'report' });
    const selector = { 'rollouts-pod-template-hash': 'aaa' };
    loop.api.store.patch('Service', { namespace: 'shop', name: 'web-stable' }, { spec: { selector } });
    await loop.settle(2 * MINUTE);
    await loop.restart();
    await loop.settle(2 * MINUTE);
    expect([status()?.drift, condition('InSync')?.status]).toEqual([undefined, 'True']);
    loop.api.store.patch(rollouts, { namespace: 'shop', name: 'web' }, { spec: { replicas: 9 } });
    await loop.settle(2 * MINUTE);
    expect(status()?.drift).toEqual([{ object: 'Rollout shop/web', fields: ['spec.replicas'] }]);
  });
});
