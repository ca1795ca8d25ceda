import { isDeepStrictEqual } from 'node:util';
import { conditionAt } from '../../api/conditions.ts';
import { type RevertPolicy, type RevertPolicyStatus, revertMode } from '../../api/index.ts';
import { timestamp } from '../../api/times.ts';
import { Stalled, Waiting } from '../../errors.ts';
import type { ProbeOutcome } from '../../git/hosts/host.ts';
import { isConflict } from '../../kube/client.ts';
import { revertPolicies } from '../../kube/resources.ts';
import { HOST_REASONS } from '../../revert/index.ts';
import type { PassResult } from '../queue.ts';
import { asPolicy, openPolicy } from './access.ts';
import type { GitRevertOptions } from './options.ts';

const PROBE_INTERVAL_MILLISECONDS = 600_000;
const RETRY_INTERVAL_MILLISECONDS = 60_000;

const REASONS = {
  noRights: HOST_REASONS.noRights,
  gone: HOST_REASONS.gone,
  unreachable: 'RepositoryUnreachable',
} as const;

interface Answer {
  ready: boolean;
  reason: string;
  message: string;
}

const READY = 'repository, branch and the right to write are there';

function lacking(outcome: ProbeOutcome): string {
  return outcome.ok || outcome.reason !== 'noRights' ? '' : `, but not for pull requests: ${outcome.message}`;
}

async function probe(options: GitRevertOptions, object: RevertPolicy): Promise<Answer> {
  try {
    const { host, access, branch } = await openPolicy(asPolicy(object), options);
    const mode = revertMode(object);
    const outcome = await host.probe(access, branch, mode === 'PullRequest' ? 'proposal' : 'commit');
    // What a commit may not do goes by pull request: where that is not possible either, commits still are.
    const also =
      outcome.ok && mode === 'Direct' && host.proposals ? await host.probe(access, branch, 'proposal') : outcome;
    if (outcome.ok) return { ready: true, reason: 'Probed', message: `${READY}${lacking(also)}` };
    return { ready: false, reason: REASONS[outcome.reason], message: outcome.message };
  } catch (error) {
    if (error instanceof Stalled || error instanceof Waiting)
      return { ready: false, reason: error.reason, message: error.message };
    throw error;
  }
}

function statusAfter({ metadata, status }: RevertPolicy, answer: Answer, now: string): RevertPolicyStatus {
  const { ready, reason, message } = answer;
  return {
    ...(metadata.generation === undefined ? {} : { observedGeneration: metadata.generation }),
    conditions: [conditionAt(now, status?.conditions, { type: 'Ready', holds: ready, reason, message })],
  };
}

/** Says for each policy whether it could be carried out: token, rights and branch. */
export function createPolicyProbe(options: GitRevertOptions) {
  const { client, clock, policies } = options;
  const next = new Map<string, { about: string; at: number }>();

  return {
    async reconcile(name: string): Promise<PassResult | undefined> {
      const policy = policies.get(undefined, name);
      if (!policy) {
        next.delete(name);
        return undefined;
      }
      const { uid, generation, resourceVersion } = policy.metadata;
      const about = `${uid} ${generation}`;
      const planned = next.get(name);
      if (planned?.about === about && clock.now() < planned.at) return { lookAgainAt: planned.at };
      const answer = await probe(options, policy);
      const status = statusAfter(policy, answer, timestamp(clock.now()));
      if (!isDeepStrictEqual(status, policy.status)) {
        const body = { metadata: { resourceVersion }, status };
        try {
          policies.observe(
            await client.patch(revertPolicies, { name }, { type: 'merge', subresource: 'status', body }),
          );
        } catch (error) {
          if (isConflict(error)) throw new Waiting('Conflict', 'the RevertPolicy has changed meanwhile', 0.05);
          throw error;
        }
      }
      const at = clock.now() + (answer.ready ? PROBE_INTERVAL_MILLISECONDS : RETRY_INTERVAL_MILLISECONDS);
      next.set(name, { about, at });
      return { lookAgainAt: at };
    },
  };
}
