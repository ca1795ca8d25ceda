import { type Static, Type } from 'typebox';
import { BlueGreenStrategy } from './blue-green.ts';
import { CanaryStrategy } from './canary.ts';
import { labelSelector, podTemplate } from './pod-template.ts';
import { flag, instant, integer, optional, serverChecks, text, word } from './schema.ts';

const WorkloadRef = Type.Object(
  {
    apiVersion: optional(text('The API version of the workload, such as `apps/v1`.')),
    kind: optional(text('Deployment, ReplicaSet or PodTemplate.')),
    name: optional(text('The name of the workload.')),
    scaleDown: optional(
      word(['never', 'onsuccess', 'progressively'], 'Whether and when the referenced Deployment is scaled to zero.'),
    ),
  },
  { description: 'A workload whose pod template is used, instead of template.' },
);

const Strategy = Type.Object(
  { canary: optional(CanaryStrategy), blueGreen: optional(BlueGreenStrategy) },
  {
    description: 'How an update is made: exactly one of canary and blueGreen.',
    ...serverChecks(
      {
        rule: 'has(self.canary) || has(self.blueGreen)',
        message: "Rollout has missing field '.spec.strategy.canary or .spec.strategy.blueGreen': set exactly one",
      },
      {
        rule: '!(has(self.canary) && has(self.blueGreen))',
        message: 'Multiple Strategies can not be listed: keep either canary or blueGreen',
      },
    ),
  },
);

const RunHistory = Type.Object(
  {
    successfulRunHistoryLimit: optional(integer('How many successful runs and experiments to keep; 5 when not given.')),
    unsuccessfulRunHistoryLimit: optional(integer('How many other runs and experiments to keep; 5 when not given.')),
  },
  { description: 'How many finished runs are kept.' },
);

export const RolloutSpec = Type.Object(
  {
    replicas: optional(integer('The number of pods; 1 when not given.')),
    selector: optional(
      labelSelector(
        "Which pods belong to the Rollout; must match the template's labels and never changes.",
        serverChecks({ rule: 'self == oldSelf', message: '.spec.selector is immutable; make a new Rollout instead' }),
      ),
    ),
    template: optional(podTemplate('The pods.')),
    workloadRef: optional(WorkloadRef),
    minReadySeconds: optional(integer('How long a pod must be ready before it counts as available; 0 when not given.')),
    rollbackWindow: optional(
      Type.Object(
        { revisions: optional(integer('Going back over fewer revisions than this skips the steps.')) },
        { description: 'When going back is done without steps.' },
      ),
    ),
    strategy: optional(Strategy),
    revisionHistoryLimit: optional(integer('How many former ReplicaSets to keep; 10 when not given.')),
    paused: optional(flag('true: no step completes and no traffic moves forward.')),
    progressDeadlineSeconds: optional(
      integer('How long an update may go without progress before it counts as stuck; 600 when not given.'),
    ),
    progressDeadlineAbort: optional(flag('true: an update that is stuck is aborted.')),
    restartAt: optional(instant('Pods older than this are replaced, a few at a time.')),
    analysis: optional(RunHistory),
  },
  {
    description: 'What the Rollout should be.',
    ...serverChecks(
      {
        rule: 'has(self.workloadRef) || has(self.selector)',
        message: "Rollout has missing field '.spec.selector': select the pods by labels of the template",
      },
      {
        rule: 'has(self.workloadRef) || has(self.template)',
        message: "Rollout has missing field '.spec.template': describe the pods, or set workloadRef",
      },
      {
        rule: 'has(self.strategy)',
        message: "Rollout has missing field '.spec.strategy.canary or .spec.strategy.blueGreen': set exactly one",
      },
      {
        rule: '(has(self.progressDeadlineSeconds) ? self.progressDeadlineSeconds : 600) > (has(self.minReadySeconds) ? self.minReadySeconds : 0)',
        message: 'progressDeadlineSeconds, which is 600 when not given, must be greater than minReadySeconds',
      },
    ),
  },
);
export type RolloutSpec = Static<typeof RolloutSpec>;
