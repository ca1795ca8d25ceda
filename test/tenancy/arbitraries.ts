/** All that a tenant may write, most of it nearly right: what is wrong everywhere is refused by the first check. */
import fc from 'fast-check';
import { revertStates } from '../../src/api/git-revert.ts';
import type { KubeObject } from '../../src/api/index.ts';
import { canonicalRepository } from '../../src/git/url.ts';
import { revertKey, revertName } from '../../src/revert/index.ts';
import { ALLOWED, BAD, failedRollout, GOOD, HOST, type Mark, SHOP } from './fixtures.ts';

const SPELLINGS = [
  (path: string) => `${HOST}/${path}`,
  (path: string) => `${HOST}/${path}.git`,
  (path: string) => `${HOST}/${path}///`,
  (path: string) => `${HOST.toUpperCase()}/${path}`,
  (path: string) => `${HOST}:443/${path}`,
  (path: string) => `${HOST}:444/${path}`,
  (path: string) => `${HOST}./${path}`,
  (path: string) => `${HOST}/${path.toUpperCase()}`,
  (path: string) => `${HOST}/x/../${path}`,
  (path: string) => `${HOST}/x/%2e%2e/${path}`,
  (path: string) => `${HOST}/${path}?ref=main`,
  (path: string) => `${HOST}/${path}#main`,
  (path: string) => `https://user@git.example.com/${path}`,
  (path: string) => `https://user:word@git.example.com/${path}`,
  (path: string) => `https://git.example.com@evil.example.com/${path}`,
  (path: string) => `https://evil.example.com/${HOST}/${path}`,
  (path: string) => `https://g\u0131t.example.com/${path}`,
  (path: string) => `https://git\u3002example\u3002com/${path}`,
  (path: string) => `https://git.example.com\\@evil.example.com/${path}`,
  (path: string) => `http://git.example.com/${path}`,
  (path: string) => `ssh://git@git.example.com/${path}`,
  (path: string) => `ssh://git@git.example.com:22/${path}.git`,
  (path: string) => `git@git.example.com:${path}.git`,
  (path: string) => `file:///${path}`,
  (path: string) => `ext::sh -c ${path}`,
  (path: string) => `--upload-pack=${path}`,
  (path: string) => ` ${HOST}/${path}\n`,
];
const REPOSITORIES = ['team/shop', 'team/infra', 'team/shop/../infra', 'team/shop-admin', 'evil/shop'];
const BRANCHES = [
  ...['release', 'refs/heads/main', 'MAIN', 'main ', '-d', '--all', '+main', '*', 'refs/heads/*', 'HEAD', ''],
  ...['main:refs/heads/release', 'main~1', 'main\n', 'ma\u0000in', '@{-1}', 'feature/../main', 'main.lock'],
];
const PATHS = [
  ...['apps/web/', './apps/web', 'apps//web', 'apps/web/sub', 'apps/web/../pay', 'apps/web/../../infra', 'apps/pay'],
  ...['../apps/web', '/apps/web', 'apps/web-admin', 'apps', '', '.', 'Apps/Web', 'apps/web/.git', ':(top)apps/web'],
  ...[
    ':/',
    '*',
    '-x',
    '--output=/tmp/x',
    'apps/web\\..\\pay',
    'apps/web/%2e%2e/pay',
    'apps/we\u200bb',
    'apps/web\u0000',
  ],
];
const COMMITS = [
  ...['c'.repeat(40), 'd'.repeat(64), GOOD, GOOD.toUpperCase(), 'abc1234', 'HEAD', 'main', '-x', '--all', ''],
  ...['../../infra/statuses/x', '../../../../repos/team/infra/statuses/y', `${BAD}/../../..`, `${BAD}\n`, `${BAD}?x`],
];
const NAMES = ['own', 'shop-host', 'unnamed', '../headgate/secrets/shop-host', 'headgate/shop-host', '-x', ''];
const ACCOUNTS = ['deployer', 'default', 'x:system:masters', 'system:serviceaccount:headgate:headgate', '../..', ''];
const TOOLS = ['GitSource', 'ArgoCD', 'Flux', 'annotations'];
const PLACES = ['shop/web', 'shop/other', 'pay/web', 'argocd/web', 'headgate/web', '../web', 'shop/web/x'];

