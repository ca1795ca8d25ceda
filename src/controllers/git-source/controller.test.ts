import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gitSource, type Loop, MINUTE, PATH, rolloutYaml, startLoop } from '../../../test/git/loop.ts';
import type { GitSource, KubeObject, Service } from '../../api/index.ts';
import { gitSources, rollouts, services } from '../../kube/resources.ts';

let loop: Loop;
beforeEach(async () => {
  loop = await startLoop();
});
afterEach(() => loop.close());

const follow = (part: object = {}) => {
  const source = gitSource(loop) as GitSource;
  loop.api.store.create(gitSources, { ...source, spec: { ...source.spec, ...part } });
  return loop.settle(1000);
};
const status = () => loop.api.store.get(gitSources, 'shop', 'web')?.status;
const ready = () => status()?.conditions?.[0];
const commitOf = (kind: string, name: string) =>
  loop.api.store.get(kind, 'shop', name)?.metadata.annotations?.['headgate.dev/git-commit'];

const service = (name: string) => `apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec:
  selector: {app: web}
  ports: [{port: 80}]
`;
const route = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web}
spec:
  parentRefs: [{name: gateway}]
  rules:
  - backendRefs:
    - {name: web-stable, port: 80, weight: 100}
    - {name: web-canary, port: 80, weight: 0}
`;
const config = (value: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config}\ndata: {value: "${value}"}\n`;
const app = { [`${PATH}/rollout.yaml`]: rolloutYaml('web:v1'), [`${PATH}/config.yaml`]: config('1') };

describe('what Git holds', () => {
  it('is applied in the name of the service account, marked with the commit in which each object last changed', async () => {
    const first = await loop.commit(app);
    const second = await loop.commit({ [`${PATH}/config.yaml`]: config('2') });
    await loop.commit({ [`${PATH}/config.yaml`]: `# a comment\n${config('2')}` });
    await follow();
    expect(ready()).toMatchObject({ status: 'True', reason: 'Applied' });
    expect(loop.rollout().metadata.annotations).toMatchObject({
      'headgate.dev/git-repository': `file://${loop.bare.path}`,
      'headgate.dev/git-branch': 'main',
      'headgate.dev/git-path': PATH,
      'headgate.dev/git-commit': first,
      'headgate.dev/git-source': 'GitSource/shop/web',
    });
    expect(commitOf('ConfigMap', 'config')).toBe(second);
    const writes = loop.audit.filter(
      ({ resource, verb }) => verb === 'patch' && ['rollouts', 'configmaps'].includes(resource),
    );
    expect(writes.map(({ user }) => user)).toEqual(writes.map(() => 'system:serviceaccount:shop:deployer'));
    expect(writes).toHaveLength(2);
  });

  it('is applied again only where something differs', async () => {
    await loop.commit(app);
    await follow();
    loop.audit.length = 0;
    await loop.settle(10 * MINUTE);
    expect(loop.audit.filter(({ verb }) => verb === 'patch')).toEqual([]);
    loop.api.store.patch('ConfigMap', { namespace: 'shop', name: 'config' }, { data: { value: 'by hand' } });
    await loop.settle(MINUTE);
    expect(loop.api.store.get('ConfigMap', 'shop', 'config')).toMatchObject({ data: { value: '1' } });
    expect(loop.audit.filter(({ verb }) => verb === 'patch')).toHaveLength(1);
  });

  it('is followed', async () => {
    await loop.commit(app);
    await follow();
    const next = await loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml('web:v2') });
    await loop.settle(MINUTE);
    expect(loop.rollout().spec.template?.spec?.containers[0]?.image).toBe('web:v2');
    expect(commitOf('Rollout', 'web')).toBe(next);
    expect(status()).toMatchObject({ lastSeenCommit: next, lastAppliedCommit: next, objects: 2 });
  });
});

