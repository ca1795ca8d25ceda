import { parse } from 'yaml';
import {
  background,
  ENDLESS,
  FIRST,
  httpRouteYaml,
  ROUTING,
  rolloutYaml,
  serviceYaml,
  successRateYaml,
} from '../../behaviour/fixtures.ts';
import type { TestWorld } from '../../worlds/world.ts';
import { policyYaml, secretYaml } from '../loop/manifests.ts';
import type { Team } from '../loop/team.ts';

/** Lines for an object's manifest, by kind and name, as in `HTTPRoute shop`: a part of the object in YAML's flow style. */
export type Additions = Readonly<Record<string, string>>;

function added(yaml: string, line: string | undefined): string {
  if (line === undefined) return yaml;
  const { metadata } = parse(line) as { metadata: object };
  const [, name = ''] = /^metadata: \{ name: ([\w-]+) \}$/m.exec(yaml) ?? [];
  return yaml.replace(/^metadata: .*$/m, `metadata: ${JSON.stringify({ name, ...metadata })}`);
}

/** The pair of Services and the route, all of whose traffic Git has on stable. */
function trafficYaml(world: TestWorld, additions: Additions): string {
  const backends = '{ name: shop-stable, port: 80, weight: 100 }, { name: shop-canary, port: 80, weight: 0 }';
  return [
    added(serviceYaml('shop-stable'), additions['Service shop-stable']),
    added(serviceYaml('shop-canary'), additions['Service shop-canary']),
    added(httpRouteYaml(world, backends), additions['HTTPRoute shop']),
  ].join('---');
}

/** What the team has in Git: a release that waits for people at each of these weights, and is judged meanwhile. */
export function shopFiles(
  world: TestWorld,
  image: string,
  { weights = [50], additions = {} as Additions } = {},
): Record<string, string> {
  const steps = JSON.stringify(weights.flatMap((setWeight) => [{ setWeight }, { pause: {} }]));
  const rollout = rolloutYaml({ steps, canary: ROUTING + background(1) }).replace(FIRST, image);
  const judged = successRateYaml(world, `failureLimit: 1, ${ENDLESS}`);
  return {
    'apps/shop/rollout.yaml': rollout,
    'apps/shop/traffic.yaml': [trafficYaml(world, additions), judged].join('---'),
  };
}

/** Longer than any story: what comes sooner was asked for. */
const LONG = '1h';

/** Has Flux apply the team's folder, and lets Headgate write to the repository. Flux's own token is its stand-in's. */
export function followYaml(world: TestWorld, team: Team, interval = LONG): string {
  const flux = `
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: deploy }
spec: { interval: ${LONG}, url: '${team.url}', ref: { branch: main } }
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: shop }
spec:
  interval: ${interval}
  retryInterval: 5s
  path: ./apps/shop
  prune: true
  sourceRef: { kind: GitRepository, name: deploy }
  targetNamespace: ${world.namespace}
`;
  return [secretYaml('writes', team.writeToken), policyYaml(world, team, 'mode: Direct'), flux].join('---');
}
