/** Whether an object may be acted upon, and what is wrong with it. */
import type { AnalysisRun } from './analysis-run.ts';
import type { AnalysisTemplate, ClusterAnalysisTemplate } from './analysis-template.ts';
import { notDriven } from './driven.ts';
import type { Experiment } from './experiment.ts';
import { isFields } from './fields.ts';
import type { GitSource } from './git-source.ts';
import type { KubeObject } from './kubernetes.ts';
import { type Problem, problem, show } from './problems.ts';
import type { RevertPolicy } from './revert-policy.ts';
import type { Rollout } from './rollout.ts';
import { typeProblems } from './shape.ts';
import { analysisRunProblems, templateSpecProblems } from './validate-analysis.ts';
import { experimentSpecProblems } from './validate-experiment.ts';
import { gitSourceProblems, revertPolicyProblems } from './validate-git.ts';
import { rolloutProblems } from './validate-rollout.ts';

/** A copy without fields that are null, which count as not set. Items of lists stay. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isFields(value)) return value;
  const kept = Object.entries(value).filter(([, each]) => each !== null);
  return Object.fromEntries(kept.map(([key, each]) => [key, withoutNulls(each)]));
}

function nameProblems({ metadata }: Partial<KubeObject>): Problem[] {
  if (!isFields(metadata) || metadata.name || metadata.generateName) return [];
  return [problem('metadata.name', 'name is required: give the object a name')];
}

/** Rules of meaning only read objects whose types are right. */
function check<T extends KubeObject>(
  apiVersion: string,
  kind: string,
  object: T,
  rules: (object: T) => Problem[],
): Problem[] {
  const plain = { ...(withoutNulls(object) as T), apiVersion, kind };
  const types = typeProblems(plain);
  const meaning = types.length === 0 ? rules(plain) : [];
  return [...nameProblems(plain), ...types, ...meaning, ...notDriven(plain)];
}

const stock = 'argoproj.io/v1alpha1';
const own = 'headgate.dev/v1alpha1';

export function validateRollout(rollout: Rollout): Problem[] {
  return check(stock, 'Rollout', rollout, rolloutProblems);
}

/** A field of the workload as its own manifest has it. */
function fieldOfWorkload(path: string, kind: string | undefined): string {
  return kind === 'PodTemplate' ? path.replace(/^spec\./, '') : path;
}

/**
 * What is wrong with a Rollout that was given the template of the workload that it names, and its selector where it has
 * none. What the template is to blame for is told of the reference.
 */
export function validateWithWorkload({ spec: { workloadRef, ...spec }, ...rollout }: Rollout): Problem[] {
  const { kind, name } = workloadRef ?? {};
  return validateRollout({ ...rollout, spec }).map(({ path, message }) =>
    /^spec\.template\b/.test(path)
      ? problem('spec.workloadRef', `${kind} ${show(name)}, ${fieldOfWorkload(path, kind)}: ${message}`)
      : problem(path, message),
  );
}

export function validateAnalysisTemplate(template: AnalysisTemplate): Problem[] {
  return check(stock, 'AnalysisTemplate', template, ({ spec }) => templateSpecProblems(spec));
}

export function validateClusterAnalysisTemplate(template: ClusterAnalysisTemplate): Problem[] {
  return check(stock, 'ClusterAnalysisTemplate', template, ({ spec }) => templateSpecProblems(spec));
}

export function validateAnalysisRun(run: AnalysisRun): Problem[] {
  return check(stock, 'AnalysisRun', run, analysisRunProblems);
}

export function validateExperiment(experiment: Experiment): Problem[] {
  return check(stock, 'Experiment', experiment, experimentSpecProblems);
}

export function validateRevertPolicy(policy: RevertPolicy): Problem[] {
  return check(own, 'RevertPolicy', policy, revertPolicyProblems);
}

export function validateGitSource(source: GitSource): Problem[] {
  return check(own, 'GitSource', source, gitSourceProblems);
}

const validators = new Map<unknown, { apiVersion: string; judge: (object: never) => Problem[] }>([
  ['Rollout', { apiVersion: stock, judge: validateRollout }],
  ['AnalysisTemplate', { apiVersion: stock, judge: validateAnalysisTemplate }],
  ['ClusterAnalysisTemplate', { apiVersion: stock, judge: validateClusterAnalysisTemplate }],
  ['AnalysisRun', { apiVersion: stock, judge: validateAnalysisRun }],
  ['Experiment', { apiVersion: stock, judge: validateExperiment }],
  ['RevertPolicy', { apiVersion: own, judge: validateRevertPolicy }],
  ['GitSource', { apiVersion: own, judge: validateGitSource }],
]);

/** What is wrong with an object of any of Headgate's kinds; nothing for all others. */
export function validate(object: Partial<KubeObject>): Problem[] {
  const validator = validators.get(object.kind);
  if (validator === undefined || validator.apiVersion !== object.apiVersion) return typeProblems(object);
  return (validator.judge as (object: unknown) => Problem[])(object);
}
