import type { PodTemplateSpec } from '../api/kubernetes.ts';
import { sameTemplate } from '../rollout/index.ts';

/** What a commit's tree says about the Rollout's pod template. */
export type TemplateInGit =
  | { kind: 'template'; template: PodTemplateSpec }
  /** The Rollout is not there. */
  | { kind: 'absent' }
  /** The folder cannot be read as manifests. */
  | { kind: 'unreadable'; message: string };

/** A first-parent commit between good and bad that touched the path. */
export interface Candidate {
  commit: string;
  before: TemplateInGit;
  after: TemplateInGit;
}

export type Classification =
  | { kind: 'one'; culprit: string }
  /** No commit explains the change: it did not come from Git. */
  | { kind: 'none' }
  /** The branch does not hold a commit any more that one of the two revisions came from. */
  | { kind: 'rewritten'; commit: string }
  /** What failed is not in its folder, as far as that is read. */
  | { kind: 'absent'; commit: string }
  | { kind: 'several'; commits: string[] }
  | { kind: 'unreadable'; commit: string; message: string };

function same(before: TemplateInGit, after: TemplateInGit): boolean {
  if (before.kind === 'template' && after.kind === 'template') {
    return sameTemplate(before.template, after.template);
  }
  return before.kind === after.kind;
}

/** Which of the candidates changed this pod template. */
export function findCulprit(candidates: readonly Candidate[]): Classification {
  for (const { commit, before, after } of candidates) {
    const unreadable = [before, after].find((side) => side.kind === 'unreadable');
    if (unreadable?.kind === 'unreadable') return { kind: 'unreadable', commit, message: unreadable.message };
  }
  const [first, ...more] = candidates.filter(({ before, after }) => !same(before, after)).map(({ commit }) => commit);
  if (first === undefined) return { kind: 'none' };
  return more.length === 0 ? { kind: 'one', culprit: first } : { kind: 'several', commits: [first, ...more] };
}
