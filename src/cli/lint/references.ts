import { dirname } from 'node:path';
import { fieldsOf, isFields } from '../../api/fields.ts';
import {
  type AnalysisTemplate,
  type AnalysisUse,
  analysisUses,
  endlessProblems,
  type JsonObject,
  type KubeObject,
  type ManagedRoute,
  type NamedService,
  namedServices,
  type Rollout,
  type Service,
  serviceProblems,
  validateRollout,
  validateWithWorkload,
} from '../../api/index.ts';
import type { Problem } from '../../errors.ts';
import { routeSteps, withWorkload } from '../../rollout/index.ts';
import { configuredRouters, routers, routeStepProblems } from '../../traffic/index.ts';
import type { Finding, Source } from './documents.ts';
import { findings, hasRightTypes } from './objects.ts';

const CANARY = 'spec.strategy.canary';

/** The objects that are linted together. */
export interface Surroundings {
  sources: Source[];
  /** Whether they are all that will be applied: only then is an object that is not among them missing for certain. */
  complete: boolean;
}

/** Problems between objects: two of the same name, and what a Rollout refers to. */
export function referenceFindings(surroundings: Surroundings): Finding[] {
  const rollouts = surroundings.sources.filter(({ object }) => isKind(object, 'argoproj.io', 'Rollout'));
  return [
    ...duplicateFindings(surroundings.sources),
    ...rollouts.flatMap((source) => rolloutFindings(source, surroundings)),
  ];
}

function isKind(object: Record<string, unknown>, group: string, kind: string): boolean {
  const [first, version] = String(object.apiVersion).split('/');
  return object.kind === kind && (version === undefined ? '' : first) === group;
}

function metadataOf(object: Record<string, unknown>): { name?: unknown; namespace?: unknown } {
  return (object.metadata ?? {}) as { name?: unknown; namespace?: unknown };
}

/** Objects are applied folder by folder: the same name in another folder is a variant. */
function duplicateFindings(sources: Source[]): Finding[] {
  const seen = new Map<string, Source>();
  return sources.flatMap((source) => {
    const { apiVersion, kind } = source.object;
    const { name, namespace } = metadataOf(source.object);
    if (typeof name !== 'string') return [];
    const key = JSON.stringify([dirname(source.file), apiVersion, kind, namespace, name]);
    const first = seen.get(key);
    if (first === undefined) {
      seen.set(key, source);
      return [];
    }
    const place = `${first.file}:${first.lineOf('metadata.name')}`;
    const message = `${kind} "${name}" is there already, at ${place}: one would overwrite the other; rename or remove one`;
    return findings(source, [{ path: 'metadata.name', message }]);
  });
}

/** A Rollout whose types are wrong is told about elsewhere; from here on they are right. */
function rolloutFindings(source: Source, surroundings: Surroundings): Finding[] {
  const rollout = source.object as unknown as Rollout;
  if (!hasRightTypes(rollout)) return [];
  const workload = namedWorkload(rollout, surroundings);
  const whole = workload ? withPodsOf(rollout, workload) : undefined;
  const resolved = whole ? { ...source, object: whole as unknown as Source['object'] } : source;
  return [
    ...(whole ? findings(source, podProblems(rollout, whole)) : []),
    ...(rollout.spec.workloadRef && !workload ? workloadMissing(source, rollout, surroundings) : []),
    ...namedServices(rollout).flatMap((named) => serviceFindings(resolved, named, surroundings)),
    ...routeFindings(source, surroundings),
    ...analysisUses(rollout).flatMap((use) => analysisFindings(source, use, surroundings)),
  ];
}

const WORKLOADS = new Map([
  ['Deployment', 'apps'],
  ['ReplicaSet', 'apps'],
  ['PodTemplate', ''],
]);

function namedWorkload(rollout: Rollout, surroundings: Surroundings): KubeObject | undefined {
  const { kind = '', name } = rollout.spec.workloadRef ?? {};
  const group = WORKLOADS.get(kind);
  return group === undefined ? undefined : found(surroundings, rollout, group, kind, name);
}

/** The Rollout with the workload's pods; undefined where the workload does not describe any. */
function withPodsOf(rollout: Rollout, { metadata, ...workload }: KubeObject): Rollout | undefined {
  const { spec, template: own } = fieldsOf(workload);
  const { selector, template = own } = fieldsOf(spec);
  if (!isFields(template)) return undefined;
  return withWorkload(rollout, { metadata, selector: isFields(selector) ? selector : undefined, template });
}

/** What comes with the workload's pods: the Rollout's own problems are told by its own check. */
function podProblems(rollout: Rollout, whole: Rollout): Problem[] {
  const told = new Set(validateRollout(rollout).map(({ path, message }) => `${path}: ${message}`));
  return validateWithWorkload(whole).filter(({ path, message }) => !told.has(`${path}: ${message}`));
}

/** A kind that cannot be named is told by the object's own check. */
function workloadMissing(source: Source, { spec }: Rollout, surroundings: Surroundings): Finding[] {
  const { kind = '', name = '' } = spec.workloadRef ?? {};
  if (!WORKLOADS.has(kind) || name === '') return [];
  const problem = { path: 'spec.workloadRef.name', message: notFound(kind, name, surroundings) };
  return findings(source, [problem], !surroundings.complete);
}

function serviceFindings(source: Source, named: NamedService, surroundings: Surroundings): Finding[] {
  const rollout = source.object as unknown as Rollout;
  const { name, path } = named;
  const service = found(surroundings, rollout, '', 'Service', name) as Service | undefined;
  if (service === undefined) {
    return findings(source, [{ path, message: notFound('Service', name, surroundings) }], !surroundings.complete);
  }
  return findings(source, [
    ...serviceProblems(named, service, rollout),
    ...sharedProblems(source, named, surroundings.sources),
  ]);
}