/** Mostly what is right, and otherwise anything else. */
function nearly<T>(right: T, wrong: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof({ weight: 6, arbitrary: fc.constant(right) }, { weight: 1, arbitrary: fc.constantFrom(...wrong) });
}

const address = fc
  .tuple(nearly(SPELLINGS[0] as (path: string) => string, SPELLINGS), nearly('team/shop', REPOSITORIES))
  .map(([spell, path]) => spell(path));
const source = fc.option(
  fc.tuple(fc.constantFrom(...TOOLS), nearly('shop/web', PLACES)).map(([tool, place]) => `${tool}/${place}`),
  { nil: undefined },
);
const place = fc.record({ repository: address, branch: nearly('main', BRANCHES), path: nearly('apps/web', PATHS) });
type Place = Pick<Mark, 'repository' | 'branch' | 'path'>;

/** Mostly the place that all else that the tenant writes speaks of. */
function around(shared: Place): fc.Arbitrary<Place> {
  return fc.oneof({ weight: 8, arbitrary: fc.constant(shared) }, { weight: 1, arbitrary: place });
}

const mark = (shared: Place, commit: string): fc.Arbitrary<Mark> =>
  fc
    .tuple(around(shared), nearly(commit, COMMITS), source)
    .map(([at, id, from]) => ({ ...at, commit: id, source: from }));

const MARKS = ['shop_web', 'pay_web', 'web', 'argocd_web', 'headgate_web', '../web', 'a_b_c'];
const trackingId = fc.constantFrom(...MARKS).map((name) => `${name}:argoproj.io/Rollout:shop/web`);
const rolloutMarks: fc.Arbitrary<Record<string, string>> = fc.record(
  {
    'argocd.argoproj.io/tracking-id': trackingId,
    'headgate.dev/auto-revert': fc.constantFrom('pull-request', 'direct', 'disable', 'constructor'),
    'headgate.dev/git-source': fc.constantFrom('GitSource/shop/web', 'ArgoCD/argocd/web'),
  },
  { requiredKeys: [] },
);
const rolloutLabels = fc.record(
  {
    'kustomize.toolkit.fluxcd.io/name': fc.constantFrom('web', 'pay', '../web'),
    'kustomize.toolkit.fluxcd.io/namespace': fc.constantFrom('shop', 'pay', 'headgate'),
  },
  { requiredKeys: [] },
);

const none = fc.constant({});
const failed = (shared: Place) =>
  fc
    .record({
      good: mark(shared, GOOD),
      bad: mark(shared, BAD),
      annotations: fc.oneof(none, rolloutMarks),
      labels: fc.oneof(none, none, rolloutLabels),
    })
    .map((release) => failedRollout(SHOP, 'web', release));

const named = (kind: string, apiVersion: string, name: string, rest: object): KubeObject =>
  ({ apiVersion, kind, metadata: { namespace: SHOP, name }, ...rest }) as KubeObject;

const gitSource = (shared: Place) =>
  fc
    .record({ at: around(shared), secret: fc.option(nearly('own', NAMES)), account: nearly('deployer', ACCOUNTS) })
    .map(({ at, secret, account }) => {
      const secretRef = secret === null ? {} : { secretRef: { name: secret, namespace: 'headgate' } };
      const repository = { url: at.repository, branch: at.branch, ...secretRef };
      const spec = { repository, path: at.path, serviceAccountName: account, interval: '1m', prune: true };
      return named('GitSource', 'headgate.dev/v1alpha1', 'web', { spec });
    });

/** As Argo CD would write it, by somebody who is not Argo CD. */
const application = (shared: Place) =>
  around(shared).map(({ repository, branch, path }) => {
    const from = { repoURL: repository, path, targetRevision: branch };
    const resource = { group: 'argoproj.io', kind: 'Rollout', namespace: SHOP, name: 'web', status: 'Synced' };
    const sync = { status: 'Synced', revision: BAD, comparedTo: { source: from } };
    const destination = { server: 'https://kubernetes.default.svc' };
    return named('Application', 'argoproj.io/v1alpha1', 'web', {
      spec: { source: from, destination },
      status: { resources: [resource], sync },
    });
  });

