import { validateConditions } from '../../analysis/index.ts';
import {
  type AnalysisTemplateSpec,
  type KubeObject,
  type Rollout,
  typeProblems,
  unknownFields,
  validate,
} from '../../api/index.ts';
import type { Problem } from '../../errors.ts';
import { readRollout } from '../../rollout/index.ts';
import type { Finding, Source } from './documents.ts';

/** What is wrong with one object by itself. */
export function objectFindings(source: Source): Finding[] {
  const object = source.object as unknown as KubeObject;
  const conditions = hasRightTypes(object) ? conditionProblems(object) : [];
  return findings(source, [...validate(object), ...unreadable(object), ...unknownFields(object), ...conditions]);
}

/** What the controller would leave out of the pods. */
export function unreadable(object: KubeObject): Problem[] {
  return isReadableRollout(object) ? readRollout(object).leftOut : [];
}

/** A Rollout of which more can be said than that its types are wrong. */
export function isReadableRollout(object: KubeObject): object is Rollout {
  return object.kind === 'Rollout' && object.apiVersion?.startsWith('argoproj.io/') === true && hasRightTypes(object);
}

/** Where a type is wrong, that is told, and what is in there cannot be judged further. */
export function hasRightTypes(object: KubeObject): boolean {
  return typeProblems(object).length === 0;
}

export function findings({ file, lineOf }: Source, problems: Problem[], warning = false): Finding[] {
  return problems.map(({ path, message }) => ({ file, line: lineOf(path), path, message, warning }));
}

const WITH_CONDITIONS = ['AnalysisTemplate', 'ClusterAnalysisTemplate', 'AnalysisRun'];

function conditionProblems(object: KubeObject): Problem[] {
  if (!WITH_CONDITIONS.includes(object.kind ?? '') || !object.apiVersion?.startsWith('argoproj.io/')) return [];
  const { spec } = object as { spec?: AnalysisTemplateSpec };
  return spec === undefined ? [] : validateConditions(spec);
}
