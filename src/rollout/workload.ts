import { parsedFields } from '../api/fields.ts';
import {
  type LabelSelector,
  type ObjectMeta,
  POD_TEMPLATE_HASH,
  type PodTemplateSpec,
  PROVENANCE,
  type ReplicaSet,
  type Rollout,
  SCALED_DOWN,
  type ScaledDown,
} from '../api/index.ts';
import { hashOf } from './facts.ts';
import { givenTemplate } from './template.ts';

/** A workload as far as a Rollout's pods are made from it. */
export interface Workload {
  metadata: Pick<ObjectMeta, 'annotations'>;
  /** A PodTemplate has none. */
  selector: LabelSelector | undefined;
  template: PodTemplateSpec;
}

/**
 * The Rollout as if it held the workload's template, and its selector where it has none of its own. Where a revision came
 * from is where its template came from: the workload's word for it takes the place of the Rollout's.
 */
export function withWorkload(rollout: Rollout, { metadata, selector, template }: Workload): Rollout {
  const own = Object.entries(rollout.metadata.annotations ?? {}).filter(([key]) => !PROVENANCE.includes(key));
  const origin = Object.entries(metadata.annotations ?? {}).filter(([key]) => PROVENANCE.includes(key));
  const annotations = Object.fromEntries([...own, ...origin]);
  return { ...rollout, metadata: { ...rollout.metadata, annotations }, spec: withPods(rollout, selector, template) };
}

function withPods({ spec }: Rollout, selector: LabelSelector | undefined, template: PodTemplateSpec): Rollout['spec'] {
  const chosen = spec.selector ?? selector;
  return { ...spec, template, ...(chosen && { selector: chosen }) };
}

function withoutHash(labels: Record<string, string> | undefined): Record<string, string> {
  const { [POD_TEMPLATE_HASH]: _, ...others } = labels ?? {};
  return others;
}

/**
 * The same for a workload that cannot be read: what it last said is in the ReplicaSet that was made from it. Undefined where
 * there is none.
 */
export function withLastTemplate(rollout: Rollout, replicaSets: readonly ReplicaSet[]): Rollout | undefined {
  const last = replicaSets.find((replicaSet) => hashOf(replicaSet) === rollout.status?.currentPodHash);
  if (!last) return undefined;
  const { metadata, ...template } = givenTemplate(last);
  const { matchLabels, ...expressions } = last.spec.selector;
  const selector = { ...expressions, matchLabels: withoutHash(matchLabels) };
  const labels = withoutHash(metadata?.labels);
  return { ...rollout, spec: withPods(rollout, selector, { ...template, metadata: { ...metadata, labels } }) };
}

/** How a workload was last scaled for a Rollout; undefined where it was not, or somebody else wrote something there. */
export function scaledDownOf({ annotations }: Pick<ObjectMeta, 'annotations'>): ScaledDown | undefined {
  const text = annotations?.[SCALED_DOWN];
  if (text === undefined) return undefined;
  const { rollout, uid, from, to, at } = parsedFields(text);
  const isCount = (value: unknown): value is number =>
    typeof value === 'number' && Number.isInteger(value) && value >= 0;
  const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
  const isWhole = isText(rollout) && isText(uid) && isCount(from) && isCount(to) && isText(at);
  return isWhole ? { rollout, uid, from, to, at } : undefined;
}

/** The workload that a Rollout scales: its kind and name. */
interface Scaled {
  kind: string;
  name: string;
  replicas: number | undefined;
  mark: ScaledDown;
}

/**
 * What becomes of a workload that was scaled for a Rollout: undefined as long as the Rollout answers for it. Where the
 * Rollout is gone, and its pods with it, the workload gets its own back; in any other case it is only let go. `rollout`
 * is the one of that name, if any.
 */
export function released(workload: Scaled, rollout: Rollout | undefined): { replicas?: number } | undefined {
  const { kind, name, replicas, mark } = workload;
  if (rollout?.metadata.uid !== mark.uid) return replicas === mark.to ? { replicas: mark.from } : {};
  const reference = rollout.spec.workloadRef;
  const isNamed = reference?.kind === kind && reference.name === name;
  return isNamed && (reference.scaleDown ?? 'never') !== 'never' ? undefined : {};
}
