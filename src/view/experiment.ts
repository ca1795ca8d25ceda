import { isCompleted } from '../analysis/index.ts';
import { type AnalysisRun, EXPERIMENT_TEMPLATE, type Experiment, type Pod, type ReplicaSet } from '../api/index.ts';
import { kindIcons, painted, statusIcon } from './icons.ts';
import { imageLines } from './images.ts';
import { byAge, drawnTree, isOwnedBy, nodeOf, replicaSetNode, runNode } from './nodes.ts';
import { type Drawing, field, painter, plain } from './text.ts';

/** Everything that `get experiment` shows. Objects that belong to others may be among them. */
export interface ExperimentView {
  experiment: Experiment;
  replicaSets: ReplicaSet[];
  pods: Pod[];
  analysisRuns: AnalysisRun[];
}

export function experimentPhase({ status }: Experiment): string {
  return status?.phase || 'Pending';
}

/** An Experiment in full: how it is, and the tree of its objects. */
export function experimentTree({ experiment, pods, ...others }: ExperimentView, drawing: Drawing): string {
  const replicaSets = others.replicaSets.filter((replicaSet) => isOwnedBy(replicaSet, experiment)).sort(byAge);
  const runs = others.analysisRuns.filter((run) => isOwnedBy(run, experiment)).sort(byAge);
  const phase = experimentPhase(experiment);
  const icon = statusIcon(phase, ['Running']);
  const { message = '' } = experiment.status ?? {};
  const show = (label: string, value: string) => field(label, value, drawing.width);
  const tree = drawnTree(
    {
      ...nodeOf(experiment, kindIcons.experiment, 'Experiment'),
      status: phase,
      statusIcon: icon,
      colour: isCompleted(experiment.status?.phase) ? undefined : 'blueBright',
      children: [
        ...replicaSets.map((replicaSet) => replicaSetNode(replicaSet, [], pods, drawing)),
        ...runs.map((run) => runNode(run, drawing)),
      ],
    },
    drawing,
  );
  const lines = [
    ...show('Name:', plain(experiment.metadata.name)),
    ...show('Namespace:', plain(experiment.metadata.namespace ?? '')),
    ...show('Status:', `${painted(icon, painter(drawing))} ${plain(phase)}`),
    ...(message === '' ? [] : show('Message:', plain(message))),
    ...imageLines(replicaSets, tagsOf, drawing),
    '',
    ...tree,
  ];
  return `${lines.join('\n')}\n`;
}

function tagsOf({ metadata }: ReplicaSet): string[] {
  const template = metadata.annotations?.[EXPERIMENT_TEMPLATE];
  return template ? [`${kindIcons.experiment}:${template}`] : [];
}
