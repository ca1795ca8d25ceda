import type { Rollout } from '../../api/index.ts';
import type { Problem } from '../../errors.ts';
import { isInvalid } from '../../kube/client.ts';
import type { Applied } from './apply.ts';

/** How long a refusal counts, milliseconds of world time: what the API server asks of a template may change without the Rollout. */
const COUNTS = 60_000;

/** Pod templates that the API server has called malformed or invalid. Forgetting it all costs one request. */
export interface Refusals {
  /** Notes a refusal among what was tried; answers whether there was one. `now`: world time. */
  note(rollout: Rollout, applied: Applied, now: number): boolean;
  problems(rollout: Rollout, now: number): Problem[];
  /** World time at which the template is tried again, milliseconds since the epoch. */
  until(rollout: Rollout): number | undefined;
}

export function createRefusals(): Refusals {
  const refused = new Map<string, { generation: number | undefined; message: string; until: number }>();
  const known = ({ metadata: { uid = '', generation } }: Rollout) => {
    const refusal = refused.get(uid);
    return refusal?.generation === generation ? refusal : undefined;
  };
  return {
    note(rollout, { failures }, now) {
      const { uid = '', generation } = rollout.metadata;
      const failure = failures.find(({ effect }) => effect.kind === 'createReplicaSet')?.error;
      if (!isInvalid(failure)) return false;
      refused.set(uid, { generation, message: failure.message, until: now + COUNTS });
      return true;
    },
    problems(rollout, now) {
      const refusal = known(rollout);
      if (refusal === undefined || now >= refusal.until) {
        refused.delete(rollout.metadata.uid ?? '');
        return [];
      }
      return [
        { path: 'spec.template', message: `the API server refuses its pods: ${refusal.message}; correct the template` },
      ];
    },
    until: (rollout) => known(rollout)?.until,
  };
}
