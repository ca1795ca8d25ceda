/** The rules of antiAffinity, which both strategies have. */
import type { Static } from 'typebox';
import type { AntiAffinity } from './canary.ts';
import { type Problem, problem, show } from './problems.ts';

export function antiAffinityProblems(path: string, antiAffinity: Static<typeof AntiAffinity> | undefined): Problem[] {
  if (antiAffinity === undefined) return [];
  const {
    preferredDuringSchedulingIgnoredDuringExecution: preferred,
    requiredDuringSchedulingIgnoredDuringExecution: required,
  } = antiAffinity;
  const problems: Problem[] = [];
  if ((preferred === undefined) === (required === undefined)) {
    problems.push(
      problem(path, 'AntiAffinity must have exactly one strategy listed: set either the preferred or the required one'),
    );
  }
  if (preferred !== undefined && (preferred.weight < 1 || preferred.weight > 100)) {
    const at = `${path}.preferredDuringSchedulingIgnoredDuringExecution.weight`;
    problems.push(problem(at, `${show(preferred.weight)}: AntiAffinity weight must be between 1-100`));
  }
  return problems;
}
