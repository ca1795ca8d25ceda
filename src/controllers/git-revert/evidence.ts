import type { AbortCause, GitRevert } from '../../api/index.ts';
import { behindText, type Evidence, evidenceOf, evidenceTable, type Policy } from '../../revert/index.ts';
import { memoryOf } from '../../rollout/index.ts';
import type { GitRevertOptions } from './options.ts';
import { causeOf, replicaSetOf, verdictOf } from './revision.ts';

function withoutStep({ step: _, ...cause }: AbortCause): AbortCause {
  return cause;
}

/** Why the release was given up that a record speaks of, as far as that can be read. */
export async function evidenceFor(options: GitRevertOptions, revert: GitRevert): Promise<Evidence> {
  const { rollout: ref, templates } = revert.spec;
  const rollout = options.rollouts.get(ref.namespace, ref.name);
  const canary = rollout && replicaSetOf(options, rollout, templates.canary);
  // What is gone, or not to be had now, is left out: nothing waits for what people are told.
  const run = await verdictOf(options, revert).catch(() => undefined);
  const known = canary && causeOf(canary);
  // What a blue-green update goes through are no steps that anyone wrote.
  const cause = known && rollout.spec.strategy?.blueGreen ? withoutStep(known) : known;
  // A ReplicaSet that is tried again is older than the update.
  const isFirst = memoryOf(canary).attempt === 1;
  const startedAt = isFirst ? canary?.metadata.creationTimestamp : undefined;
  return evidenceOf({ cause, run, startedAt, takenOutAt: revert.status?.takenOutAt });
}

/** The same for the text of a pull request that takes the change out, in paragraphs of Markdown. */
export async function whyOf(options: GitRevertOptions, revert: GitRevert, { spec }: Policy): Promise<string[]> {
  const evidence = await evidenceFor(options, revert);
  const { culprit } = revert.status ?? {};
  const [commit = ''] = revert.spec.culprits;
  const behind = culprit && `It takes ${commit.slice(0, 7)} back: ${behindText(culprit)}.`;
  return [behind ?? '', evidenceTable(evidence, spec.telling?.graphUrl)];
}
