import type { GitSource, KubeObject } from '../../api/index.ts';
import { isConflict, type KubeClient } from '../../kube/client.ts';
import { isRefusal } from './apply.ts';
import { keyOfEntry, nameOfEntry, readEntry, shortList } from './inventory.ts';
import { type Judgement, judge } from './judge.ts';
import { resourceOf } from './kinds.ts';
import { stageOf } from './order.ts';
import type { Verdict } from './status.ts';

const MOST_CONFLICTS = 5;

export interface PruneOptions {
  /** The source's service account. */
  client: KubeClient;
  source: GitSource;
  inventory: readonly string[];
  /** What is no longer in Git. */
  left: readonly string[];
  /** Who else holds it in Git, or may: that source takes it over. */
  takenBy: (key: string) => Promise<string | undefined>;
  /** What other sources have in the cluster, line by line. */
  elsewhere: () => readonly string[];
}

export interface Pruned {
  /** What is no longer there, or not this source's: to be crossed out. */
  dropped: string[];
  /** What was deleted now, for people. */
  deleted: string[];
  verdict: Verdict;
  /** Something was deleted and is not gone yet. */
  isGoing: boolean;
}

type End =
  | Judgement
  /** Deleted now, and gone. */
  | { kind: 'deleted' }
  /** Deleted now, and still there. */
  | { kind: 'leaving' }
  | { kind: 'refused'; why: string };

const DROPPED: readonly End['kind'][] = ['gone', 'foreign', 'deleted'];
const ON_ITS_WAY: readonly End['kind'][] = ['going', 'leaving'];
const DELETED: readonly End['kind'][] = ['deleted', 'leaving'];

/** One object that left Git. It is deleted only as what was looked at: another object, or a changed one, is looked at again. */
async function pruneObject(
  { client, source, takenBy }: PruneOptions,
  entry: string,
  others: () => readonly string[],
): Promise<End> {
  const named = readEntry(entry);
  if (named === undefined) return { kind: 'gone' };
  const resource = resourceOf(named);
  const { name, namespace } = named.metadata;
  const key = { name, ...(namespace === undefined ? {} : { namespace }) };
  for (let conflicts = 0; ; conflicts++) {
    const live = await client.get<KubeObject>(resource, key);
    const judgement = judge(live, source, others);
    if (live === undefined || judgement.kind !== 'delete') return judgement;
    const taker = await takenBy(keyOfEntry(entry));
    if (taker !== undefined) return { kind: 'keep', why: taker };
    const { uid = '', resourceVersion = '' } = live.metadata;
    try {
      await client.delete(resource, key, { uid, resourceVersion, propagation: 'Background' });
    } catch (error) {
      if (!isConflict(error) || conflicts >= MOST_CONFLICTS) throw error;
      continue;
    }
    const after = await client.get<KubeObject>(resource, key);
    return after?.metadata.uid === uid ? { kind: 'leaving' } : { kind: 'deleted' };
  }
}

async function endOf(options: PruneOptions, entry: string, others: () => readonly string[]): Promise<End> {
  try {
    return await pruneObject(options, entry, others);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return { kind: 'refused', why: error.message };
  }
}

function verdictOf(ends: ReadonlyMap<string, End>): Verdict {
  const told = (...kinds: readonly End['kind'][]) => {
    const of = [...ends].filter(([, end]) => kinds.includes(end.kind));
    return of.map(([entry, end]) => ('why' in end ? `${nameOfEntry(entry)} (${end.why})` : nameOfEntry(entry)));
  };
  const [refused, going, kept] = [told('refused'), told(...ON_ITS_WAY), told('keep')];
  if (refused.length > 0) {
    return { holds: false, reason: 'PruneFailed', message: `left Git and could not be deleted: ${shortList(refused)}` };
  }
  if (going.length > 0) {
    return { holds: false, reason: 'Deleting', message: `deleted and not gone yet: ${shortList(going)}` };
  }
  if (kept.length === 0) return { holds: true, reason: 'Pruned', message: 'nothing that left Git is there any more' };
  return { holds: true, reason: 'Kept', message: `left Git and stays: ${shortList(kept)}` };
}

/**
 * Deletes what left Git, in the reverse of the order in which it is applied: a stage begins when nothing of the one before it is on its
 * way out any more. Refusals are told, and hold up nothing else.
 */
export async function prune(options: PruneOptions): Promise<Pruned> {
  const stages = Map.groupBy(options.left, (entry) => stageOf(readEntry(entry) ?? { metadata: { name: '' } }));
  const ends = new Map<string, End>();
  const among = (kinds: readonly End['kind'][]) => (entry: string) => {
    const end = ends.get(entry);
    return end !== undefined && kinds.includes(end.kind);
  };
  for (const [, stage] of [...stages].sort(([a], [b]) => b - a)) {
    for (const entry of stage) {
      const others = () => [
        ...options.inventory.filter((each) => each !== entry && !among(DROPPED)(each)),
        ...options.elsewhere(),
      ];
      ends.set(entry, await endOf(options, entry, others));
    }
    if (stage.some(among(ON_ITS_WAY))) break;
  }
  return {
    dropped: options.left.filter(among(DROPPED)),
    deleted: options.left.filter(among(DELETED)).map(nameOfEntry),
    verdict: verdictOf(ends),
    isGoing: options.left.some(among(ON_ITS_WAY)),
  };
}
