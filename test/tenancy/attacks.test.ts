/** Attacks by name, each with what becomes of it. */
import { afterEach, describe, expect, it } from 'vitest';
import type { GitRevert, GitSource, KubeObject } from '../../src/api/index.ts';
import { revertKey, revertName } from '../../src/revert/index.ts';
import { ALLOWED, BAD, failedRollout, GIVEN, GOOD, HOST, holds, type Mark, SHOP } from './fixtures.ts';
import { beyondPolicy } from './rules.ts';
import { startTenancyWorld, type TenancyWorld } from './world.ts';

let world: TenancyWorld;
afterEach(() => world.close());

async function begin(...written: KubeObject[]) {
  world = await startTenancyWorld(GIVEN);
  await world.settle(1000);
  world.forget();
  for (const object of written) world.put(object);
  await world.settle(61_000);
}

const mark = (part: Partial<Mark> = {}): Mark => ({ ...ALLOWED, ...part });
const release = (part: Partial<Mark>, more: Partial<KubeObject['metadata']> = {}) =>
  failedRollout(SHOP, 'web', { good: mark({ ...part, commit: GOOD }), bad: mark(part), ...more });
const usesOfPolicy = () => world.recorded.git.filter(({ carried }) => holds(carried, 'headgate/shop-host'));

const NO_POLICY = 'no RevertPolicy allows namespace shop';
const NO_FOLDER = 'which names no folder inside the repository';

describe('a revision that is marked to come from', () => {
  it.each<[string, Partial<Mark>, string]>([
    ['another repository', { repository: `${HOST}/team/infra` }, NO_POLICY],
    ['a repository that is named alike', { repository: `${HOST}/team/shop-admin` }, NO_POLICY],
    ['the same path in other letters', { repository: `${HOST}/Team/Shop` }, NO_POLICY],
    ['the same path on another port', { repository: `${HOST}:444/team/shop` }, NO_POLICY],
    ['the same path without TLS', { repository: 'http://git.example.com/team/shop' }, NO_POLICY],
    ['a host that only begins so', { repository: 'https://git.example.com@evil.example.com/team/shop' }, NO_POLICY],
    ['the host with a dot at its end', { repository: `${HOST}./team/shop` }, NO_POLICY],
    ['the path by way of another, to another repository', { repository: `${HOST}/team/shop/../infra` }, NO_POLICY],
    ['another user than git by ssh', { repository: 'ssh://root@git.example.com/team/shop' }, NO_POLICY],
    ['the whole name of the ref', { branch: 'refs/heads/main' }, NO_POLICY],
    ['a branch in other letters', { branch: 'MAIN' }, NO_POLICY],
    ['a refspec', { branch: 'main:refs/heads/release' }, NO_POLICY],
    ['an option', { branch: '--upload-pack=touch /tmp/x' }, NO_POLICY],
    ['a folder that only begins so', { path: 'apps/web-admin' }, NO_POLICY],
    ['the folder above', { path: 'apps' }, NO_POLICY],
    ['the root', { path: '' }, NO_POLICY],
    ['the folder in other letters', { path: 'Apps/Web' }, NO_POLICY],
    ['a pathspec', { path: ':(top)infra' }, NO_POLICY],
    ['the folder beside, from the own one', { path: 'apps/web/../pay' }, NO_FOLDER],
    ['a folder far above', { path: 'apps/web/../../../etc' }, NO_FOLDER],
    ["the repository's own folder", { path: 'apps/web/.git' }, NO_FOLDER],
    ['a backslash', { path: 'apps/web\\..\\pay' }, NO_FOLDER],
    ['an absent commit', { commit: 'HEAD' }, 'not the 40 hex digits of a commit'],
    ['a commit that is a path', { commit: '../../infra/statuses/x' }, 'not the 40 hex digits of a commit'],
  ])('%s is not reverted', async (_, part, message) => {
    await begin(...release(part));
    expect(world.recorded.told.join('\n')).toContain(message);
    expect(usesOfPolicy()).toEqual([]);
    expect(beyondPolicy(world.recorded, [])).toEqual([]);
  });

  it.each([
    ['its address with .git', `${HOST}/team/shop.git`],
    ['its address in capitals', `${HOST.toUpperCase()}/team/shop`],
    ['its address with the usual port', `${HOST}:443/team/shop/`],
    ['its address by ssh', 'git@git.example.com:team/shop.git'],
    ['a path that comes back to it', `${HOST}/team/x/../shop`],
    ['its address with somebody else’s login', 'https://user:word@git.example.com/team/shop'],
  ])('%s is looked for at the address that the policy names, and at no other', async (_, repository) => {
    await begin(...release({ repository }));
    expect(usesOfPolicy().length).toBeGreaterThan(0);
    expect(beyondPolicy(world.recorded, [])).toEqual([]);
  });
});