/** Another Rollout of the same folder that names the Service too: only one of them could have it. */
function sharedProblems({ file, object }: Source, { name, path }: NamedService, sources: Source[]): Problem[] {
  const own = metadataOf(object);
  const other = sources.find((source) => {
    const { name: otherName, namespace } = metadataOf(source.object);
    if (otherName === own.name || namespace !== own.namespace || dirname(source.file) !== dirname(file)) return false;
    const rollout = source.object as unknown as Rollout;
    if (!isKind(source.object, 'argoproj.io', 'Rollout') || !hasRightTypes(rollout)) return false;
    return namedServices(rollout).some((named) => named.name === name);
  });
  if (other === undefined) return [];
  const place = `${other.file}:${other.lineOf('metadata.name')}`;
  const message = `Service "${name}" is managed by another Rollout: "${metadataOf(other.object).name}", at ${place}, names it too; give each Rollout Services of its own`;
  return [{ path, message }];
}

/** By name, in the Rollout's namespace; objects without a namespace get one when they are applied. */
function found(
  { sources }: Surroundings,
  rollout: Rollout,
  group: string,
  kind: string,
  name: unknown,
): KubeObject | undefined {
  const { namespace } = rollout.metadata ?? {};
  const match = sources.find(({ object }) => {
    const other = metadataOf(object);
    const isNear = namespace === undefined || other.namespace === undefined || other.namespace === namespace;
    return isKind(object, group, kind) && other.name === name && isNear;
  });
  return match?.object as unknown as KubeObject | undefined;
}

function notFound(kind: string, name: string, { sources }: Surroundings): string {
  const known = sources.filter(({ object }) => object.kind === kind).map(({ object }) => metadataOf(object).name);
  const there = known.length === 0 ? `there is no ${kind} in these files` : `there is ${known.join(', ')}`;
  return `${kind} "${name}" is not among these files: ${there}; add it or correct the name`;
}

function routeFindings(source: Source, surroundings: Surroundings): Finding[] {
  const rollout = source.object as unknown as Rollout;
  const { trafficRouting, canaryService = '', stableService = '' } = rollout.spec.strategy?.canary ?? {};
  // Keys that are no router are told by the object's own check.
  return configuredRouters(routers, trafficRouting).configured.flatMap(({ router, configuration, path }) => {
    // Where the file leaves the namespace to whoever applies it, the router's own word for it is taken.
    const namespace = rollout.metadata?.namespace ?? String(fieldsOf(configuration).namespace ?? 'default');
    const target = { namespace, canaryService, stableService, canaryWeight: 0, maxWeight: 100, managedRoutes: [] };
    const references = router.objects(configuration as JsonObject, namespace);
    const observed = references.map(({ group, kind, name }) => found(surroundings, rollout, group, kind, name));
    const at = `${CANARY}.trafficRouting.${path}`;
    const absent = references.filter((_, index) => observed[index] === undefined);
    if (absent.length > 0) {
      const missing = absent.map(({ kind, name }) => ({ path: at, message: notFound(kind, name, surroundings) }));
      return findings(source, missing, !surroundings.complete);
    }
    const { problems } = router.render(configuration as JsonObject, observed, target);
    const placed = problems.map((one) => ({ ...one, path: one.path === '' ? at : `${at}.${one.path}` }));
    const render = (managedRoutes: ManagedRoute[]) =>
      router.render(configuration as JsonObject, observed, { ...target, managedRoutes });
    const steps = problems.length > 0 ? [] : routeSteps(rollout);
    const unrouted = steps.flatMap((step) => routeStepProblems({ router, path }, step, render));
    return findings(source, [...placed, ...unrouted]);
  });
}

interface TemplateUse {
  templateName?: string | undefined;
  clusterScope?: boolean | undefined;
}

/** Templates that are not there, arguments that nobody gives a value, and metrics for which nobody can wait. */
function analysisFindings(source: Source, use: AnalysisUse, surroundings: Surroundings): Finding[] {
  const rollout = source.object as unknown as Rollout;
  const { path, analysis, background } = use;
  const given = new Set((analysis.args ?? []).map(({ name }) => name));
  const seen = new Set<string>();
  const visit = ({ templateName = '', clusterScope = false }: TemplateUse, at: string): Finding[] => {
    const kind = clusterScope ? 'ClusterAnalysisTemplate' : 'AnalysisTemplate';
    if (templateName === '' || seen.has(`${kind}/${templateName}`)) return [];
    seen.add(`${kind}/${templateName}`);
    const template = found(surroundings, rollout, 'argoproj.io', kind, templateName) as AnalysisTemplate | undefined;
    if (template === undefined) {
      // Templates of the cluster are as a rule kept elsewhere.
      const warning = clusterScope || !surroundings.complete;
      return findings(source, [{ path: at, message: notFound(kind, templateName, surroundings) }], warning);
    }
    if (!hasRightTypes(template)) return [];
    const problems = [
      ...argumentProblems(`${path}.args`, template, given),
      ...(background ? [] : endlessProblems(at, template)),
    ];
    return [...findings(source, problems), ...(template.spec.templates ?? []).flatMap((next) => visit(next, at))];
  };
  return (analysis.templates ?? []).flatMap((next, index) => visit(next, `${path}.templates[${index}].templateName`));
}

function argumentProblems(path: string, { kind, metadata, spec }: AnalysisTemplate, given: Set<string>): Problem[] {
  return (spec?.args ?? [])
    .filter(({ name, value, valueFrom }) => value === undefined && valueFrom === undefined && !given.has(name))
    .map(({ name }) => ({
      path,
      message: `args.${name} of ${kind} "${metadata.name}" was not resolved: give it a value here or a default there`,
    }));
}
