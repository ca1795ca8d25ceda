import { background, ENDLESS, ROUTING, rolloutYaml, routeYaml, successRateYaml } from '../../behaviour/fixtures.ts';
import type { TestWorld } from '../../worlds/world.ts';
import { accountYaml, grantYaml } from '../deploying.ts';
import { measuredShareYaml, shareSeen } from './measured-share.ts';
import type { Team } from './team.ts';

/** The canary's weight at each step; every pause is for people to end. */
export const WEIGHTS = [10, 25, 50, 75];

/** The last weight, at which Prometheus must see the canary get its share. */
export const SEEN_WEIGHT = 90;

/** What the team has in Git for its shop. */
export function shopFiles(world: TestWorld, image: string): Record<string, string> {
  const weights = WEIGHTS.flatMap((setWeight) => [{ setWeight }, { pause: {} }]);
  const steps = JSON.stringify([...weights, { setWeight: SEEN_WEIGHT }, shareSeen(SEEN_WEIGHT)]);
  const judged = [successRateYaml(world, `failureLimit: 1, ${ENDLESS}`), measuredShareYaml()];
  const traffic = [routeYaml(world), ...judged].join('---\n');
  const [installed] = /registry\.example\/shop:[\w.-]+/.exec(rolloutYaml()) ?? [];
  const rollout = rolloutYaml({ steps, canary: ROUTING + background(1) }).replace(installed ?? '', image);
  return { 'apps/shop/traffic.yaml': traffic, 'apps/shop/rollout.yaml': rollout };
}

export function secretYaml(name: string, token: string): string {
  return `
apiVersion: v1
kind: Secret
metadata: { name: ${name} }
stringData: { token: '${token}' }
`;
}

const APPLIES =
  "apiGroups: ['', gateway.networking.k8s.io, argoproj.io], resources: [services, httproutes, rollouts, analysistemplates], verbs: [get, create, patch]";
const READS = "apiGroups: [''], resources: [secrets], resourceNames: [reads], verbs: [get]";

/** Headgate's tokens, and the account that applies what is in Git: it may do this, read the one token, and nothing else. */
export function rightsYaml({ namespace }: TestWorld, { readToken, writeToken }: Team): string {
  return [
    secretYaml('reads', readToken),
    secretYaml('writes', writeToken),
    accountYaml(),
    grantYaml(namespace, { role: 'applies', rule: APPLIES }),
    grantYaml(namespace, { role: 'reads', rule: READS }),
  ].join('---');
}

function sourceYaml({ url }: Team, app: string): string {
  return `
apiVersion: headgate.dev/v1alpha1
kind: GitSource
metadata: { name: ${app === 'shop' ? 'deploy' : app} }
spec:
  repository: { url: '${url}', branch: main, secretRef: { name: reads } }
  path: apps/${app}
  interval: 2s
  serviceAccountName: deployer
`;
}

/** Named after the namespace: policies belong to the whole cluster. */
export function policyYaml({ namespace }: TestWorld, { url }: Team, way: string): string {
  return `
apiVersion: headgate.dev/v1alpha1
kind: RevertPolicy
metadata: { name: ${namespace} }
spec:
  namespaces: [${namespace}]
  repository: { host: gitea, url: '${url}', branch: main, path: apps, secretRef: { name: writes } }
  ${way}
`;
}

/** How a story differs: the policy's way, in YAML's flow style, and the folders that are followed. */
export interface Following {
  way?: string;
  apps?: readonly string[];
}

/** Has the cluster follow the team's repository, and lets Headgate write to it. */
export function followYaml(world: TestWorld, team: Team, { way = 'mode: Direct', apps = ['shop'] }: Following = {}) {
  return [...apps.map((app) => sourceYaml(team, app)), policyYaml(world, team, way)].join('---');
}