type Spec = GitRevert['spec'];

/** As Headgate itself would write it, but for a part. */
function record(part: Partial<Spec> = {}, { status, approved = false }: { status?: object; approved?: boolean } = {}) {
  const { repository, branch, path } = { ...ALLOWED, ...part };
  const culprits = part.culprits ?? [BAD];
  const key = part.key ?? revertKey({ repository, branch, culprits, path });
  const spec = {
    ...{ repository, branch, path, culprits, goodRevision: GOOD, badRevision: BAD, key, policy: 'shop' },
    rollout: { namespace: SHOP, name: 'web', uid: 'uid-shop-web' },
    templates: { stable: 'aaa', canary: 'bbb' },
    ...{ stableReplicaSet: 'web-aaa', canaryReplicaSet: 'web-bbb' },
    ...part,
  };
  const annotations = approved ? { 'headgate.dev/approve': 'true' } : {};
  const metadata = { namespace: SHOP, name: revertName(key), annotations };
  return { apiVersion: 'headgate.dev/v1alpha1', kind: 'GitRevert', metadata, spec, status } as unknown as GitRevert;
}

describe('a GitRevert that a tenant writes', () => {
  const OF_PAY = { path: 'apps/pay', rollout: { namespace: 'pay', name: 'web', uid: 'uid-pay-web' } };

  it.each<[string, GitRevert, string]>([
    [
      'for the Rollout of another team, approved',
      record(OF_PAY, { approved: true }),
      'lie in the namespace of its Rollout',
    ],
    ['with a path for a commit', record({ culprits: ['../../infra/statuses/x'] }), 'not all whole ids of commits'],
    ['with an option for a commit', record({ culprits: ['--output=/tmp/x'] }), 'not all whole ids of commits'],
    ['with a key of its own', record({ key: '0'.repeat(64) }), 'its key is not that of'],
    ['for the folder of another team', record({ path: 'apps/pay' }), 'does not say what ReplicaSet web-bbb says'],
    ['for another branch', record({ branch: 'release' }), 'does not say what ReplicaSet web-bbb says'],
    ['for another repository', record({ repository: `${HOST}/team/infra` }), 'does not say what ReplicaSet web-bbb'],
    ['for another release', record({ badRevision: GOOD }), 'does not say what ReplicaSet web-bbb says'],
  ])('%s is not acted upon', async (_, revert, message) => {
    await begin(...release({ source: 'GitSource/shop/web' }), revert);
    const found = world.get('GitRevert', SHOP, revert.metadata.name) as GitRevert;
    expect(found.status).toMatchObject({ state: 'needsHuman', reason: 'SpecDiffers' });
    expect(found.status?.message).toContain(message);
    expect(beyondPolicy(world.recorded, [])).toEqual([]);
  });

  it.each([
    ['a culprit', record({ culprits: ['../../infra/statuses/x', BAD] }, { status: { state: 'landed', commit: BAD } })],
    ['a commit', record({}, { status: { state: 'landed', commit: '../../infra/statuses/x' } })],
    ['a commit with a query', record({}, { status: { state: 'done', commit: `${BAD}?x=` } })],
  ])('that has landed, as it says, leads the token nowhere by %s that is a path', async (_, revert) => {
    await begin(...release({}), revert);
    expect(world.recorded.sent.filter(({ url }) => url.includes('/statuses/'))).toEqual([]);
    expect(beyondPolicy(world.recorded, [])).toEqual([]);
  });

  it('that says it is being written writes nothing that is not derived again', async () => {
    const plan = {
      expectedHead: 'f'.repeat(40),
      tree: 'e'.repeat(40),
      patchDigest: 'x',
      files: ['infra/x'],
      attempt: 1,
    };
    const status = { state: 'writing', plan: { ...plan, plannedAt: '2026-11-20T11:59:30Z' } };
    await begin(...release({}), record({}, { status }));
    expect(world.recorded.git.filter(({ args }) => args[0] === 'push')).toEqual([]);
    expect(world.recorded.sent.filter(({ body }) => body.includes('mutation'))).toEqual([]);
    expect(beyondPolicy(world.recorded, [])).toEqual([]);
  });
});