describe('what the controller of a Rollout owns', () => {
  const folder = {
    ...app,
    [`${PATH}/services.yaml`]: `${service('web-stable')}---\n${service('web-canary')}---\n${service('other')}`,
    [`${PATH}/route.yaml`]: route,
  };
  const selector = (name: string) => loop.api.store.get(services, 'shop', name)?.spec.selector;
  const weights = () => {
    const live = loop.api.store.get('HTTPRoute', 'shop', 'web') as KubeObject & {
      spec: { rules: { backendRefs: { weight: number }[] }[] };
    };
    return live.spec.rules[0]?.backendRefs.map(({ weight }) => weight);
  };
  const setHash = (name: string, hash: string) =>
    loop.api.store.patch<Service>(
      services,
      { namespace: 'shop', name },
      { spec: { selector: { 'rollouts-pod-template-hash': hash } } },
    );
  const setWeights = (stable: number, canary: number) => {
    const backendRefs = [
      { group: '', kind: 'Service', name: 'web-stable', port: 80, weight: stable },
      { group: '', kind: 'Service', name: 'web-canary', port: 80, weight: canary },
    ];
    loop.api.store.patch('HTTPRoute', { namespace: 'shop', name: 'web' }, { spec: { rules: [{ backendRefs }] } });
  };

  it('is never moved, however often and after whatever commits it is applied', { timeout: 60_000 }, async () => {
    await loop.commit(folder);
    await follow({ interval: '1s' });
    expect(ready()?.reason).toBe('Applied');
    setHash('web-stable', 'aaa');
    for (let weight = 0; weight <= 100; weight += 5) {
      setHash('web-canary', `bbb${weight}`);
      setWeights(100 - weight, weight);
      const changed = folder[`${PATH}/services.yaml`]?.replaceAll('port: 80', `port: 80, name: p${weight}`) ?? '';
      const routed = route.replace('parentRefs:', `hostnames: [h${weight}.example.com]\n  parentRefs:`);
      await loop.commit({ [`${PATH}/services.yaml`]: changed, [`${PATH}/route.yaml`]: routed });
      await loop.settle(5000);
      expect(weights()).toEqual([100 - weight, weight]);
      expect(selector('web-stable')).toEqual({ app: 'web', 'rollouts-pod-template-hash': 'aaa' });
      expect(selector('web-canary')).toEqual({ app: 'web', 'rollouts-pod-template-hash': `bbb${weight}` });
    }
    // The commits themselves did arrive.
    expect(loop.api.store.get(services, 'shop', 'web-canary')?.spec.ports?.[0]?.name).toBe('p100');
    expect(loop.api.store.get('HTTPRoute', 'shop', 'web')).toMatchObject({ spec: { hostnames: ['h100.example.com'] } });
  });

  it('does not extend to Services that no Rollout names', async () => {
    await loop.commit(folder);
    await follow();
    setHash('other', 'xxx');
    await loop.commit({
      [`${PATH}/services.yaml`]: (folder[`${PATH}/services.yaml`] ?? '').replaceAll('port: 80', 'port: 81'),
    });
    await loop.settle(MINUTE);
    expect(selector('other')).toEqual({ app: 'web' });
  });
});

const withSecret = () => ({
  repository: { url: loop.bare.path, branch: 'main', secretRef: { name: 'git' } },
});
const createSecret = () => {
  const data = { token: Buffer.from('t').toString('base64') };
  const metadata = { name: 'git', namespace: 'shop' };
  loop.api.store.create('Secret', { apiVersion: 'v1', kind: 'Secret', metadata, data } as KubeObject);
};

it('reads its Secret as the service account, never with rights of its own', async () => {
  createSecret();
  await loop.commit(app);
  await follow(withSecret());
  expect(ready()?.reason).toBe('Applied');
  const readers = loop.audit.filter(({ resource }) => resource === 'secrets').map(({ user }) => user);
  expect(new Set(readers)).toEqual(new Set(['system:serviceaccount:shop:deployer']));
});

