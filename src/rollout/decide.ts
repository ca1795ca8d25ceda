import type { RolloutStatus } from '../api/index.ts';
import { autoPromotionAt } from './blue-green.ts';
import { abortCauseOf } from './cause.ts';
import { derive, look, progressDeadline } from './derive.ts';
import type { Effect } from './effects.ts';
import { factsOf } from './facts.ts';
import { type MachineState, step } from './machine.ts';
import type { Observation } from './observation.ts';
import { planOf } from './plan.ts';
import { contestTimes, withoutContested } from './plan-contests.ts';
import { nextRestartLook } from './plan-restart.ts';
import { nextMemory } from './plan-revision.ts';
import { nextDeadline } from './plan-scale.ts';
import { workloadLookAgain } from './plan-workload.ts';
import { onlyProgress } from './progress.ts';
import { runSlots } from './runs.ts';
import { statusOf } from './status.ts';
import { pauseEnd } from './steps.ts';
import { type Transition, transitionsOf } from './transitions.ts';

/** What one pass came to. */
export interface Decision {
  /** The state that the persisted facts speak of. */
  persisted: MachineState;
  /** The state that this observation leads to. */
  state: MachineState;
  transitions: Transition[];
  effects: Effect[];
  /** What would be done as well, and waits because somebody else undoes it again and again. */
  withheld: Effect[];
  /** The whole status to write. */
  status: RolloutStatus;
  /** It tells of nothing but counts and weights on their way: what follows may be told along with it, a moment later. */
  mayWait: boolean;
  /** World time, milliseconds since the epoch, at which something can change without any object changing. */
  lookAgainAt: number | undefined;
}

function earliest(times: (number | undefined)[], now: number): number | undefined {
  const ahead = times.filter((time): time is number => time !== undefined && time > now);
  return ahead.length > 0 ? Math.min(...ahead) : undefined;
}

/** One pass: delivers one observation, completes at most one step. Pure. */
export function decide(seen: Observation): Decision {
  const facts = factsOf(seen);
  const told = look(facts);
  const persisted = derive(facts);
  const state = step(persisted, told);
  const abortCause = abortCauseOf(facts, told, persisted, state);
  const message = abortCause?.message ?? facts.memory.abort?.message;
  const slots = runSlots(facts, persisted, state);
  const status = statusOf({ facts, persisted, next: state, abortCause: message || undefined, slots });
  const memory = nextMemory({ facts, persisted, next: state, abortCause });
  const plan = withoutContested(facts, planOf({ facts, persisted, next: state, slots, memory, abortCause }));
  const times = [
    ...contestTimes(facts, plan.withheld),
    pauseEnd(facts),
    autoPromotionAt(facts),
    progressDeadline(facts),
    nextDeadline(facts),
    nextRestartLook(facts),
    workloadLookAgain(facts),
  ];
  const transitions = transitionsOf({ facts, seen: told, persisted, next: state, status, abortCause });
  return {
    persisted,
    state,
    transitions,
    mayWait: transitions.length === 0 && onlyProgress(facts.status, status),
    ...plan,
    status,
    lookAgainAt: earliest(times, facts.now),
  };
}
