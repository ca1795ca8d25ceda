import { rollouts } from '../kube/resources.ts';
import { rolloutExplanation } from '../view/index.ts';
import { showRollout } from './get.ts';
import { showFlags } from './showing.ts';
import type { Verb } from './verb.ts';

export const explain: Verb = {
  name: 'explain',
  operands: 'NAME',
  completes: rollouts,
  summary: 'say what a Rollout waits for, since when, what comes next, and what you can do',
  flags: showFlags,
  run: (invocation) => showRollout(explain, invocation, rolloutExplanation),
};
