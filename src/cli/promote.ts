import type { Rollout } from '../api/index.ts';
import { rollouts } from '../kube/resources.ts';
import { patchRollout, type RolloutPatch } from './patching.ts';
import { readRollout } from './picture.ts';
import { clusterFlags, onlyName, UsageError, type Verb, withCluster } from './verb.ts';

export const promote: Verb = {
  name: 'promote',
  operands: 'NAME',
  completes: rollouts,
  summary: 'end the present pause or step of a Rollout, or with --full all of them',
  flags: {
    full: { type: 'boolean', short: 'f', description: 'promote at once, without analyses, pauses and steps' },
    'skip-current-step': { type: 'boolean', short: 'c', description: 'go on to the next step' },
    'skip-all-steps': { type: 'boolean', short: 'a', description: 'go on to the end of the steps' },
    ...clusterFlags,
  },
  async run(invocation) {
    const { world, names, isSet } = invocation;
    const name = onlyName(promote, names);
    const full = isSet('full');
    if (isSet('skip-current-step') && isSet('skip-all-steps')) {
      throw new UsageError('--skip-current-step and --skip-all-steps exclude each other; give one', promote);
    }
    return withCluster(invocation, async (cluster) => {
      const rollout = await readRollout(cluster, name);
      const { patch, unified } = promotion(rollout, {
        full,
        skipStep: isSet('skip-current-step'),
        skipAll: isSet('skip-all-steps'),
      });
      await patchRollout(cluster, name, patch, unified);
      world.stdout(`rollout '${name}' ${full ? 'fully promoted' : 'promoted'}\n`);
      return 0;
    });
  },
};

export interface PromotionOptions {
  full?: boolean;
  skipStep?: boolean;
  skipAll?: boolean;
}

interface Promotion {
  patch: RolloutPatch;
  /** For servers without the status subresource. */
  unified: RolloutPatch;
}

/** What the stock plugin writes for the same command: the controller reads these fields as the user's wish. */
export function promotion(rollout: Rollout, { full, skipStep, skipAll }: PromotionOptions): Promotion {
  const { spec, status = {} } = rollout;
  if (skipStep || skipAll) {
    const count = stepCount(rollout);
    return statusOnly({ currentStepIndex: skipAll ? count : nextIndex(rollout, count) });
  }
  if (full)
    return status.currentPodHash === status.stableRS ? statusOnly(undefined) : statusOnly({ promoteFull: true });
  const changed = statusChange(rollout);
  return {
    patch: {
      ...(changed === undefined ? {} : { status: changed }),
      ...(spec.paused === true ? { spec: { paused: false } } : {}),
    },
    unified: { spec: { paused: false }, status: changed ?? { pauseConditions: null } },
  };
}

function statusOnly(status: RolloutPatch['status']): Promotion {
  const patch = status === undefined ? {} : { status };
  return { patch, unified: patch };
}

/** Either the pause is ended or the step is passed, never both: a promote is meant for what was seen. */
function statusChange(rollout: Rollout): RolloutPatch['status'] {
  const { strategy } = rollout.spec;
  const { pauseConditions = [], controllerPause, canary } = rollout.status ?? {};
  const count = strategy?.canary?.steps?.length ?? 0;
  if (pauseConditions.length > 0) {
    const isInconclusive = canary?.currentStepAnalysisRunStatus?.status === 'Inconclusive';
    if (!isInconclusive || controllerPause !== true || count === 0) return { pauseConditions: null };
    return { pauseConditions: null, controllerPause: false, currentStepIndex: nextIndex(rollout, count) };
  }
  return count === 0 ? undefined : { pauseConditions: null, currentStepIndex: nextIndex(rollout, count) };
}

function nextIndex({ status }: Rollout, count: number): number {
  return Math.min((status?.currentStepIndex ?? 0) + 1, count);
}

function stepCount({ metadata, spec }: Rollout): number {
  const count = spec.strategy?.canary?.steps?.length ?? 0;
  if (count > 0) return count;
  const why = spec.strategy?.blueGreen === undefined ? 'it has none' : 'a blue-green update has none';
  throw new Error(`cannot skip steps of rollout "${metadata.name}": ${why}; promote it without that flag`);
}
