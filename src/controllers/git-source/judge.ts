import {
  GIT_SOURCE,
  type GitSource,
  type KubeObject,
  PRUNE,
  type ProtectedKind,
  protectedKinds,
} from '../../api/index.ts';
import { definedBy } from './definitions.ts';
import { nameOfEntry, readEntry } from './inventory.ts';
import { groupKindOf } from './kinds.ts';

/** Where an object says that it comes from this source. */
export function markOf({ metadata }: Pick<GitSource, 'metadata'>): string {
  return `GitSource/${metadata.namespace ?? 'default'}/${metadata.name}`;
}

/** What is to become of an object that left Git. */
export type Judgement =
  /** It is not there any more. */
  | { kind: 'gone' }
  /** It is there, and not this source's. */
  | { kind: 'foreign' }
  /** It was deleted, and waits for its finalizers. */
  | { kind: 'going' }
  | { kind: 'keep'; why: string }
  | { kind: 'delete' };

const keep = (why: string): Judgement => ({ kind: 'keep', why });

/** Something that sources have applied and that would go with the object. */
function inside(live: KubeObject, others: () => readonly string[]): string | undefined {
  const isNamespace = groupKindOf(live) === '/Namespace';
  const defined = definedBy(live);
  if (!isNamespace && defined === undefined) return undefined;
  return others().find((entry) => {
    const other = readEntry(entry);
    if (other === undefined) return false;
    return isNamespace ? other.metadata.namespace === live.metadata.name : groupKindOf(other) === defined;
  });
}

/** What would take the source itself along. */
function isOwnGround(live: KubeObject, { metadata, spec }: GitSource): boolean {
  const { namespace = 'default', name } = metadata;
  const isHere = live.metadata.namespace === namespace;
  const of = groupKindOf(live);
  if (of === '/Namespace') return live.metadata.name === namespace;
  if (of === '/ServiceAccount') return isHere && live.metadata.name === spec.serviceAccountName;
  return of === 'headgate.dev/GitSource' && isHere && live.metadata.name === name;
}

/** `others`: what else sources have in the cluster, this one and all others, line by line. */
export function judge(live: KubeObject | undefined, source: GitSource, others: () => readonly string[]): Judgement {
  if (live === undefined) return { kind: 'gone' };
  const { annotations, deletionTimestamp, ownerReferences = [] } = live.metadata;
  if (annotations?.[GIT_SOURCE] !== markOf(source)) return { kind: 'foreign' };
  if (deletionTimestamp !== undefined) return { kind: 'going' };
  const said = annotations[PRUNE];
  // Whoever writes anything else there means that it stays.
  if (said !== undefined && said !== 'true' && said !== 'enabled') return keep(`its annotation ${PRUNE} says so`);
  const [owner] = ownerReferences;
  if (owner !== undefined) return keep(`${owner.kind} ${owner.name} owns it`);
  if (isOwnGround(live, source)) return keep('this GitSource would go with it');
  const kind = protectedKinds.find((each) => each === live.kind);
  if (kind !== undefined && isProtected(live, kind, source)) return keep(`spec.pruneAlso does not name ${kind}`);
  const held = inside(live, others);
  return held === undefined ? { kind: 'delete' } : keep(`${nameOfEntry(held)} would go with it`);
}

const CORE: readonly string[] = ['', 'apiextensions.k8s.io'];

function isProtected(live: KubeObject, kind: ProtectedKind, { spec }: GitSource): boolean {
  return CORE.includes(groupKindOf(live).split('/')[0] ?? '') && !spec.pruneAlso?.includes(kind);
}
