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
        'How Headgate proves who it is: the key token and, for git, username; as a GitHub App, appId, privateKey and installationId; for git over ssh, identity and known_hosts; ca.crt for a private authority.',
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

const Breaker = Type.Object(
  {
    failures: optional(
      integer('How many different Rollouts must have failed, each by another commit; 5 when not given.', {
        minimum: 2,
      }),
    ),
    withinMinutes: optional(integer('Within how many minutes; 10 when not given.', { minimum: 1 })),
  },
  { description: 'When so much fails at once, in the whole cluster, that it is hardly each release by itself.' },
);

/** The name, and the address. */
export const AUTHOR_PATTERN = '^([^<>@\\s][^<>@\\r\\n]*) <([^<>@\\s]+@[^<>@\\s]+)>$';

const Commits = Type.Object(
  {
    author: optional(
      Type.String({
        pattern: AUTHOR_PATTERN,
        maxLength: 200,
        description:
          'Whom commits are by, as in Headgate <headgate@example.com>, which a rule of the host may ask to be a known one. On github, and of what a host merges, it is the account of the token.',
      }),
    ),
    signOff: optional(
      flag('true: each commit says Signed-off-by and that author, where a rule of the host asks for it.'),
    ),
  },
  { description: 'How a commit is written.' },
);

const PullRequests = Type.Object(
  {
    autoMerge: optional(
      flag('true: the host is asked to merge as soon as its rules allow it. Without it a person merges.'),
    ),
    requestReviews: optional(
      flag(
        'true: whoever opened the pull request that brought the change, approved it or was asked to, is asked to review the proposal: ten at most, on github, gitea, gitlab and bitbucket-data-center. Without it nobody is asked.',
      ),
    ),
  },
  { description: 'How a proposal is made: with mode PullRequest, and where the branch takes nothing else.' },
);

/** Part of the name of a ref. */
export const CLUSTER_PATTERN = '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$';

const Quorum = Type.Object(
  {
    clusters: integer('How many clusters must have seen the change fail before any of them writes.', { minimum: 2 }),
    cluster: Type.String({
      pattern: CLUSTER_PATTERN,
      description: 'What this cluster is called among them: lower-case letters, digits and -.',
    }),
  },
  {
    description:
      'For a path that several clusters are made of. Each tells the others by a ref in the repository, refs/headgate/failed/KEY/CLUSTER.',
  },
);

const PersonMerges = Type.Object(
  {
    culpritOlderThanHours: optional(
      integer('The culprit was committed more than so many hours before its release failed.', { minimum: 1 }),
    ),
    commitsInRangeOver: optional(
      integer(
        'More than so many commits between the stable and the failed revision touched what the application is made of.',
        { minimum: 1 },
      ),
    ),
    minutesAfterLastRevert: optional(
      integer('Another change of the same Rollout was taken out less than so many minutes before.', { minimum: 1 }),
    ),
    failedMeasurementsUnder: optional(
      integer('No metric that failed has so many failed measurements.', { minimum: 2, maximum: 100 }),
    ),
  },
  {
    description:
      'When a revert is a pull request at most, which a person merges, whatever the mode and autoMerge say. Nothing of it when not given.',
  },
);

const Telling = Type.Object(
  {
    comment: optional(
      flag(
        'false: nothing is said on the pull request that brought the change. Without it, one comment tells what became of it.',
      ),
    ),
    mentionAuthor: optional(
      flag('true: that comment mentions the author of the pull request, whom the host then notifies.'),
    ),
    remind: optional(
      flag(
        'true: a pull request of a revert that waits for a person gets a comment after an hour, and one more after a day.',
      ),
    ),
    graphUrl: optional(
      text(
        'Where people can look at a query: an https address with {query} once behind its host, as in https://HOST/graph?g0.expr={query}.',
      ),
    ),
  },
  { description: 'What people are told on the pull request that brought the change.' },
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
    commits: optional(Commits),
    pullRequests: optional(PullRequests),
    personMerges: optional(PersonMerges),
    quorum: optional(Quorum),
    telling: optional(Telling),
    triggers: optional(Triggers),
    budget: optional(Budget),
    breaker: optional(Breaker),
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
