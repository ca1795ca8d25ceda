import type { PodTemplateSpec, Rollout } from '../api/index.ts';
import { type Problem, problem, show } from '../api/problems.ts';
import { readable, type Unreadable } from './go-json/readable.ts';

/** A Rollout as it is understood, and what was left out of it for that. */
export interface ReadRollout {
  rollout: Rollout;
  leftOut: Problem[];
}

const PATH = 'spec.template';
const EPHEMERAL = `${PATH}.spec.ephemeralContainers`;
const WRITE = 'write a number with or without a unit, as in 2, 100m, 1.5 or 256Mi';

function isIn(list: string, { path }: Unreadable): boolean {
  return path.startsWith(`${list}[`);
}

function quantityProblem({ path, value }: Unreadable): Problem {
  return problem(path, `${show(value)} is no quantity, so pods are made without it: ${WRITE}`);
}

/** No template may have such containers: what can be read of the others among them could not be used either. */
function withoutEphemeral(template: PodTemplateSpec): PodTemplateSpec {
  const { ephemeralContainers: _, ...spec } = template.spec ?? { containers: [] };
  return { ...template, spec };
}

function ephemeralProblem(first: Unreadable): Problem {
  const message = `${show(first.value)} at ${first.path} is no quantity, so pods are made without any of these containers`;
  return problem(EPHEMERAL, `${message}: remove the list; kubectl debug adds such containers to pods that run`);
}

/**
 * A pod template as far as it can be read. Argo Rollouts reads tolerantly, so that manifests with a quantity that is none
 * are in use: such an entry is left out, and of ephemeral containers the whole list. Hashes, comparisons and pods are
 * all of the template as it is read here. The same object where there is nothing to leave out.
 */
export function readTemplate(template: PodTemplateSpec): { template: PodTemplateSpec; leftOut: Problem[] } {
  const { value, unreadable } = readable('PodTemplateSpec', template, PATH);
  if (unreadable.length === 0) return { template, leftOut: [] };
  const [ephemeral] = unreadable.filter((one) => isIn(EPHEMERAL, one));
  const others = unreadable.filter((one) => !isIn(EPHEMERAL, one)).map(quantityProblem);
  const read = value as PodTemplateSpec;
  return ephemeral === undefined
    ? { template: read, leftOut: others }
    : { template: withoutEphemeral(read), leftOut: [...others, ephemeralProblem(ephemeral)] };
}

/** A Rollout with its own template as far as that can be read; that of a workload is typed, and always can. */
export function readRollout(rollout: Rollout): ReadRollout {
  const { template, workloadRef } = rollout.spec;
  if (!template || workloadRef) return { rollout, leftOut: [] };
  const read = readTemplate(template);
  if (read.leftOut.length === 0) return { rollout, leftOut: [] };
  return { rollout: { ...rollout, spec: { ...rollout.spec, template: read.template } }, leftOut: read.leftOut };
}
