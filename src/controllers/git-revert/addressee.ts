import { type GitRevert, type GitRevertStatus, revertMode } from '../../api/index.ts';
import { Stalled } from '../../errors.ts';
import type { HelmOptions } from '../../git/app.ts';
import type { GitHost, ReportOutcome } from '../../git/hosts/host.ts';
import type { Policy } from '../../revert/index.ts';
import { openPolicy, type PolicyAccess } from './access.ts';
import { askPolicy } from './facts.ts';
import { isOfRelease } from './of-release.ts';
import type { GitRevertOptions } from './options.ts';
import { causeOf, helmOf, learn, replicaSetOf } from './revision.ts';

const WRITING_MODES: ReadonlySet<string> = new Set(['Direct', 'PullRequest']);

/** Who is told, by which host, and why it failed. */
export interface Addressee {
  policy: Policy;
  host: GitHost;
  why: string;
  /** How a chart was rendered, where that is known. */
  helm: HelmOptions | undefined;
  /** Where the stable ReplicaSet came from, as far as that is known: from a later commit too, once the change is out. */
  stableCommit: string | undefined;
}

/** Nobody where no policy lets Headgate write there. */
export function addressee(options: GitRevertOptions, revert: GitRevert): Addressee | undefined {
  const { rollout: ref, templates } = revert.spec;
  const rollout = options.rollouts.get(ref.namespace, ref.name);
  const canary = rollout && replicaSetOf(options, rollout, templates.canary);
  const stable = rollout && replicaSetOf(options, rollout, templates.stable);
  if (!rollout || !canary) return undefined;
  const [bad, good] = [learn(options, rollout, canary), stable && learn(options, rollout, stable)];
  if (!bad.known) return undefined;
  const { policy } = askPolicy(options, revert, rollout, canary);
  const host = policy && options.hosts.get(policy.spec.repository.host);
  if (!policy || !host || !WRITING_MODES.has(revertMode(policy))) return undefined;
  const stableCommit = good?.known ? good.provenance.commit : undefined;
  return { policy, host, why: causeOf(canary)?.message ?? '', helm: helmOf(options, bad.provenance), stableCommit };
}

/** Throws `Stalled` where the commits that are to be spoken of have nothing to do with the release. */
export async function openFor(
  options: GitRevertOptions,
  revert: GitRevert,
  { policy, helm, stableCommit }: Addressee,
): Promise<PolicyAccess> {
  const opened = await openPolicy(policy, options);
  const { repository } = opened;
  const named = [...revert.spec.culprits, ...(revert.status?.commit === undefined ? [] : [revert.status.commit])];
  const known = await Promise.all(named.map((id) => repository.commit(id).catch(() => undefined)));
  if (known.includes(undefined)) await repository.fetch();
  if (await isOfRelease(repository, { revert, helm, stableCommit })) return opened;
  throw new Stalled(
    'NotOfRelease',
    'the commits that this GitRevert names are not those of the release: nobody is told',
  );
}

/** `status`: what is to be noted; of a failure, where that is known though the rest is not. */
export type ErrandOutcome = ReportOutcome & { status?: GitRevertStatus };

/** What the host would not do: asked again where that may be otherwise another time. */
export function refused({ kind, message }: { kind: string; message: string }): ReportOutcome & { ok: false } {
  return { ok: false, again: kind === 'unknown' || kind === 'rateLimited', message };
}

/** One thing that is asked of the host or told by it once. */
export interface Errand {
  /** Unique within its record. */
  id: string;
  /** World time, milliseconds since the epoch; left out: now. */
  dueAt?: number;
  run(): Promise<ErrandOutcome>;
  /** What is noted where it is given up. */
  givenUp(problem: string): GitRevertStatus;
}
