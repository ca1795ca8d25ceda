/** What an administrator has allowed, what another team has, and the Secrets that nobody else is to see. */
import { type KubeObject, STATE } from '../../src/api/index.ts';

export const HOST = 'https://git.example.com';
/** The tenant's own namespace; the other team has `pay`. */
export const SHOP = 'shop';

/** By the Secret's place. Each is found in a text by itself, in base64, and as what basic authentication makes of it. */
export const TOKENS = {
  'headgate/shop-host': 'the-token-of-policy-shop',
  'headgate/infra-host': 'the-token-of-policy-infra',
  'headgate/pay-host': 'the-token-of-policy-pay',
  'headgate/off-host': 'the-token-of-policy-off',
  'headgate/unnamed': 'the-token-that-no-policy-names',
  'pay/own': 'the-token-of-team-pay',
  'shop/own': 'the-token-of-team-shop',
} as const;
export type TokenPlace = keyof typeof TOKENS;

/** Whether a text holds a token, in any of the ways in which it is carried. */
export function holds(text: string, place: TokenPlace): boolean {
  const token = TOKENS[place];
  const forms = [token, `x-access-token:${token}`, `git:${token}`].flatMap((each) => {
    const base64 = Buffer.from(each).toString('base64');
    return [each, base64, base64.replace(/=+$/, '')];
  });
  return forms.some((form) => text.includes(form));
}

function secret(place: string, token: string): KubeObject {
  const [namespace = '', name = ''] = place.split('/');
  const data = { token: Buffer.from(token).toString('base64') };
  return { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name }, data } as KubeObject;
}

function policy(name: string, namespaces: string[], repository: object, mode = 'Direct'): KubeObject {
  const place = { host: 'github', branch: 'main', ...repository, secretRef: { name: `${name}-host` } };
  const spec = { namespaces, mode, repository: place };
  return { apiVersion: 'headgate.dev/v1alpha1', kind: 'RevertPolicy', metadata: { name }, spec } as KubeObject;
}

export const GOOD = 'a'.repeat(40);
export const BAD = 'b'.repeat(40);

/** What a release is written down with. */
export interface Mark {
  repository: string;
  branch: string;
  path: string;
  commit: string;
  source?: string | undefined;
}

function marks({ repository, branch, path, commit, source }: Mark): Record<string, string> {
  return {
    'headgate.dev/git-repository': repository,
    'headgate.dev/git-branch': branch,
    'headgate.dev/git-path': path,
    'headgate.dev/git-commit': commit,
    ...(source !== undefined && { 'headgate.dev/git-source': source }),
  };
}

const HASHES = { stable: 'aaa', canary: 'bbb' } as const;

/** A Rollout whose update was aborted, and its two ReplicaSets. */
export function failedRollout(
  namespace: string,
  name: string,
  { annotations = {}, labels = {}, good, bad }: Record<'good' | 'bad', Mark> & Partial<KubeObject['metadata']>,
): KubeObject[] {
  const uid = `uid-${namespace}-${name}`;
  const template = { metadata: { labels: { app: name } }, spec: { containers: [{ name, image: `${name}:v2` }] } };
  const status = {
    abort: true,
    stableRS: HASHES.stable,
    currentPodHash: HASHES.canary,
    phase: 'Degraded',
    observedGeneration: '1',
  };
  const spec = { replicas: 1, selector: { matchLabels: { app: name } }, template };
  const rollout = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', spec, status };
  const abort = { kind: 'analysis', phase: 'Failed', run: 'run', step: 1, at: '2026-11-20T11:59:00Z', message: 'bad' };
  const set = (hash: string, mark: Mark, more: Record<string, string>) => {
    const own = { app: name, 'rollouts-pod-template-hash': hash };
    const metadata = {
      namespace,
      name: `${name}-${hash}`,
      labels: own,
      annotations: { ...marks(mark), ...more },
      ownerReferences: [{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name, uid, controller: true }],
    };
    return {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata,
      spec: { replicas: 1, template },
      status: { replicas: 1, availableReplicas: 1 },
    };
  };
  return [
    set(HASHES.stable, good, {}),
    set(HASHES.canary, bad, { [STATE]: JSON.stringify({ abort }) }),
    { ...rollout, metadata: { namespace, name, uid, annotations, labels } },
  ] as unknown as KubeObject[];
}

export const ALLOWED: Mark = { repository: `${HOST}/team/shop`, branch: 'main', path: 'apps/web', commit: BAD };

const OF_PAY: Mark = { ...ALLOWED, path: 'apps/pay' };

/** All that is there before the tenant does anything. */
export const GIVEN: readonly KubeObject[] = [
  ...Object.entries(TOKENS).map(([place, token]) => secret(place, token)),
  policy('shop', [SHOP], { url: `${HOST}/team/shop`, path: 'apps/web' }),
  policy('infra', ['pay'], { url: `${HOST}/team/infra` }),
  policy('pay', ['pay'], { url: `${HOST}/team/shop`, path: 'apps/pay' }),
  policy('off', [SHOP], { url: `${HOST}/team/shop`, branch: 'release', path: 'apps/web' }, 'Off'),
  // Written down by hand, so that a person of that team would have to approve of a write.
  ...failedRollout('pay', 'web', { good: { ...OF_PAY, commit: GOOD }, bad: OF_PAY }),
];
