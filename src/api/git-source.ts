import { type Static, Type } from 'typebox';
import { conditions } from './conditions.ts';
import type { KubeObject } from './kubernetes.ts';
import {
  choice,
  flag,
  folder,
  instant,
  integer,
  list,
  longInteger,
  optional,
  secretRef,
  serverChecks,
  text,
} from './schema.ts';

const SourceRepository = Type.Object(
  {
    url: text('The address of the repository.'),
    branch: text('The branch that is followed.'),
    secretRef: optional(
      secretRef(
        'How the repository is read, where it is not public: the keys token and username for https, identity and known_hosts for ssh, ca.crt for a private authority.',
        "the GitSource's own namespace",
      ),
    ),
  },
  { description: 'What is followed.' },
);

const SourceHelm = Type.Object(
  {
    releaseName: optional(text("The name of the release, `.Release.Name`; the GitSource's own name when not given.")),
    valueFiles: optional(
      list(Type.String(), {
        description:
          'Files with values, relative to the chart; later ones win. They may lie outside of the chart, in the same repository.',
        maxItems: 50,
      }),
    ),
  },
  { description: 'How a Helm chart in the folder is rendered.' },
);

const Decryption = Type.Object(
  {
    provider: choice(['sops'], 'What the files were encrypted with.'),
    secretRef: secretRef(
      'The age keys that open them, as keys that end with .agekey.',
      "the GitSource's own namespace",
    ),
  },
  { description: 'How encrypted files are opened. Without it, a commit with any is not applied.' },
);

/** Kinds whose end takes more with it than the object itself. */
export const protectedKinds = [
  'Namespace',
  'CustomResourceDefinition',
  'PersistentVolumeClaim',
  'PersistentVolume',
] as const;
export type ProtectedKind = (typeof protectedKinds)[number];

export const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
export type Weekday = (typeof weekdays)[number];

const SyncWindow = Type.Object(
  {
    kind: choice(
      ['allow', 'deny'],
      'allow: nothing is applied outside of the windows of this kind. deny: nothing is applied inside of this one, whatever others allow.',
    ),
    from: optional(instant('When a window that is there once begins; with to, and without days, start and end.')),
    to: optional(instant('When a window that is there once ends.')),
    days: optional(
      list(choice(weekdays, 'A day of the week.'), {
        description: 'The days on which a weekly window begins; every day when not given.',
        maxItems: 7,
      }),
    ),
    start: optional(text('The time of day at which a weekly window begins, such as `09:00`.')),
    end: optional(
      text('The time of day at which it ends, `24:00` at most; one that is not after start is on the next day.'),
    ),
    timeZone: optional(text('The time zone of days, start and end, such as `Europe/Zurich`; UTC when not given.')),
    holdReverts: optional(
      flag('true: where this window keeps changes out, what a GitRevert has taken back waits too.'),
    ),
  },
  { description: 'A span of time, once or every week.' },
);
export type SyncWindow = Static<typeof SyncWindow>;

export const GitSourceSpec = Type.Object(
  {
    repository: SourceRepository,
    path: optional(
      folder(
        'The folder with the manifests, relative to the root; the root when empty. A kustomization or a Helm chart in it is rendered.',
        serverChecks({
          rule: "!self.startsWith('/') && !self.matches('(^|/)[.][.](/|$)')",
          message: 'path must be relative and stay inside the repository',
        }),
      ),
    ),
    helm: optional(SourceHelm),
    decryption: optional(Decryption),
    interval: optional(
      Type.String({ description: 'How long between two looks, as a duration such as `1m`.', default: '1m' }),
    ),
    serviceAccountName: text('The ServiceAccount of the same namespace in whose name everything is applied.'),
    prune: optional(flag('true: objects of this source that are no longer in Git are deleted.')),
    pruneAlso: optional(
      list(choice(protectedKinds, 'A kind.'), {
        description: 'Kinds that are deleted too; of those that can be named here nothing is deleted otherwise.',
        maxItems: protectedKinds.length,
      }),
    ),
    dependsOn: optional(
      list(Type.String(), {
        description:
          'GitSources of the same namespace, by name: a new commit waits until each of them is ready and healthy at its latest one.',
        maxItems: 20,
      }),
    ),
    suspend: optional(flag('true: nothing is applied or deleted.')),
    windows: optional(
      list(SyncWindow, { description: 'When commits are applied; at any time when not given.', maxItems: 50 }),
    ),
    drift: optional(
      choice(
        ['heal', 'report'],
        'What happens to objects that differ from Git: heal applies them again, report lists them in the status until their content changes in Git.',
        'heal',
      ),
    ),
  },
  { description: 'What is applied from where, and as whom.' },
);
export type GitSourceSpec = Static<typeof GitSourceSpec>;

const FileError = Type.Object(
  { path: text('The file, from the root of the repository.'), message: text('What is wrong with it.') },
  { description: 'One file that was not applied.' },
);

const Unhealthy = Type.Object(
  { object: text('The object, such as `Deployment shop/web`.'), message: text('What it lacks.') },
  { description: 'One object that is not healthy yet.' },
);

const Drifted = Type.Object(
  {
    object: text('The object, such as `Service shop/web`.'),
    fields: list(Type.String(), { description: 'The fields that differ, the first few; none where it is not there.' }),
  },
  { description: 'One object that differs from Git.' },
);

export const GitSourceStatus = Type.Object(
  {
    observedGeneration: optional(longInteger('The generation of the spec that this status speaks of.')),
    lastSeenCommit: optional(text('The commit at the head of the branch.')),
    lastAppliedCommit: optional(text('The commit that was last applied as a whole.')),
    lastAppliedAt: optional(instant('When that was.')),
    lastAppliedGeneration: optional(longInteger('The generation of the spec by which that was.')),
    files: optional(list(FileError, { description: 'The files that were not applied.' })),
    objects: optional(integer('How many objects were applied.')),
    inventory: optional(
      list(Type.String(), {
        description:
          'What was applied and is not known to be gone, such as `apps/v1 Deployment shop/web`; at most 2,000. Put down before it is applied.',
      }),
    ),
    unhealthy: optional(list(Unhealthy, { description: 'The objects that are not healthy yet, the first few.' })),
    drift: optional(list(Drifted, { description: 'With `drift: report`, the objects that differ, the first few.' })),
    conditions: optional(conditions),
  },
  { description: 'What was applied.' },
);
export type GitSourceStatus = Static<typeof GitSourceStatus>;

export interface GitSource extends KubeObject {
  spec: GitSourceSpec;
  status?: GitSourceStatus;
}
