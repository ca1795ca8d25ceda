import { type Static, Type } from 'typebox';
import { conditions } from './conditions.ts';
import type { KubeObject } from './kubernetes.ts';
import { folder, instant, integer, list, longInteger, optional, secretRef, serverChecks, text } from './schema.ts';

const SourceRepository = Type.Object(
  {
    url: text('The address of the repository.'),
    branch: text('The branch that is followed.'),
    secretRef: optional(
      secretRef(
        'How the repository is read, where it is not public, by the keys token and username.',
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
    interval: optional(
      Type.String({ description: 'How long between two looks, as a duration such as `1m`.', default: '1m' }),
    ),
    serviceAccountName: text('The ServiceAccount of the same namespace in whose name everything is applied.'),
  },
  { description: 'What is applied from where, and as whom.' },
);
export type GitSourceSpec = Static<typeof GitSourceSpec>;

const FileError = Type.Object(
  { path: text('The file, from the root of the repository.'), message: text('What is wrong with it.') },
  { description: 'One file that was not applied.' },
);

export const GitSourceStatus = Type.Object(
  {
    observedGeneration: optional(longInteger('The generation of the spec that this status speaks of.')),
    lastSeenCommit: optional(text('The commit at the head of the branch.')),
    lastAppliedCommit: optional(text('The commit that was last applied as a whole.')),
    lastAppliedAt: optional(instant('When that was.')),
    files: optional(list(FileError, { description: 'The files that were not applied.' })),
    objects: optional(integer('How many objects were applied.')),
    conditions: optional(conditions),
  },
  { description: 'What was applied.' },
);
export type GitSourceStatus = Static<typeof GitSourceStatus>;

export interface GitSource extends KubeObject {
  spec: GitSourceSpec;
  status?: GitSourceStatus;
}
