import { type GitRevert, type GitRevertStatus, revertMode } from '../../api/index.ts';
import { timestamp } from '../../api/times.ts';
import { messageOf, Stalled } from '../../errors.ts';
import type { CommitReport, GitHost, ReportOutcome } from '../../git/hosts/host.ts';
import { gitReverts } from '../../kube/resources.ts';
import { derive, harmless, type Policy } from '../../revert/index.ts';
import { splitKey } from '../keys.ts';
import type { PassResult } from '../queue.ts';
import { openPolicy } from './access.ts';
import { askPolicy, causeOf, replicaSetOf } from './facts.ts';
import type { GitRevertOptions } from './options.ts';
import type { Pool } from './pool.ts';

const FIRST_REST_MILLISECONDS = 30_000;
const MOST_TRIES = 6;
/** What ended longer ago, under a version that told nobody, is of no use to anyone any more. */
const RECENT_MILLISECONDS = 3_600_000;
const DESCRIPTION_CHARACTERS = 250;
const WRITING_MODES: ReadonlySet<string> = new Set(['Direct', 'PullRequest']);
const OUT_OF_GIT = new Set(['landed', 'merged', 'observed', 'done']);

/** One record's report under way; lost with the process, and begun again. */
interface Job {
  uid: string | undefined;
  tries: number;
  running: boolean;
  notBefore: number;
  outcome: ReportOutcome | undefined;
}

function isDue({ status }: GitRevert, now: number): boolean {
  if (!status?.commit || status.reported || !OUT_OF_GIT.has(derive(status))) return false;
  return status.finishedAt === undefined || now - Date.parse(status.finishedAt) < RECENT_MILLISECONDS;
}

function reportsOf({ spec, status }: GitRevert, why: string): CommitReport[] {
  const { commit = '', url } = status ?? {};
  const context = `headgate/${spec.rollout.namespace}/${spec.rollout.name}`;
  const taken = spec.culprits.map((each) => each.slice(0, 7)).join(', ');
  const text = (begin: string) => harmless(why ? `${begin}: ${why}` : begin, DESCRIPTION_CHARACTERS);
  const failed = text('release failed');
  return [
    ...spec.culprits.map((each) => ({ commit: each, state: 'failure' as const, context, description: failed, url })),
    { commit, state: 'success', context, description: text(`takes ${taken} out, whose release failed`) },
  ];
}

/** Who is to be told, by which host; nobody where no policy lets Headgate write there, or the host shows nothing. */
function addressee(options: GitRevertOptions, revert: GitRevert) {
  const { rollout: ref, templates } = revert.spec;
  const rollout = options.rollouts.get(ref.namespace, ref.name);
  const canary = rollout && replicaSetOf(options, rollout, templates.canary);
  if (!rollout || !canary) return undefined;
  const { policy } = askPolicy(options, revert, rollout, canary);
  const host = policy && options.hosts.get(policy.spec.repository.host);
  if (!policy || !host?.report || !WRITING_MODES.has(revertMode(policy))) return undefined;
  return { policy, host, why: causeOf(canary)?.message ?? '' };
}

async function tellHost(
  options: GitRevertOptions,
  revert: GitRevert,
  { policy, host, why }: { policy: Policy; host: GitHost; why: string },
): Promise<ReportOutcome> {
  try {
    const { access } = await openPolicy(policy, options);
    for (const each of reportsOf(revert, why)) {
      const outcome = await host.report?.(access, each);
      if (outcome?.ok === false) return outcome;
    }
    return { ok: true };
  } catch (error) {
    return { ok: false, again: !(error instanceof Stalled), message: messageOf(error) };
  }
}

/**
 * Has the host show, beside the commits, what became of them: once per revert, as well as it can. A lost answer may say
 * the same twice; a host that would not hear of it is noted, and left alone.
 */
export function createReporter(options: GitRevertOptions, pool: Pool, again: (key: string) => void) {
  const { client, clock, reverts } = options;
  const jobs = new Map<string, Job>();

  const begin = (key: string, job: Job, revert: GitRevert, to: NonNullable<ReturnType<typeof addressee>>) => {
    job.running = true;
    job.tries++;
    pool
      .run(() => tellHost(options, revert, to))
      .then((outcome) => {
        job.running = false;
        job.outcome = outcome;
        again(key);
      });
  };
  const note = async ({ metadata }: GitRevert, reported: NonNullable<GitRevertStatus['reported']>) => {
    const { namespace = 'default', name } = metadata;
    const body = { status: { reported } };
    reverts.observe(
      await client.patch(gitReverts, { namespace, name }, { type: 'merge', subresource: 'status', body }),
    );
  };
  const jobOf = (key: string, { metadata: { uid } }: GitRevert): Job => {
    const known = jobs.get(key);
    if (known && known.uid === uid) return known;
    const job = { uid, tries: 0, running: false, notBefore: 0, outcome: undefined };
    jobs.set(key, job);
    return job;
  };
  return {
    async reconcile(key: string): Promise<PassResult | undefined> {
      const { namespace, name } = splitKey(key);
      const revert = reverts.get(namespace, name);
      const now = clock.now();
      if (!revert || !isDue(revert, now)) {
        jobs.delete(key);
        return undefined;
      }
      const job = jobOf(key, revert);
      if (job.running) return undefined;
      const { outcome, tries } = job;
      if (outcome && (outcome.ok || !outcome.again || tries >= MOST_TRIES)) {
        await note(revert, { at: timestamp(now), ...(!outcome.ok && { problem: outcome.message.slice(0, 500) }) });
        return undefined;
      }
      if (outcome)
        Object.assign(job, { outcome: undefined, notBefore: now + FIRST_REST_MILLISECONDS * 2 ** (tries - 1) });
      if (now < job.notBefore) return { lookAgainAt: job.notBefore };
      const to = addressee(options, revert);
      if (to) begin(key, job, revert, to);
      return undefined;
    },
  };
}
