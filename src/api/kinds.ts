/** Every kind that Headgate serves, as plain data: for the CRDs, the docs, the checks and the sandbox's API server. */
import type { TSchema } from 'typebox';
import { AnalysisRunSpec, AnalysisRunStatus } from './analysis-run.ts';
import { AnalysisTemplateSpec } from './analysis-template.ts';
import { ExperimentSpec, ExperimentStatus } from './experiment.ts';
import { GitRevertSpec, GitRevertStatus } from './git-revert.ts';
import { GitSourceSpec, GitSourceStatus } from './git-source.ts';
import { RevertPolicySpec, RevertPolicyStatus } from './revert-policy.ts';
import { RolloutSpec } from './rollout-spec.ts';
import { RolloutStatus } from './rollout-status.ts';

export interface PrinterColumn {
  name: string;
  type: 'integer' | 'string' | 'date';
  jsonPath: string;
  description: string;
}

export interface Subresources {
  status?: Record<string, never>;
  scale?: { specReplicasPath: string; statusReplicasPath: string; labelSelectorPath: string };
}

export interface KindDescriptor {
  group: string;
  version: string;
  kind: string;
  plural: string;
  singular: string;
  shortNames: string[];
  categories: string[];
  scope: 'Namespaced' | 'Cluster';
  subresources: Subresources;
  printerColumns: PrinterColumn[];
  description: string;
  schema: { spec: TSchema; status?: TSchema };
}

const age: PrinterColumn = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Time since the object was made',
};

function column(name: string, jsonPath: string, description: string, type: PrinterColumn['type'] = 'string') {
  return { name, type, jsonPath, description };
}

const ready = column('Ready', '.status.conditions[?(@.type=="Ready")].status', 'Whether it can do its work');
const why = column('Message', '.status.conditions[?(@.type=="Ready")].message', 'Why');

function stock(kind: string, shortName: string) {
  return {
    group: 'argoproj.io',
    version: 'v1alpha1',
    kind,
    plural: `${kind.toLowerCase()}s`,
    singular: kind.toLowerCase(),
    shortNames: [shortName],
    categories: [],
    scope: 'Namespaced' as const,
    subresources: {},
    printerColumns: [age],
  };
}

function own(kind: string, plural: string, scope: KindDescriptor['scope']) {
  return {
    group: 'headgate.dev',
    version: 'v1alpha1',
    kind,
    plural,
    singular: kind.toLowerCase(),
    shortNames: [],
    categories: ['headgate'],
    scope,
    subresources: { status: {} },
  };
}

const rollout: KindDescriptor = {
  ...stock('Rollout', 'ro'),
  subresources: {
    status: {},
    scale: {
      specReplicasPath: '.spec.replicas',
      statusReplicasPath: '.status.HPAReplicas',
      labelSelectorPath: '.status.selector',
    },
  },
  printerColumns: [
    column('Desired', '.spec.replicas', 'Number of pods that should be', 'integer'),
    column('Current', '.status.replicas', 'Number of pods', 'integer'),
    column('Up-to-date', '.status.updatedReplicas', 'Number of pods with the newest template', 'integer'),
    column('Available', '.status.availableReplicas', 'Number of pods that are available', 'integer'),
    age,
  ],
  description: 'A workload whose updates reach users step by step.',
  schema: { spec: RolloutSpec, status: RolloutStatus },
};

const status = column('Status', '.status.phase', 'How it was judged');

const analysisRun: KindDescriptor = {
  ...stock('AnalysisRun', 'ar'),
  printerColumns: [status, age],
  description: 'One analysis: measurements and a verdict.',
  schema: { spec: AnalysisRunSpec, status: AnalysisRunStatus },
};

const analysisTemplate: KindDescriptor = {
  ...stock('AnalysisTemplate', 'at'),
  description: 'What an analysis measures and how it judges.',
  schema: { spec: AnalysisTemplateSpec },
};

const clusterAnalysisTemplate: KindDescriptor = {
  ...stock('ClusterAnalysisTemplate', 'cat'),
  scope: 'Cluster',
  description: 'What an analysis measures and how it judges, for every namespace.',
  schema: { spec: AnalysisTemplateSpec },
};

const experiment: KindDescriptor = {
  ...stock('Experiment', 'exp'),
  printerColumns: [status, age],
  description: 'Pods of several templates side by side, with analyses that compare them.',
  schema: { spec: ExperimentSpec, status: ExperimentStatus },
};

const revertPolicy: KindDescriptor = {
  ...own('RevertPolicy', 'revertpolicies', 'Cluster'),
  printerColumns: [
    column('Mode', '.spec.mode', 'How it reverts'),
    column('Repository', '.spec.repository.url', 'The repository that may be written to'),
    ready,
    { ...why, name: 'Message' },
    age,
  ],
  description: 'Which failed releases may be taken out of which repository, and how.',
  schema: { spec: RevertPolicySpec, status: RevertPolicyStatus },
};

const gitRevert: KindDescriptor = {
  ...own('GitRevert', 'gitreverts', 'Namespaced'),
  printerColumns: [
    column('State', '.status.state', 'How far it is'),
    column('Rollout', '.spec.rollout.name', 'The Rollout that failed'),
    column('Commit', '.status.commit', 'The commit that takes the change out'),
    column('Reason', '.status.reason', 'Why it is in that state'),
    age,
  ],
  description: 'The record of taking one bad change out of Git.',
  schema: { spec: GitRevertSpec, status: GitRevertStatus },
};

const gitSource: KindDescriptor = {
  ...own('GitSource', 'gitsources', 'Namespaced'),
  printerColumns: [
    column('Commit', '.status.lastAppliedCommit', 'The commit that was last applied'),
    column('Objects', '.status.objects', 'How many objects were applied', 'integer'),
    ready,
    column('Healthy', '.status.conditions[?(@.type=="Healthy")].status', 'Whether all that was applied is healthy'),
    { ...why, name: 'Message' },
    age,
  ],
  description: 'A folder of a repository that is kept applied.',
  schema: { spec: GitSourceSpec, status: GitSourceStatus },
};

export const kinds: readonly KindDescriptor[] = [
  rollout,
  analysisTemplate,
  clusterAnalysisTemplate,
  analysisRun,
  experiment,
  revertPolicy,
  gitRevert,
  gitSource,
];

export function descriptorOf(group: string, kind: string): KindDescriptor | undefined {
  return kinds.find((each) => each.group === group && each.kind === kind);
}
