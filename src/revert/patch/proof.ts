import type { Change } from './compare.ts';
import type { Source } from './source.ts';
import { type MapTree, same, type Tree } from './tree.ts';

/** What every node of the head is to be, where it is to be something else. */
interface Plan {
  values: Map<Tree, Tree>;
  keys: Map<MapTree, Map<string, Tree | undefined>>;
}

function planOf(changes: readonly Change[]): Plan {
  const plan: Plan = { values: new Map(), keys: new Map() };
  for (const change of changes) {
    if (change.kind === 'value') plan.values.set(change.head, change.before);
    else {
      const keys = plan.keys.get(change.maps.head) ?? new Map<string, Tree | undefined>();
      plan.keys.set(change.maps.head, keys.set(change.key, change.kind === 'insert' ? change.value : undefined));
    }
  }
  return plan;
}

function isPlannedMap(head: MapTree, result: MapTree, plan: Plan): boolean {
  const keys = plan.keys.get(head) ?? new Map<string, Tree | undefined>();
  const kept = [...head.entries].filter(([key]) => !keys.has(key));
  const added = [...keys].filter(([, value]) => value !== undefined);
  if (result.entries.size !== kept.length + added.length) return false;
  return (
    kept.every(([key, { value }]) => isPlanned(value, result.entries.get(key)?.value, plan)) &&
    added.every(([key, value]) => same(value, result.entries.get(key)?.value))
  );
}

function isPlanned(head: Tree, result: Tree | undefined, plan: Plan): boolean {
  if (result === undefined || head.marks !== result.marks) return false;
  const value = plan.values.get(head);
  if (value) return same(value, result);
  if (head.kind === 'map') return result.kind === 'map' && isPlannedMap(head, result, plan);
  if (head.kind === 'scalar') return same(head, result);
  return result.kind === 'list' && arePlanned(head.items, result.items, plan);
}

function arePlanned(head: readonly Tree[], result: readonly Tree[], plan: Plan): boolean {
  return head.length === result.length && head.every((item, index) => isPlanned(item, result[index], plan));
}

/** Whether the result differs from the head in what was planned and in nothing else. Both are read from their texts anew. */
export function isProved(changes: readonly Change[], head: Source, result: Source): boolean {
  return arePlanned(head.roots, result.roots, planOf(changes));
}
