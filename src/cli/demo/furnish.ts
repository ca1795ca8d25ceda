import type { World } from '../../sandbox/world.ts';
import type { Hosted } from './host.ts';
import type { Scenario } from './options.ts';

/** Where an app runs; its manifests are in the folder of its name. */
interface App {
  namespace: string;
  name: string;
}

interface Furniture {
  url: string;
  hosted: Hosted | undefined;
  scenario: Scenario;
}

const POLICY = 'deploy';

/** Lasts until somebody ends it. */
const LAUNCH_DAY = { from: '2000-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z', reason: 'launch day' };

/** How Headgate may write to the repository. */
function policyFor({ url, hosted, scenario }: Furniture) {
  const repository = { url, branch: 'main', path: 'apps' };
  if (hosted) {
    const place = { host: 'github', ...repository, secretRef: { name: hosted.secret } };
    return { repository: place, mode: 'PullRequest', pullRequests: { autoMerge: hosted.autoMerge } };
  }
  const direct = { repository: { host: 'git', ...repository }, mode: 'Direct' };
  return scenario === 'two-clusters' ? { ...direct, freeze: [LAUNCH_DAY] } : direct;
}

/** Nothing has been written until now; from now on the policy allows it. */
export function endFreeze({ api: { store } }: World): void {
  store.patch('RevertPolicy', { name: POLICY }, { spec: { freeze: null } });
}

/** What a cluster administrator makes before any release. */
export function furnish({ api: { store } }: World, apps: App[], furniture: Furniture): void {
  const { url, hosted } = furniture;
  for (const name of ['headgate', ...apps.map(({ namespace }) => namespace)]) {
    if (!store.get('Namespace', undefined, name)) store.create('Namespace', { metadata: { name } });
  }
  for (const { namespace, name } of apps) {
    store.create('ServiceAccount', { metadata: { name: 'deployer', namespace } });
    const repository = { url, branch: 'main' };
    const source = { repository, path: `apps/${name}`, interval: '15s', serviceAccountName: 'deployer' };
    store.create('GitSource', {
      apiVersion: 'headgate.dev/v1alpha1',
      kind: 'GitSource',
      metadata: { name: 'deploy', namespace },
      spec: source,
    } as never);
  }
  if (hosted) {
    const data = { token: Buffer.from(hosted.token).toString('base64') };
    const metadata = { name: hosted.secret, namespace: 'headgate' };
    store.create('Secret', { apiVersion: 'v1', kind: 'Secret', metadata, data } as never);
  }
  store.create('RevertPolicy', {
    apiVersion: 'headgate.dev/v1alpha1',
    kind: 'RevertPolicy',
    metadata: { name: POLICY },
    spec: { namespaces: apps.map(({ namespace }) => namespace), ...policyFor(furniture) },
  } as never);
}
