import { type Static, Type } from 'typebox';
import { conditions } from './conditions.ts';
import type { KubeObject } from './kubernetes.ts';
import { choice, flag, instant, integer, list, longInteger, optional, text } from './schema.ts';

export const revertStates = [
  'pending',
  'planned',
  'verified',
  'writing',
  'landed',
  'proposed',
  'merged',
  'observed',
  'done',
  'skipped',
  'needsHuman',
  'vetoed',
  'superseded',
  'dryRun',
] as const;
export type GitRevertState = (typeof revertStates)[number];

const RolloutRef = Type.Object(
  { namespace: text('Its namespace.'), name: text('Its name.'), uid: text('Its UID.') },
  { description: 'The Rollout that failed.' },
);

const RunRef = Type.Object(
  { name: text('Its name.'), uid: text('Its UID.') },
  { description: 'The AnalysisRun whose verdict it was.' },
);

const TemplateHashes = Type.Object(
  {
    stable: text('The hash of the stable pod template.'),
    canary: text('The hash of the pod template that failed.'),
  },
  { description: 'The pod templates on the two sides of the change.' },
);

export const GitRevertSpec = Type.Object(
  {
    repository: text('The address of the repository.'),
    branch: text('The branch.'),
    path: text('The folder of the application; the root when empty.'),
    culprits: list(Type.String(), { description: 'The commits to take out, as 40 hex digits.' }),
    goodRevision: text('The commit that the stable revision came from.'),
    badRevision: text('The commit that the failed revision came from.'),
    apart: optional(
      flag(
        'true: the culprit changed other Rollouts of the folder too. They are left as they are, and a failure of theirs has a GitRevert of its own.',
      ),
    ),
    key: text(
      "What makes this revert unique: a hash of repository, branch, culprits and path, and, where it is apart, of the Rollout's name.",
    ),
    policy: text('The RevertPolicy that allows it.'),
    rollout: RolloutRef,
    run: optional(RunRef),
    templates: TemplateHashes,
    stableReplicaSet: text('The stable ReplicaSet.'),
    canaryReplicaSet: text('The ReplicaSet that failed.'),
  },
  { description: 'Which change is bad, and how that is known. A record, never an instruction.' },
);
export type GitRevertSpec = Static<typeof GitRevertSpec>;

const RevertCaution = Type.Object(
  {
    reason: text('One word for it.'),
    most: choice(['PullRequest', 'DryRun'] as const, 'What may be done at most.'),
    personMerges: optional(flag('true: a pull request for it is not merged by itself.')),
    message: text('A sentence for people.'),
  },
  { description: 'Something in Git for which less is done than the policy allows.' },
);
export type RevertCaution = Static<typeof RevertCaution>;

export const GitRevertPlan = Type.Object(
  {
    expectedHead: text('The commit at the head of the branch for which the plan was made.'),
    tree: text('The tree that the commit will have.'),
    patchDigest: text('A digest of the patch.'),
    files: list(Type.String(), { description: 'The files that change.' }),
    attempt: integer('How often it was planned, from 1.'),
    plannedAt: instant('When it was planned.'),
    cautions: optional(
      list(RevertCaution, {
        description: 'What was found at the culprit and at the head of the branch, and what of the plan is not proved.',
      }),
    ),
    diff: optional(
      text(
        'What would change, as a unified diff of at most 64 Ki characters, without files that hold Secrets. Kept where no more than a dry run is allowed, and where a person must decide.',
      ),
    ),
  },
  { description: 'What will be written; put down before it is.' },
);
export type GitRevertPlan = Static<typeof GitRevertPlan>;

export const ways = ['Direct', 'PullRequest'] as const;
export type RevertWay = (typeof ways)[number];

const ProposalRef = Type.Object(
  {
    branch: text('The branch that was made for it.'),
    number: integer('Its number.', { minimum: 1 }),
    url: text('Where people can look at it.'),
    head: optional(text('The commit that Headgate put on that branch.')),
    autoMerge: optional(
      flag(
        'true: Headgate asks the host to merge it, or is about to; put down before it asks, and gone once that was called off.',
      ),
    ),
    message: optional(text('What keeps it from being merged by itself.')),
  },
  { description: 'The pull request.' },
);
export type ProposalRef = Static<typeof ProposalRef>;

const Culprit = Type.Object(
  {
    author: text('Who wrote the commit, by name.'),
    pullRequest: optional(
      Type.Object(
        {
          number: integer('Its number.', { minimum: 1 }),
          url: text('Where people can look at it.'),
          author: optional(text('Who opened it, as the host knows them.')),
        },
        { description: 'The merged pull request that brought the commit to the branch.' },
      ),
    ),
    reviewers: optional(
      list(Type.String(), { description: 'Who approved it or was asked to, as the host knows them; 20 at most.' }),
    ),
  },
  { description: 'Who stands behind the change, where it is one commit.' },
);
export type Culprit = Static<typeof Culprit>;

const Comment = Type.Object(
  {
    says: choice(revertStates, 'The state that it speaks of.'),
    at: instant('When that was told.'),
    problem: optional(text('Why it could not be told.')),
  },
  { description: 'The comment on the pull request that brought the change.' },
);

const Reported = Type.Object(
  {
    at: optional(instant('When it was told beside the commits.')),
    problem: optional(text('Why the host would not show it there.')),
    comment: optional(Comment),
    reminders: optional(
      integer('How often a person was reminded of the pull request that waits for them.', { minimum: 0 }),
    ),
  },
  { description: 'That the Git host was told to show what became of culprit and revert.' },
);

export const GitRevertStatus = Type.Object(
  {
    state: optional(choice(revertStates, 'How far it is.')),
    reason: optional(text('One word for why.')),
    message: optional(text('A sentence for people.')),
    plan: optional(GitRevertPlan),
    way: optional(choice(ways, 'How it is written.')),
    proposal: optional(ProposalRef),
    commit: optional(text('The commit that takes the change out.')),
    url: optional(text('Where people can look at it.')),
    takenOutAt: optional(instant('When it was seen that the change is out of Git.')),
    culprit: optional(Culprit),
    reported: optional(Reported),
    observedGeneration: optional(longInteger('The generation of the spec that this status speaks of.')),
    conditions: optional(conditions),
    startedAt: optional(instant('When it began.')),
    finishedAt: optional(instant('When it ended.')),
  },
  { description: 'How far it is.' },
);
export type GitRevertStatus = Static<typeof GitRevertStatus>;

export interface GitRevert extends KubeObject {
  spec: GitRevertSpec;
  status?: GitRevertStatus;
}
