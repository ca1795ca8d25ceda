/** The rules of spec.strategy.canary.trafficRouting that go beyond the types of its fields. */
import { inside, listed, type Problem, problem, setFields, show } from './problems.ts';
import { routers, type TrafficRouting } from './traffic-routing.ts';

/** Whether a router of the named keys is configured; a list of plugins that is empty is none. */
export function hasRouter(trafficRouting: TrafficRouting | undefined, keys: readonly string[]): boolean {
  if (trafficRouting === undefined) return false;
  return setFields(trafficRouting, keys).some((key) => key !== 'plugins' || hasPlugin(trafficRouting));
}

export function hasPlugin({ plugins = {} }: TrafficRouting): boolean {
  return Object.keys(plugins).length > 0;
}

function nameProblems(path: string, trafficRouting: TrafficRouting): Problem[] {
  const known = [...Object.keys(routers), 'plugins'];
  const settings = [...known, 'managedRoutes', 'maxTrafficWeight'];
  const strange = Object.keys(trafficRouting).filter((key) => !settings.includes(key));
  if (strange.length === 0 && hasRouter(trafficRouting, known)) return [];
  const names = `known routers are ${listed(known)}`;
  if (strange.length === 0) return [problem(path, `names no router: ${names}; set one or remove trafficRouting`)];
  return strange.map((key) =>
    problem(inside(path, key), `${show(key)} is no known router: ${names}; correct or remove it`),
  );
}

function weightProblems(path: string, trafficRouting: TrafficRouting): Problem[] {
  const { maxTrafficWeight: most } = trafficRouting;
  if (most === undefined) return [];
  const at = `${path}.maxTrafficWeight`;
  const problems: Problem[] = [];
  if (most < 1) problems.push(problem(at, `${most} cannot mean all traffic: must be at least 1`));
  if (!hasRouter(trafficRouting, ['nginx', 'plugins'])) {
    problems.push(
      problem(at, 'Canary maxTrafficWeight in traffic routing only supported in Nginx and Plugins: remove it'),
    );
  }
  return problems;
}

interface Choice {
  one: unknown;
  several: unknown;
  /** Their names, as the message has them. */
  names: [string, string];
}

/** Ingresses are named either one or as a list; an empty name counts as none, an empty list as a list. */
function ingressProblems(path: string, { one, several, names }: Choice): Problem[] {
  const single = one !== undefined && one !== '';
  if (single !== (several !== undefined)) return [];
  const which = single ? 'Both are configured.' : 'Neither are configured.';
  const help = single ? 'Remove one of them' : 'Name the Ingress whose traffic is split';
  return [problem(path, `Either ${names.join(' or ')} must be configured. ${which} ${help}`)];
}

function istioProblems(path: string, { virtualService, virtualServices }: NonNullable<TrafficRouting['istio']>) {
  if ((virtualService === undefined) !== (virtualServices === undefined)) return [];
  const help = virtualService === undefined ? 'name the VirtualService whose weights are set' : 'remove one of them';
  return [problem(path, `either VirtualService or VirtualServices must be configured: ${help}`)];
}

/** What a router must be told for it to find its objects. */
function configurationProblems(path: string, { nginx, alb, istio, ambassador, appMesh }: TrafficRouting): Problem[] {
  const problems: Problem[] = [];
  if (nginx !== undefined) {
    const names: Choice['names'] = ['StableIngress', 'StableIngresses'];
    problems.push(
      ...ingressProblems(`${path}.nginx`, { one: nginx.stableIngress, several: nginx.stableIngresses, names }),
    );
  }
  if (alb !== undefined) {
    const names: Choice['names'] = ['Ingress', 'Ingresses'];
    problems.push(...ingressProblems(`${path}.alb`, { one: alb.ingress, several: alb.ingresses, names }));
  }
  if (istio !== undefined) problems.push(...istioProblems(`${path}.istio`, istio));
  if (ambassador?.mappings.length === 0) {
    problems.push(problem(`${path}.ambassador.mappings`, 'must provide at least one mapping: name it here'));
  }
  if (appMesh !== undefined && appMesh.virtualService === undefined) {
    problems.push(problem(`${path}.appMesh.virtualService`, 'must provide virtual-service: name it here'));
  }
  return problems;
}

export function routingProblems(path: string, trafficRouting: TrafficRouting): Problem[] {
  return [
    ...weightProblems(path, trafficRouting),
    ...nameProblems(path, trafficRouting),
    ...configurationProblems(path, trafficRouting),
  ];
}