describe('bad input applies nothing, keeps what was applied, and says what is wrong and where:', () => {
  it.each([
    [
      'a tab',
      { 'bad.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n\tname: x\n' },
      `${PATH}/bad.yaml:4`,
      'spaces',
    ],
    [
      'a duplicate key',
      { 'bad.yaml': 'apiVersion: v1\nkind: ConfigMap\nkind: Secret\nmetadata: {name: x}\n' },
      `${PATH}/bad.yaml:3`,
      'unique',
    ],
    ['the same object twice', { 'copy.yaml': config('9') }, `${PATH}/copy.yaml:1`, `also in ${PATH}/config.yaml:1`],
    ['no kind', { 'bad.yaml': 'metadata: {name: x}\n' }, `${PATH}/bad.yaml:1`, 'apiVersion is missing'],
    [
      'a Kustomize folder below',
      { 'below/kustomization.yaml': 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n' },
      `${PATH}/below/kustomization.yaml:1`,
      'not rendered',
    ],
    [
      'a symbolic link',
      { 'link.yaml': { content: 'config.yaml', mode: '120000' as const } },
      `${PATH}/link.yaml`,
      'symbolic link',
    ],
  ])('%s', async (_, files, path, words) => {
    const good = await loop.commit(app);
    await follow();
    const placed = Object.fromEntries(Object.entries(files).map(([name, content]) => [`${PATH}/${name}`, content]));
    const bad = await loop.commit({ ...placed, [`${PATH}/rollout.yaml`]: rolloutYaml('web:v2') });
    await loop.settle(MINUTE);
    expect(status()).toMatchObject({ lastSeenCommit: bad, lastAppliedCommit: good });
    expect(status()?.files).toEqual([{ path, message: expect.stringContaining(words) }]);
    expect(ready()).toMatchObject({ status: 'False', reason: 'InvalidManifests' });
    expect(loop.rollout().spec.template?.spec?.containers[0]?.image).toBe('web:v1');
    await loop.commit({ ...Object.fromEntries(Object.keys(placed).map((name) => [name, null])) });
    await loop.settle(MINUTE);
    expect(ready()?.status).toBe('True');
    expect(loop.api.store.get(rollouts, 'shop', 'web')?.spec.template?.spec?.containers[0]?.image).toBe('web:v2');
  });

  it.each([
    ['a path that is not there', { path: 'apps/none' }, 'InvalidManifests', 'holds no YAML file'],
    ['no service account', { serviceAccountName: '' }, 'InvalidSpec', 'there is no default'],
    ['an interval in words', { interval: '5 minutes' }, 'InvalidSpec', '5 minutes'],
    [
      'an address that git would read as an option',
      { repository: { url: '-x', branch: 'main' } },
      'InvalidRepository',
      'begins with "-"',
    ],
    [
      'a transport helper',
      { repository: { url: 'ext::sh', branch: 'main' } },
      'InvalidRepository',
      'Allowed are https://',
    ],
    ['a branch that is not there', { repository: { url: '', branch: 'none' } }, 'BranchGone', 'none'],
  ])('%s', async (_, part, reason, words) => {
    await loop.commit(app);
    const own = part as { repository?: { url: string; branch: string } };
    if (own.repository?.url === '') own.repository.url = loop.bare.path;
    await follow(part);
    expect(ready()).toMatchObject({ status: 'False', reason, message: expect.stringContaining(words) });
    expect(loop.api.store.get(rollouts, 'shop', 'web')).toBeUndefined();
  });

  it('a path outside of the repository, which the API server does not even take', async () => {
    await loop.commit(app);
    expect(() => follow({ path: '../other' })).toThrow('spec.path: Invalid value: "../other"');
  });

  it.each([
    ['a Secret that is not there', true, 'SecretMissing', 'Secret git is not there in namespace shop'],
    [
      'a Secret that the service account may not get',
      false,
      'SecretForbidden',
      'ServiceAccount deployer may not get Secret git in namespace shop: grant it get on that Secret, or leave spec.repository.secretRef out',
    ],
  ])('%s', async (_, allowed, reason, words) => {
    loop.api.authorize = ({ user, resource }) => allowed || !(user.includes('deployer') && resource === 'secrets');
    if (!allowed) createSecret();
    await loop.commit(app);
    await follow(withSecret());
    expect(ready()).toMatchObject({ status: 'False', reason, message: expect.stringContaining(words) });
    expect(loop.api.store.get(rollouts, 'shop', 'web')).toBeUndefined();
  });

  it('what the service account may not do', async () => {
    loop.api.authorize = ({ user, resource, verb }) =>
      !(user.includes('deployer') && resource === 'configmaps' && verb === 'patch');
    await loop.commit(app);
    await follow();
    expect(ready()).toMatchObject({
      status: 'False',
      reason: 'Forbidden',
      message: expect.stringContaining(`${PATH}/config.yaml:1: ConfigMap config was refused`),
    });
    expect(loop.rollout()).toBeDefined();
    expect(status()?.lastAppliedCommit).toBeUndefined();
  });
});