describe('a GitSource that a tenant writes', () => {
  const source = (part: object, repository: object = {}) =>
    ({
      apiVersion: 'headgate.dev/v1alpha1',
      kind: 'GitSource',
      metadata: { namespace: SHOP, name: 'web' },
      spec: {
        repository: { url: `${HOST}/team/shop`, branch: 'main', secretRef: { name: 'own' }, ...repository },
        path: 'apps/web',
        serviceAccountName: 'deployer',
        ...part,
      },
    }) as unknown as GitSource;

  it.each<[string, GitSource, string]>([
    ['as an account of another namespace', source({ serviceAccountName: 'x:pay:deployer' }), 'names no ServiceAccount'],
    ['as a group', source({ serviceAccountName: 'system:masters' }), 'names no ServiceAccount'],
    ['as nobody', source({ serviceAccountName: '' }), 'names no ServiceAccount'],
    [
      "with a policy's Secret",
      source({}, { secretRef: { name: 'shop-host', namespace: 'headgate' } }),
      'Secret shop-host is not there in namespace shop',
    ],
    [
      'with a Secret by its path',
      source({}, { secretRef: { name: '../../headgate/secrets/shop-host' } }),
      'is not there in namespace shop',
    ],
    ['of a folder beside', source({ path: 'apps/web/../pay' }), 'does not name a folder inside the repository'],
    ['of an option', source({}, { url: '--upload-pack=touch' }), 'begins with \\"-\\"'],
    ['of a program', source({}, { url: 'ext::sh -c id' }), 'names a transport helper'],
    [
      "of the controller's own files",
      source({}, { url: 'file:///etc' }),
      'no folder for local repositories is configured',
    ],
    [
      'with credentials in the address',
      source({}, { url: 'https://user:word@git.example.com/x' }),
      'holds credentials',
    ],
    ['of a refspec', source({}, { branch: '+main:refs/heads/x' }), 'is not a valid branch name'],
    ['without TLS', source({}, { url: 'http://git.example.com/team/shop' }), 'which is not supported'],
  ])('%s applies nothing, and is told why', async (_, object, message) => {
    await begin(object);
    expect(JSON.stringify((world.get('GitSource', SHOP, 'web') as GitSource).status?.conditions)).toContain(message);
    expect(world.recorded.git).toEqual([]);
    expect(beyondPolicy(world.recorded, [])).toEqual([]);
  });

  it("reads its own Secret as its own account, and leaves what is a policy's alone", async () => {
    await begin(source({}));
    const [user, ...others] = new Set(world.recorded.secrets.map((each) => each.user));
    expect([user, others]).toEqual(['system:serviceaccount:shop:deployer', []]);
    expect(usesOfPolicy()).toEqual([]);
    expect(beyondPolicy(world.recorded, [`${HOST}/team/shop`])).toEqual([]);
  });
});

describe('an Application that a tenant writes in its own namespace', () => {
  it("has no repository asked by another team's credentials which branch is its default", async () => {
    const from = { repoURL: `${HOST}/team/infra`, path: 'apps/web', targetRevision: 'HEAD' };
    const resource = { group: 'argoproj.io', kind: 'Rollout', namespace: SHOP, name: 'web', status: 'Synced' };
    const application = {
      ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata: { namespace: SHOP, name: 'web' } },
      spec: { source: from, destination: { server: 'https://kubernetes.default.svc' } },
      status: { resources: [resource], sync: { status: 'Synced', revision: BAD, comparedTo: { source: from } } },
    } as unknown as KubeObject;
    const annotations = { 'argocd.argoproj.io/tracking-id': 'shop_web:argoproj.io/Rollout:shop/web' };
    const [stable, canary, rollout] = release({ repository: `${HOST}/team/infra` }, { annotations });
    await begin(application, ...[stable, canary, rollout].filter((each) => each !== undefined));
    expect(beyondPolicy(world.recorded, [])).toEqual([]);
    expect(world.recorded.git).toEqual([]);
  });
});
