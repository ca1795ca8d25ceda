import { type Static, Type } from 'typebox';
import { conditions } from './conditions.ts';
import type { KubeObject } from './kubernetes.ts';
import { choice, flag, folder, instant, integer, list, longInteger, optional, secretRef, text } from './schema.ts';

export const modes = ['Direct', 'PullRequest', 'DryRun', 'Off'] as const;
export type RevertMode = (typeof modes)[number];

export const hostTypes = [
  'git',
  'github',
  'gitea',
  'gitlab',
  'bitbucket-cloud',
  'bitbucket-data-center',
  'azure-devops',
] as const;
/** Whether a host of this name opens pull requests: the Git protocol alone does not. */
export function knowsPullRequests(host: RevertPolicySpec['repository']['host']): boolean {
  return host !== 'git';
}

const PolicyRepository = Type.Object(
  {
    host: choice(
      hostTypes,
      'How the repository is written to: git for any Git server or a local one, the others by their APIs; gitea is Forgejo too.',
    ),
    url: text('The address of the repository. What a Rollout says of itself must equal it.'),
    branch: text('The branch that is written to.'),
    path: optional(
      folder(
        'Only what lies below this folder is reverted: whole segments, without a slash at either end; the root when empty.',
      ),
    ),
    secretRef: optional(
      secretRef(
        'How Headgate proves who it is, by the keys token and, for git, username.',
        "the controller's own namespace",
      ),
    ),
  },
  { description: 'The repository that may be written to.' },
);

const Triggers = Type.Object(
  {
    progressDeadline: optional(flag('true: an update that was aborted because it was stuck is reverted too.')),
    manualAbort: optional(flag('true: an update that a person aborted is reverted too.')),
  },
  { description: 'What is reverted besides a failed analysis.' },
);

const Budget = Type.Object(
  {
    directPerDay: optional(integer('How many commits in 24 hours; 4 when not given.', { minimum: 0 })),
    pullRequestsPerDay: optional(integer('How many pull requests in 24 hours; 10 when not given.', { minimum: 0 })),
  },
  { description: 'How often Headgate may write.' },
);

const PullRequests = Type.Object(
  {
    autoMerge: optional(
      flag('true: the host is asked to merge as soon as its rules allow it. Without it a person merges.'),
    ),
  },
  { description: 'How a proposal is made: with mode PullRequest, and where the branch takes nothing else.' },
);

const Freeze = Type.Object(
  {
    from: instant('When it begins.'),
    to: instant('When it ends.'),
    reason: text('Why, for the message that people see.'),
  },
  { description: 'A span of time without any write.' },
);

export const RevertPolicySpec = Type.Object(
  {
    namespaces: list(Type.String(), { description: 'The namespaces whose Rollouts it speaks of, by name.' }),
    repository: PolicyRepository,
    mode: optional(
      choice(
        modes,
        'Direct: a commit on the branch, or a proposal where the branch takes changes by proposal only. PullRequest: a proposal. DryRun: only said what would be done. Off: nothing.',
        'PullRequest',
      ),
    ),
    pullRequests: optional(PullRequests),
    triggers: optional(Triggers),
    budget: optional(Budget),
    freeze: optional(list(Freeze, { description: 'When nothing is written.' })),
  },
  { description: 'What may be reverted, where, and how.' },
);
export type RevertPolicySpec = Static<typeof RevertPolicySpec>;

export const RevertPolicyStatus = Type.Object(
  {
    observedGeneration: optional(longInteger('The generation of the spec that this status speaks of.')),
    conditions: optional(conditions),
  },
  { description: 'Whether the policy can be carried out.' },
);
export type RevertPolicyStatus = Static<typeof RevertPolicyStatus>;

export interface RevertPolicy extends KubeObject {
  spec: RevertPolicySpec;
  status?: RevertPolicyStatus;
}
