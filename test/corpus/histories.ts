import { type Change, type Edit, FIRST_RELEASE, type Model } from './model.ts';

/** One commit along the branch. */
export interface Step {
  edit: Edit;
  message?: string | ((culprit: string) => string);
  /** What is merged by it, as commits of a branch that began at the stable release; `edit` is all of them. */
  merges?: readonly Edit[];
  /** The app's folder is gone. */
  removesApp?: boolean;
}

/** What a branch went through between the stable release and the moment of the revert. */
export interface History {
  name: string;
  before?: readonly Step[];
  /** The commit with the change; left out: nothing but that. */
  culprit?: (change: Change) => Step;
  after?: (change: Change) => readonly Step[];
  /** Whether what failed was noted at the head, as Argo CD does, instead of the commit with the change. */
  failedAtHead?: boolean;
  /** The branch was rewritten: what stands after the change lies on the stable release. */
  rewritten?: boolean;
  /** Commits to the template before the change, or after it up to where it failed. */
  otherTemplateCommits?: number;
  /** Changes by name that it is for; left out: all. */
  changes?: readonly string[];
  /** Only for a few repositories: it is long. */
  rare?: boolean;
  /** For every repository: it comes out otherwise in a few. */
  always?: boolean;
  /**
   * What the head holds of the pods: the failed template, the stable one, another, or no Rollout. Left out: the failed one.
   */
  headHolds?: 'stable' | 'other' | 'absent';
  /** A commit on the branch says that it reverts the change. */
  isReverted?: boolean;
  /** The ConfigMap is changed after the change, in another of its lines. */
  changesConfig?: boolean;
  /** Folders that the app is made of outside of its path are elsewhere at the head. */
  movesOutside?: boolean;
  /** The person's word in Git: on the change, at the root, or beside what the app is made of outside of its path. */
  says?: 'isRevert' | 'optedOut' | 'folderOptedOut' | 'outsideOptedOut';
  /** Between the two ends there is a commit that cannot be read. */
  isBroken?: boolean;
  /** Needs what not every layout has. */
  needs?: 'renamed' | 'sharedFolder' | 'broken' | 'note' | 'parent' | 'outside';
}

const extra =
  (path: string, text: string): Edit =>
  (model) => ({ ...model, extra: { ...model.extra, [path]: text } });
const compose =
  (...edits: Edit[]): Edit =>
  (model) =>
    edits.reduce((each, edit) => edit(each), model);
const docs = (text: string): Step => ({ edit: extra('docs/other.md', text), message: 'Write something down' });
const otherTemplate: Edit = (model) => ({ ...model, tag: 'v1.4.9', digest: undefined });
const tagOnce: Edit = (model) => ({ ...model, tag: 'v1.6.0', digest: undefined });
const stepsAndSize: Step = {
  edit: (model) => ({ ...model, replicas: 7, weight: 35 }),
  message: 'Give it more room',
};
const SIMPLE = [
  'tag',
  'env',
  'added container',
  'memory',
  'digest',
  'tag and docs',
  'tag and a new file',
  'port',
  'tag and port',
];
const OF_TAG = [
  'tag',
  'digest',
  'tag and docs',
  'tag with a comment',
  'tag and a new file',
  'tag, env, config and port',
];

/** Another try of what the change was about. */
const FIXES: Readonly<Record<string, Edit>> = {
  tag: (model) => ({ ...model, tag: 'v1.5.1' }),
  env: (model) => ({ ...model, env: { ...model.env, MODE: 'steady' } }),
  memory: (model) => ({ ...model, memory: '512Mi' }),
  'added container': (model) => ({ ...model, sidecars: ['proxy:v3'] }),
  port: (model) => ({ ...model, shared: { containerPort: 9998 } }),
};

/** What undoes the change, whatever it was: all that a release says of pods is as it was first. */
const putBack: Edit = ({ extra: own, renamed }) => ({ ...FIRST_RELEASE, extra: own, renamed });

const MANY: readonly Step[] = Array.from({ length: 31 }, (_, index) => ({
  edit: (model: Model) => ({ ...model, replicas: 10 + index }),
}));

