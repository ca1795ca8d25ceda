import { POD_TEMPLATE_HASH, type Rollout } from '../api/index.ts';
import type { KubeObject } from '../api/kubernetes.ts';
import {
  type Explanation,
  explanation,
  NOTHING_SEEN,
  needsPods,
  type Observation,
  observedPods,
  readRollout,
  withLastTemplate,
} from '../rollout/index.ts';
import type { Picture } from './picture.ts';

function ownedBy<T extends KubeObject>(rollout: Rollout, objects: T[]): T[] {
  return objects.filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === rollout.metadata.uid));
}

/** Traffic as the controller last acknowledged it: a command does not read the router itself. */
function acknowledgedTraffic({ status }: Rollout): Pick<Observation, 'traffic'> {
  const weights = status?.canary?.weights;
  if (!weights) return {};
  const routes = { managedRoutes: [], verified: weights.verified !== false };
  return { traffic: { canaryWeight: weights.canary.weight, ...routes } };
}

/** What the Services of a blue-green Rollout select, as the controller last saw it. */
function acknowledgedServices({ spec, status }: Rollout): Observation['services'] {
  const { activeService, previewService } = spec.strategy?.blueGreen ?? {};
  const { activeSelector, previewSelector } = status?.blueGreen ?? {};
  const pairs = [
    [activeService, activeSelector],
    [previewService, previewSelector],
  ] as const;
  const services = pairs.flatMap(([name, hash]) =>
    name ? [{ metadata: { name }, spec: { selector: hash ? { [POD_TEMPLATE_HASH]: hash } : {} } }] : [],
  );
  return Object.fromEntries(services.map((service) => [service.metadata.name, service]));
}

/** Where a Rollout stands and why, from the controller's own machine. `now`: milliseconds since the epoch. */
export function explainPicture(
  { rollout: written, replicaSets: all, analysisRuns, pods }: Picture,
  now: number,
): Explanation {
  const replicaSets = ownedBy(written, all);
  const { rollout: read, leftOut } = readRollout(written);
  // What the workload asks for at present is the controller's to take up.
  const rollout = (read.spec.workloadRef && withLastTemplate(read, replicaSets)) ?? read;
  const invalid = rollout.status?.conditions?.find(({ type, status }) => type === 'InvalidSpec' && status === 'True');
  const seen: Observation = {
    ...NOTHING_SEEN,
    now,
    rollout,
    leftOut,
    replicaSets,
    runs: ownedBy(rollout, analysisRuns),
    services: acknowledgedServices(rollout),
    ...acknowledgedTraffic(rollout),
    problems: invalid ? [{ path: '', message: invalid.message ?? '' }] : [],
  };
  return explanation(needsPods(seen) ? { ...seen, pods: observedPods(pods) } : seen);
}
