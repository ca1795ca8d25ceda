/** The rules between a Rollout and the objects that it names: what they must be like, where they are there. */
import type { AnalysisTemplate, ClusterAnalysisTemplate } from './analysis-template.ts';
import type { RolloutAnalysis } from './analysis-use.ts';
import { MANAGED_BY, POD_TEMPLATE_HASH } from './annotations.ts';
import { effectiveCount } from './defaults.ts';
import { fieldsOf, isFields } from './fields.ts';
import type { Service } from './kubernetes.ts';
import { type Problem, problem, show } from './problems.ts';
import type { Rollout } from './rollout.ts';

/** A Service that a Rollout names, and the labels that pods carry while they are behind it, besides the template's. */
export interface NamedService {
  name: string;
  /** Where it is named. */
  path: string;
  labels: Record<string, string>;
}

/** Every Service that a Rollout names, whichever its strategy is. */
export function namedServices({ spec }: Rollout): NamedService[] {
  const { canary, blueGreen } = spec.strategy ?? {};
  const inCanary = 'spec.strategy.canary';
  const inBlueGreen = 'spec.strategy.blueGreen';
  const named: [string, string | undefined, { labels?: Record<string, string> | undefined } | undefined][] = [
    [`${inCanary}.stableService`, canary?.stableService, canary?.stableMetadata],
    [`${inCanary}.canaryService`, canary?.canaryService, canary?.canaryMetadata],
    [`${inCanary}.pingPong.pingService`, canary?.pingPong?.pingService, undefined],
    [`${inCanary}.pingPong.pongService`, canary?.pingPong?.pongService, undefined],
    [`${inBlueGreen}.activeService`, blueGreen?.activeService, blueGreen?.activeMetadata],
    [`${inBlueGreen}.previewService`, blueGreen?.previewService, blueGreen?.previewMetadata],
  ];
  return named.flatMap(([path, name, metadata]) => (name ? [{ name, path, labels: metadata?.labels ?? {} }] : []));
}

/**
 * A Service that asks for labels which the pods do not have would find none of them; one that another Rollout manages
 * would be switched by both. The labels are judged only where the template is there.
 */
export function serviceProblems({ path, labels }: NamedService, service: Service, rollout: Rollout): Problem[] {
  const { name, annotations } = service.metadata;
  const { template } = rollout.spec;
  const own = { ...template?.metadata?.labels, ...labels };
  const asked = template === undefined ? [] : Object.entries(service.spec?.selector ?? {});
  const wrong = asked.filter(([key, value]) => key !== POD_TEMPLATE_HASH && !hasLabel(key, value, rollout, labels));
  const problems = wrong.map(([key, value]) => {
    const has = key in own ? `${key}=${own[key]}` : `no label ${key}`;
    const message = `Service ${show(name)} has unmatch label ${show(key)} in rollout: it selects ${key}=${value}, but the template has ${has}; make them equal`;
    return problem(path, message);
  });
  const manager = fieldsOf(annotations)[MANAGED_BY];
  if (manager === undefined || manager === rollout.metadata.name) return problems;
  const message = `Service ${show(name)} is managed by another Rollout: ${show(manager)} has it; give each Rollout Services of its own`;
  return [...problems, problem(path, message)];
}

function hasLabel(key: string, value: string, { spec }: Rollout, labels: Record<string, string>): boolean {
  return spec.template?.metadata?.labels?.[key] === value || labels[key] === value;
}

/** A use of analysis by a Rollout. */
export interface AnalysisUse {
  /** Where it is. */
  path: string;
  analysis: RolloutAnalysis;
  /** Whether it runs beside the update; the update waits for every other one. */
  background: boolean;
}

/** Every use of analysis, whichever the strategy is. */
export function analysisUses({ spec }: Rollout): AnalysisUse[] {
  const { canary, blueGreen } = spec.strategy ?? {};
  const use = (path: string, analysis: RolloutAnalysis | undefined, background = false): AnalysisUse[] =>
    analysis ? [{ path: `spec.strategy.${path}`, analysis, background }] : [];
  return [
    ...use('canary.analysis', canary?.analysis, true),
    ...(canary?.steps ?? []).flatMap((step, index) =>
      isFields(step) ? use(`canary.steps[${index}].analysis`, step.analysis) : [],
    ),
    ...use('blueGreen.prePromotionAnalysis', blueGreen?.prePromotionAnalysis),
    ...use('blueGreen.postPromotionAnalysis', blueGreen?.postPromotionAnalysis),
  ];
}

/** Metrics that never end, where an update waits for the analysis: it would wait for good. */
export function endlessProblems(path: string, template: AnalysisTemplate | ClusterAnalysisTemplate): Problem[] {
  const { metadata, spec } = template;
  const endless = (spec.metrics ?? []).filter((metric) => effectiveCount(metric) === undefined);
  return endless.map(({ name, count }) =>
    problem(
      path,
      `AnalysisTemplate ${metadata.name} has metric ${name} which runs indefinitely. Invalid value for count: ${show(count)}; the update would wait for good: set count there, or use the template in the background analysis`,
    ),
  );
}