const flux = (shared: Place) =>
  around(shared).map(({ repository, branch, path }) => [
    named('GitRepository', 'source.toolkit.fluxcd.io/v1', 'web', { spec: { url: repository, ref: { branch } } }),
    named('Kustomization', 'kustomize.toolkit.fluxcd.io/v1', 'web', {
      spec: { path, sourceRef: { kind: 'GitRepository', name: 'web' } },
      status: {
        observedGeneration: 1,
        lastAppliedRevision: `${branch}@sha1:${BAD}`,
        inventory: { entries: [{ id: 'shop_web_argoproj.io_Rollout', v: 'v1alpha1' }] },
      },
    }),
  ]);

const plan = { expectedHead: 'f'.repeat(40), tree: 'e'.repeat(40), patchDigest: 'x', files: ['x'], attempt: 1 };
const revertStatus = fc.option(
  fc.record({
    state: fc.constantFrom(...revertStates),
    way: fc.constantFrom('Direct' as const, 'PullRequest' as const),
    commit: nearly('c'.repeat(40), COMMITS),
    plan: fc.constant({ ...plan, plannedAt: '2026-11-20T11:59:30Z' }),
    proposal: fc.constant({ branch: 'main', number: 1, url: 'https://evil.example.com/', head: 'd'.repeat(40) }),
    culprit: fc.option(fc.constant({ author: 'Eve', pullRequest: { number: 7, url: 'https://evil.example.com/' } }), {
      nil: undefined,
    }),
  }),
  { nil: undefined },
);

/** Named and keyed as one of Headgate's own, or nearly so. */
const gitRevert = (shared: Place) =>
  fc
    .record({
      at: around(shared),
      culprits: fc.array(nearly(BAD, COMMITS), { minLength: 1, maxLength: 2 }),
      bad: nearly(BAD, COMMITS),
      good: nearly(GOOD, COMMITS),
      whose: nearly('shop', ['pay', 'headgate', '']),
      key: fc.option(fc.constantFrom('', 'x', '0'.repeat(64)), { freq: 1, nil: undefined }),
      approve: fc.boolean(),
      status: revertStatus,
    })
    .map(({ at, culprits, bad, good, whose, key: wrong, approve, status }) => {
      // What it says of another team's Rollout is what that one says of itself.
      const said = whose === 'pay' ? { ...at, repository: ALLOWED.repository, branch: 'main', path: 'apps/pay' } : at;
      const key = wrong ?? revertKey({ ...said, repository: canonicalRepository(said.repository), culprits });
      const spec = {
        ...said,
        culprits,
        goodRevision: good,
        badRevision: bad,
        key,
        policy: whose,
        rollout: { namespace: whose, name: 'web', uid: `uid-${whose}-web` },
        templates: { stable: 'aaa', canary: 'bbb' },
        stableReplicaSet: 'web-aaa',
        canaryReplicaSet: 'web-bbb',
      };
      const annotations = approve ? { 'headgate.dev/approve': 'true' } : {};
      const metadata = { namespace: SHOP, name: revertName(key), annotations };
      const record = { apiVersion: 'headgate.dev/v1alpha1', kind: 'GitRevert', metadata, spec };
      return { ...record, ...(status && { status }) } as unknown as KubeObject;
    });

/** What a tenant puts into its namespace, in this order. */
export const attack: fc.Arbitrary<KubeObject[]> = place
  .chain((shared) =>
    fc.tuple(
      fc.array(application(shared), { maxLength: 1 }),
      fc.array(flux(shared), { maxLength: 1 }),
      fc.array(gitSource(shared), { maxLength: 1 }),
      failed(shared),
      fc.array(gitRevert(shared), { maxLength: 2 }),
    ),
  )
  .map((written) => written.flat(2));
