/** From templates to what a run measures. */
import type {
  AnalysisRunSpec,
  AnalysisTemplateSpec,
  Argument,
  DryRun,
  MeasurementRetention,
  Metric,
  TemplateRef,
} from '../api/index.ts';
import type { Problem } from '../errors.ts';
import { unresolvedArguments } from './arguments.ts';

/** Finds a template; undefined where there is none. */
export type TemplateLookup = (name: string, clusterScope: boolean) => AnalysisTemplateSpec | undefined;

/** One use of analysis, by a rollout or an experiment. */
export interface AnalysisUse {
  templates: readonly TemplateRef[];
  /** With values: see `resolveArguments`. */
  args: readonly Argument[];
  dryRun?: readonly DryRun[];
  measurementRetention?: readonly MeasurementRetention[];
}

/** `origins` says of each metric where it was written, as in `AnalysisTemplate "success-rate": spec.metrics[0]`. */
export type RunPlan =
  | { spec: AnalysisRunSpec; origins: string[]; problems: [] }
  | { spec: undefined; origins: []; problems: Problem[] };

/** The spec of the run for one use of analysis; the problems' paths begin with `path`, the path of the use. */
export function planRun(use: AnalysisUse, lookup: TemplateLookup, path: string): RunPlan {
  const { templates, names, problems } = flatten(use.templates, lookup, `${path}.templates`);
  const metrics = templates.flatMap(({ metrics = [] }) => metrics);
  const args = mergedArguments(templates, use.args);
  problems.push(...duplicateNames(metrics, `${path}.templates`), ...conflicts(templates, `${path}.templates`));
  problems.push(...unresolvedArguments(args, `${path}.args`));
  if (problems.length > 0) return { spec: undefined, origins: [], problems };
  const origins = templates.flatMap(({ metrics: own = [] }, at) =>
    own.map((_, index) => `${names[at]}: spec.metrics[${index}]`),
  );
  const dryRun = [...(use.dryRun ?? []), ...templates.flatMap(({ dryRun = [] }) => dryRun)];
  const retained = templates.flatMap(({ measurementRetention = [] }) => measurementRetention);
  const measurementRetention = [...(use.measurementRetention ?? []), ...retained];
  const spec = {
    metrics,
    ...(args.length > 0 && { args }),
    ...(dryRun.length > 0 && { dryRun }),
    ...(measurementRetention.length > 0 && { measurementRetention }),
  };
  return { spec, origins, problems: [] };
}

/** The templates referred to, depth first, each once however often it is reached; cycles end where they close. */
function flatten(refs: readonly TemplateRef[], lookup: TemplateLookup, path: string) {
  const seen = new Set<string>();
  const templates: AnalysisTemplateSpec[] = [];
  const names: string[] = [];
  const problems: Problem[] = [];
  const visit = ({ templateName = '', clusterScope = false }: TemplateRef, at: string) => {
    const kind = clusterScope ? 'ClusterAnalysisTemplate' : 'AnalysisTemplate';
    if (seen.has(`${kind}/${templateName}`)) return;
    seen.add(`${kind}/${templateName}`);
    const template = lookup(templateName, clusterScope);
    if (template === undefined) {
      problems.push({
        path: `${at}.templateName`,
        message: `${kind} '${templateName}' not found: create it or correct the name`,
      });
      return;
    }
    templates.push(template);
    names.push(`${kind} ${JSON.stringify(templateName)}`);
    for (const [index, ref] of (template.templates ?? []).entries()) visit(ref, `${at}.templates[${index}]`);
  };
  for (const [index, ref] of refs.entries()) visit(ref, `${path}[${index}]`);
  return { templates, names, problems };
}

function duplicateNames(metrics: readonly Metric[], path: string): Problem[] {
  const names = metrics.map(({ name }) => name);
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return [...twice].map((name) => ({ path, message: `two metrics have the same name '${name}': rename one of them` }));
}

function conflicts(templates: readonly AnalysisTemplateSpec[], path: string): Problem[] {
  const values = new Map<string, Set<string>>();
  for (const { name, value } of templates.flatMap(({ args = [] }) => args)) {
    if (value !== undefined) values.set(name, new Set(values.get(name)).add(value));
  }
  return [...values].flatMap(([name, different]) => {
    if (different.size < 2) return [];
    const list = [...different].map((value) => `'${value}'`).join(', ');
    return [{ path, message: `Argument \`${name}\` specified multiple times with different values: ${list}` }];
  });
}

/** The templates' arguments, with the values of the use before their own; arguments that no template knows are dropped. */
function mergedArguments(templates: readonly AnalysisTemplateSpec[], given: readonly Argument[]): Argument[] {
  const merged = new Map<string, Argument>();
  for (const arg of templates.flatMap(({ args = [] }) => args)) {
    if (merged.get(arg.name)?.value === undefined) merged.set(arg.name, arg);
  }
  for (const arg of given) {
    if (merged.has(arg.name) && (arg.value !== undefined || arg.valueFrom !== undefined)) merged.set(arg.name, arg);
  }
  return [...merged.values()];
}