export const HISTORIES: readonly History[] = [
  { name: 'linear' },
  {
    name: 'others commit before and after',
    before: [docs('a\n'), { edit: (model) => ({ ...model, weight: 25 }), message: 'Go faster' }],
    after: () => [docs('b\n'), { edit: extra('@/later.txt', 'later\n') }],
    failedAtHead: true,
  },
  { name: 'a later commit to the same file', after: () => [stepsAndSize, docs('c\n')] },
  {
    name: 'a later comment on the same line',
    changes: ['tag'],
    needs: 'note',
    always: true,
    after: () => [{ edit: (model) => ({ ...model, note: 'what a day' }) }],
  },
  {
    name: 'a later release on the same line',
    changes: OF_TAG,
    headHolds: 'other',
    after: () => [{ edit: tagOnce, message: 'Release v1.6.0' }],
  },
  {
    name: 'a later change of other fields of the pods',
    changes: ['tag', 'env', 'added container', 'port'],
    headHolds: 'other',
    after: ({ name }) => [
      name === 'tag'
        ? { edit: (model) => ({ ...model, env: { ...model.env, MODE: 'steady' }, config: { NEW: 'x' } }) }
        : { edit: otherTemplate },
    ],
  },
  {
    name: 'a later fix',
    changes: Object.keys(FIXES),
    headHolds: 'other',
    after: ({ name, edit }) => [{ edit: FIXES[name] ?? edit, message: 'Fix it' }, docs('i\n')],
  },
  {
    name: 'a later change of the same ConfigMap',
    changes: ['tag', 'tag, env, config and port', 'config'],
    changesConfig: true,
    after: () => [{ edit: (model) => ({ ...model, config: { ...model.config, SEATS: '41' } }), message: 'More seats' }],
  },
  {
    name: 'put back by hand',
    changes: SIMPLE,
    headHolds: 'stable',
    after: () => [{ edit: putBack, message: 'Back to what worked' }, docs('d\n')],
  },
  {
    name: 'reverted by a person',
    changes: SIMPLE,
    headHolds: 'stable',
    isReverted: true,
    after: () => [{ edit: putBack, message: (culprit) => `Revert "Release"\n\nThis reverts commit ${culprit}.` }],
  },
  {
    name: 'reverted, and put back again',
    changes: SIMPLE,
    isReverted: true,
    after: ({ edit }) => [
      { edit: putBack, message: (culprit) => `Revert "Release"\n\nThis reverts commit ${culprit}.` },
      { edit, message: 'Reapply "Release"' },
    ],
  },
  {
    name: 'two commits to the template',
    changes: SIMPLE,
    otherTemplateCommits: 1,
    before: [{ edit: otherTemplate, message: 'Release v1.4.9' }],
  },
  {
    name: 'a squash of many changes',
    changes: ['tag', 'env', 'added container', 'digest', 'pod label', 'script'],
    culprit: ({ edit }) => ({
      edit: compose(edit, extra('docs/feature.md', 'squashed\n'), (model) => ({
        ...model,
        servicePort: 8443,
        other: { tag: 'v9' },
      })),
      message: 'Feature (#12)\n\n* one\n* two',
    }),
    after: () => [docs('e\n')],
  },
  {
    name: 'a merge commit',
    before: [docs('f\n')],
    culprit: ({ edit }) => ({ edit, merges: [edit], message: "Merge branch 'release'" }),
    after: () => [stepsAndSize],
  },
  {
    name: 'a merge of several commits',
    changes: ['tag', 'env', 'memory', 'added container'],
    before: [docs('g\n')],
    culprit: ({ edit }) => ({
      edit: compose(otherTemplate, edit, extra('docs/side.md', 'of the side\n')),
      merges: [otherTemplate, edit, extra('docs/side.md', 'of the side\n')],
      message: "Merge pull request 'release' (#13)",
    }),
  },
  {
    name: 'a renamed file before',
    needs: 'renamed',
    before: [{ edit: (model) => ({ ...model, renamed: { 'rollout.yaml': 'web.yaml' } }), message: 'Rename' }],
    changes: ['tag', 'env', 'added container', 'memory', 'steps and size'],
  },
  {
    name: 'a renamed file after',
    needs: 'renamed',
    changes: ['tag', 'env', 'added container', 'memory'],
    after: () => [{ edit: (model) => ({ ...model, renamed: { 'rollout.yaml': 'web.yaml' } }), message: 'Rename' }],
  },
  {
    name: 'a base that moves before',
    needs: 'sharedFolder',
    before: [{ edit: (model) => ({ ...model, sharedFolder: 'common' }), message: 'Move the base' }],
    changes: ['tag', 'env', 'port', 'added container'],
  },
  {
    name: 'a base that moves after',
    needs: 'sharedFolder',
    movesOutside: true,
    after: () => [{ edit: (model) => ({ ...model, sharedFolder: 'common' }), message: 'Move the base' }],
    changes: ['tag', 'env', 'port', 'tag and port'],
  },
  {
    name: 'the change is itself a revert',
    changes: ['tag', 'env', 'added container'],
    says: 'isRevert',
    culprit: ({ edit }) => ({ edit, message: `Revert "x"\n\nThis reverts commit ${'a'.repeat(40)}.` }),
  },
  {
    name: 'the change opts out',
    changes: ['tag', 'env', 'added container'],
    says: 'optedOut',
    culprit: ({ edit }) => ({ edit, message: 'Release\n\nAuto-Revert: disable' }),
  },
  {
    name: 'the folder opts out',
    changes: ['tag', 'env', 'added container', 'port', 'tag and port'],
    says: 'folderOptedOut',
    after: () => [{ edit: extra('.headgate.yaml', 'autoRevert: disable\n') }],
  },
  {
    name: 'a folder outside of the path opts out',
    needs: 'outside',
    changes: ['tag', 'port', 'tag and port'],
    says: 'outsideOptedOut',
    after: () => [{ edit: extra('^/.headgate.yaml', 'autoRevert: disable\n') }],
  },
  {
    name: 'a commit that cannot be read in between',
    needs: 'broken',
    changes: ['tag', 'env', 'config'],
    isBroken: true,
    before: [
      { edit: (model) => ({ ...model, broken: true }), message: 'Oops' },
      { edit: (model) => ({ ...model, broken: false }), message: 'Mend it' },
    ],
  },
  {
    name: 'the branch was rewritten',
    changes: ['tag', 'env'],
    rewritten: true,
    after: () => [docs('h\n')],
  },
  {
    name: 'the app is gone',
    needs: 'parent',
    changes: ['tag', 'added container'],
    headHolds: 'absent',
    after: () => [{ edit: (model) => model, removesApp: true, message: 'Remove it' }],
  },
  {
    name: 'more commits than are compared',
    changes: ['tag'],
    rare: true,
    failedAtHead: true,
    after: () => MANY,
  },
  {
    name: 'more commits than are compared, with another release among them',
    changes: ['tag'],
    rare: true,
    failedAtHead: true,
    otherTemplateCommits: 1,
    before: [{ edit: otherTemplate, message: 'Release v1.4.9' }],
    after: () => MANY,
  },
];
