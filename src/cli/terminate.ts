import { analysisRuns, experiments } from '../kube/resources.ts';
import { patchObject } from './patching.ts';
import { clusterFlags, toEachName, type Verb } from './verb.ts';

const patch = { spec: { terminate: true } };

export const terminateAnalysisRun: Verb = {
  name: 'terminate',
  noun: ['analysisrun', 'analysisruns', 'ar'],
  operands: 'NAME...',
  completes: analysisRuns,
  summary: 'end an AnalysisRun now',
  flags: clusterFlags,
  run: (invocation) =>
    toEachName(terminateAnalysisRun, invocation, {
      what: 'an AnalysisRun',
      change: (cluster, name) => patchObject(cluster, analysisRuns, name, patch),
      done: (name) => `analysisRun '${name}' terminated`,
    }),
};

export const terminateExperiment: Verb = {
  name: 'terminate',
  noun: ['experiment', 'experiments', 'exp'],
  operands: 'NAME...',
  completes: experiments,
  summary: 'end an Experiment now',
  flags: clusterFlags,
  run: (invocation) =>
    toEachName(terminateExperiment, invocation, {
      what: 'an Experiment',
      change: (cluster, name) => patchObject(cluster, experiments, name, patch),
      done: (name) => `experiment '${name}' terminated`,
    }),
};
