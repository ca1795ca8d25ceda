import type { GitRevert } from '../api/index.ts';
import { explain, NOT_SYNCED, revertChoices, STABLE_NOT_SERVING } from '../revert/index.ts';
import { ageOf } from './age.ts';
import { told } from './explanation.ts';
import { painted } from './icons.ts';
import { type Drawing, field, painter, plain } from './text.ts';
import { revertStatus, shortCommit } from './tree.ts';

/** A GitRevert in full: what failed, what is taken out of Git for it, how far that is, and what a person can do. */
export function revertDetails(revert: GitRevert, program: string, drawing: Drawing): string {
  const show = (label: string, value: string | undefined) => (value ? field(label, plain(value), drawing.width) : []);
  const { metadata, spec, status = {} } = revert;
  const since = (at: string | undefined) => at && `${at} (${ageOf(at, drawing.now)} ago)`;
  const state = revertStatus(revert);
  const run = spec.run && `, by analysis ${spec.run.name}`;
  const lines = [
    ...show('Name:', metadata.name),
    ...show('Namespace:', metadata.namespace),
    ...field('State:', `${painted(state.icon, painter(drawing))} ${state.status}`, drawing.width),
    ...show('', explain(status)),
    ...show('Reason:', status.reason),
    ...show('Failed:', `rollout ${spec.rollout.name}, template ${spec.templates.canary}${run ?? ''}`),
    ...spec.culprits.flatMap((culprit, index) => show(index === 0 ? 'Culprit:' : '', culprit)),
    ...behindLines(revert, show),
    ...show('Repository:', spec.repository),
    ...show('Branch:', spec.branch),
    ...show('Path:', spec.path || '/'),
    ...show('Policy:', spec.policy),
    ...planLines(revert, show),
    ...show('Way:', status.way && WAYS[status.way]),
    ...show('Pull request:', status.proposal && `#${status.proposal.number} ${status.proposal.url}`),
    ...show('', status.proposal?.message),
    ...show('Commit:', [status.commit, status.url].filter(Boolean).join(' ')),
    ...clusterLines(revert, show),
    ...show('Told the host:', toldHost(revert)),
    ...show('Commented:', commented(revert)),
    ...show('Began:', since(status.startedAt)),
    ...show('Ended:', since(status.finishedAt)),
    ...revertChoiceLines(revert, program, drawing),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

const WAYS = { Direct: 'a commit on the branch', PullRequest: 'a pull request' };

/** Who stands behind the culprit. */
function behindLines({ status }: GitRevert, show: (label: string, value: string | undefined) => string[]): string[] {
  const { author, pullRequest, reviewers = [] } = status?.culprit ?? {};
  const by = pullRequest?.author && ` by ${pullRequest.author}`;
  return [
    ...show('Author:', author),
    ...show('Came by:', pullRequest && `#${pullRequest.number}${by ?? ''} ${pullRequest.url}`),
    ...show('Reviewers:', reviewers.join(', ')),
  ];
}

function planLines({ status }: GitRevert, show: (label: string, value: string) => string[]): string[] {
  const { plan } = status ?? {};
  if (plan === undefined) return [];
  return [
    ...plan.files.flatMap((file, index) => show(index === 0 ? 'Files:' : '', file)),
    ...(plan.cautions ?? []).flatMap(({ message }, index) => show(index === 0 ? 'Found:' : '', message)),
    ...show('Planned:', `on ${shortCommit(plan.expectedHead)}, attempt ${plan.attempt}, ${plan.plannedAt}`),
  ];
}

/** How the cluster takes a change that is out of Git, where a person should know. */
function clusterLines({ status }: GitRevert, show: (label: string, value: string | undefined) => string[]): string[] {
  const told = [NOT_SYNCED, STABLE_NOT_SERVING];
  const holding = (status?.conditions ?? []).filter(
    ({ type, status: value }) => told.includes(type) && value === 'True',
  );
  return holding.flatMap(({ message }, index) => show(index === 0 ? 'Cluster:' : '', message));
}

function toldHost({ status }: GitRevert): string | undefined {
  const { at, problem } = status?.reported ?? {};
  return problem === undefined ? at : `not shown there: ${problem}`;
}

function commented({ status }: GitRevert): string | undefined {
  const { says, at, problem } = status?.reported?.comment ?? {};
  if (says === undefined) return undefined;
  return problem === undefined ? `${says}, ${at}` : `not said there: ${problem}`;
}

/** What a person can do about it in its state, as commands where there are any. */
export function revertChoiceLines(revert: GitRevert, program: string, { width }: Pick<Drawing, 'width'>): string[] {
  return revertChoices(revert).flatMap((choice, index) =>
    field(index === 0 ? 'You can:' : '', plain(told(choice, revert, program)), width),
  );
}

/** What a plan would change, safe to show: line breaks and tabs stay. */
export function revertDiff(diff: string): string {
  const text = diff.replace(/[^\n\t]+/g, plain);
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
