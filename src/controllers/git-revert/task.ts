import { createHash } from 'node:crypto';
import type { GitRevert, PodTemplateSpec, RevertWay } from '../../api/index.ts';
import type { HelmOptions, Reading } from '../../git/app.ts';
import type { FileChange } from '../../git/hosts/host.ts';
import type { Root } from '../../git/roots.ts';
import type { FailedResult, Measured, PersonMerges } from '../../revert/index.ts';
import type { IgnoredMetadata } from '../../rollout/index.ts';
import type { PolicyAccess } from './access.ts';
import type { Findings } from './findings.ts';
import { rolloutAt } from './templates.ts';

/** All that the work on one revert needs, gathered by the pass that begins it. */
export interface Task {
  revert: GitRevert;
  policy: PolicyAccess;
  /** Of the ReplicaSet that failed, and of the stable one. */
  templates: { bad: PodTemplateSpec; stable: PodTemplateSpec; ignored: IgnoredMetadata };
  cause: { message: string; step?: number | undefined };
  reading: Reading;
  /** How a chart was rendered, where that is known. */
  helm: HelmOptions | undefined;
  /** What else is known to be applied from the same branch. */
  known: readonly Root[];
  /** What this process has found out about it before. */
  findings: Findings;
  version: string;
  /** Why less is done than the policy allows, and whether a person has to merge what is proposed. */
  limits: { message: string; personMerges: boolean } | undefined;
  /** Why nobody needs the revert any more. */
  unwanted: string | undefined;
  /** More of why it is proposed, in paragraphs of Markdown. Never fails. */
  why: () => Promise<string[]>;
  /** Why the verdict is no proof against the release; throws `Waiting` while that is being asked. */
  stableFailsToo: () => Promise<string | undefined>;
  /** World time, milliseconds since the epoch. */
  now: () => number;
  /** What the policy may measure of the failure. */
  measured: (measures: PersonMerges) => Promise<Measured>;
  /** Asks again, of what is known at this moment, whether the policy lets it be written and the failure still counts. */
  mayWrite: () => boolean;
  /** Takes a place in the day's budget, after `mayWrite` and right before the write; or why there is none. */
  takePlace: (way: RevertWay) => FailedResult | undefined;
  /** Whether no more than a dry run is allowed, as is known at this moment. */
  isDryRun: () => boolean;
  /** Why nothing at all may be written, not even on the host, as is known at this moment. */
  paused: () => string | undefined;
}

export const short = (commit: string) => commit.slice(0, 7);

/** What the branch's commit or tree says of the Rollout. */
function rolloutIn({ revert, policy, helm, reading }: Task, tree: string) {
  const { path, rollout } = revert.spec;
  const rolloutInGit = { path, namespace: rollout.namespace, name: rollout.name, helm };
  return rolloutAt(policy.repository, tree, rolloutInGit, reading);
}

/** The template alone. */
export async function templateIn(task: Task, tree: string) {
  return (await rolloutIn(task, tree)).template;
}

export function digestOf(changes: readonly FileChange[]): string {
  const hash = createHash('sha256');
  for (const { path, mode, content } of changes) {
    hash.update(`${mode} ${path}\0${content === undefined ? 'deleted' : content.length}\0`).update(content ?? '');
  }
  return hash.digest('hex');
}
