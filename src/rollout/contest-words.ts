/** A contest told for people: who, how often, and the lines that end it. */
import { fieldsOf, listOf, textOf } from '../api/fields.ts';
import { type Contest, canarySteps, POD_TEMPLATE_HASH, type RevisionState, type Rollout } from '../api/index.ts';
import { type Choice, counted } from './explanation.ts';
import type { Facts } from './facts.ts';

/** What of an object is contested, in the languages of the tools that can leave it alone. */
interface Part {
  group: string;
  /** As people say it. */
  name: string;
  /** For Argo CD. */
  ignored: string;
  /** For Flux: a JSON pointer. */
  pointer: string;
}

/** Where steps add rules, the weights are not all: the list of rules is another one. */
function partOf({ kind }: Pick<Contest, 'kind'>, rollout: Rollout): Part {
  if (kind === 'Service') {
    const pointer = `/spec/selector/${POD_TEMPLATE_HASH}`;
    return { group: '""', name: 'selector', ignored: `jsonPointers: [${pointer}]`, pointer };
  }
  const addsRules = canarySteps(rollout).some((step) => step.setHeaderRoute ?? step.setMirrorRoute);
  const path = addsRules ? '.spec.rules' : '.spec.rules[].backendRefs[].weight';
  const ignored = `jqPathExpressions: ['${path}']`;
  return { group: 'gateway.networking.k8s.io', name: addsRules ? 'rules' : 'weights', ignored, pointer: '/spec/rules' };
}

const ARGO_CD: readonly string[] = ['argocd-controller', 'argocd-application-controller'];
/** Field managers of controllers that drive Rollouts, our own among them. */
const OF_ROLLOUTS: readonly string[] = ['headgate', 'rollouts-controller', 'argo-rollouts'];

/** The manifest is where the object's own annotations come from, whichever tool applies it. */
function forKustomization({ kind, name }: Contest): string {
  return `add to ${kind} ${name} in Git: metadata: {annotations: {kustomize.toolkit.fluxcd.io/ssa: IfNotPresent}}`;
}

/** What ends a contest, with the exact lines where the tool knows some. */
function remedy(contest: Contest, rollout: Rollout): string {
  const { kind, name, manager, source } = contest;
  const { group, ignored, pointer, name: part } = partOf(contest, rollout);
  const object = `${kind} ${name}`;
  if (ARGO_CD.includes(manager)) {
    const rule = `{group: ${group}, kind: ${kind}, name: ${name}, ${ignored}}`;
    return `add to ${source ?? 'the Application'}: spec: {ignoreDifferences: [${rule}], syncPolicy: {syncOptions: [RespectIgnoreDifferences=true]}}`;
  }
  if (manager === 'kustomize-controller') return forKustomization(contest);
  if (manager === 'helm-controller') {
    const rule = `{paths: [${pointer}], target: {kind: ${kind}, name: ${name}}}`;
    return `add to ${source ?? 'the HelmRelease'}: spec: {driftDetection: {ignore: [${rule}]}}`;
  }
  if (OF_ROLLOUTS.includes(manager)) return 'two controllers drive this Rollout: stop one of them';
  if (manager === 'helm')
    return `keep ${object} in a release of its own that is not upgraded while an update is under way`;
  const whoever = manager === '' ? 'whoever writes it' : manager;
  if (kind === 'Service')
    return `have ${whoever} leave ${POD_TEMPLATE_HASH} in the selector of ${object}: kubectl apply does, without --server-side`;
  return `have ${whoever} apply ${object} with the ${part} that it has, or not at all while an update is under way: without weights each counts as 1`;
}

/** As in `Application argocd/web (argocd-controller)`. */
function whoOf({ manager, source }: Contest): string {
  if (manager === '') return source ?? 'somebody whom metadata.managedFields does not name';
  return source ? `${source} (${manager})` : manager;
}

function where({ kind, name }: Contest, rollout: Rollout): string {
  return `${partOf({ kind }, rollout).name} of ${kind} ${name}`;
}

/** For an Event: the whole story. */
export function contestTold(contest: Contest, rollout: Rollout): string {
  const { times, since } = contest;
  const who = `${whoOf(contest)} has set the ${where(contest, rollout)} back ${counted(times, 'time')} since ${since}`;
  return `${who}. What it undoes is written more and more seldom, and no step completes without that. To end this, ${remedy(contest, rollout)}`;
}

/** For an Event, when nobody has set the object back for a while. */
export function contestOver(contest: Contest, rollout: Rollout): string {
  const { times } = contest;
  return `${whoOf(contest)} no longer sets the ${where(contest, rollout)} back, after ${counted(times, 'time')}`;
}

/** What a ReplicaSet remembers, whoever wrote it there. */
function remembered({ contests }: RevisionState): Contest[] {
  return listOf(contests).flatMap((each) => {
    const { kind, name, manager, source, times, since } = fieldsOf(each);
    if (typeof kind !== 'string' || typeof name !== 'string') return [];
    const told = { manager: textOf(manager) ?? '', since: textOf(since) ?? '', times: Number(times) || 1 };
    return [{ kind, name, ...told, ...(typeof source === 'string' && { source }) }];
  });
}

/** What is contested, for an explanation. */
export function contested({ memory, seen }: Facts): string[] {
  return remembered(memory).map((contest) => {
    const often = `at least ${counted(contest.times, 'time')} since ${contest.since}`;
    return `${whoOf(contest)} sets the ${where(contest, seen.rollout)} back, ${often}: what it undoes is written more and more seldom, and no step completes without that`;
  });
}

/** What ends each contest. */
export function contestChoices({ memory, seen }: Facts): Choice[] {
  return remembered(memory).map((contest) => ({ does: remedy(contest, seen.rollout) }));
}
