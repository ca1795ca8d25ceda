import { type MatchedParts, matchItems, type PartTrio, type Three } from './match.ts';
import { type Place, placeInFile, placeText, shown } from './place.ts';
import { type ListTree, type MapTree, type ScalarTree, same, type Tree } from './tree.ts';
import { refused, type SpliceReason, type SpliceRefusal, type SpliceRequest, type Untouched } from './types.ts';

/** What is to happen to the head. */
export type Change =
  | { kind: 'value'; place: Place; before: ScalarTree; head: ScalarTree }
  /** The culprit took a key away, which comes back; or it added one, which goes. */
  | { kind: 'insert' | 'remove'; place: Place; key: string; value: ScalarTree; maps: Three<MapTree, MapTree> };

export interface Comparison extends Untouched {
  changes: Change[];
  refusals: SpliceRefusal[];
}

interface Walk {
  wanted: NonNullable<SpliceRequest['wanted']>;
  found: Comparison;
}

/** Where the walk stands, with what it met on its way that forbids to take back what lies below. */
interface Spot extends Place {
  obstacle: SpliceRefusal | undefined;
}

/** What kustomize puts together to one image: half of it from before and half of it from later would be a third image. */
const IMAGE_FIELDS: readonly string[] = ['newName', 'newTag', 'tagSuffix', 'digest'];

function below(spot: Spot, part: string): Spot {
  return { ...spot, path: [...spot.path, part] };
}

/** The spot with one more thing that forbids a splice; the first one stays. */
function blocked(spot: Spot, reason: SpliceReason, message: string): Spot {
  return spot.obstacle ? spot : { ...spot, obstacle: refused(reason, `${placeText(spot)} ${message}`) };
}

function passing(spot: Spot, ...trees: (Tree | undefined)[]): Spot {
  const obstacle = trees.map((tree) => tree?.obstacle).find(Boolean);
  return obstacle ? blocked(spot, obstacle.reason, obstacle.message) : spot;
}

/** Whether a change is to be taken back and can be. Those that are not to be, and those that cannot be, are noted. */
function isFree({ wanted, found }: Walk, spot: Spot): boolean {
  if (!wanted(spot.document, spot.path)) found.left.push(placeInFile(spot));
  else if (spot.obstacle) found.refusals.push(spot.obstacle);
  else return true;
  return false;
}

/** Whether the head holds what was there before the commit: then there is nothing to do, whatever stands in the way. */
function isDone(
  { wanted, found }: Walk,
  { before, head }: Omit<Three<Tree | undefined>, 'after'>,
  spot: Spot,
): boolean {
  if (!same(before, head)) return false;
  (wanted(spot.document, spot.path) ? found.already : found.left).push(placeInFile(spot));
  return true;
}

function structural(walk: Walk, spot: Spot, what: string) {
  isFree(walk, blocked({ ...spot, obstacle: undefined }, 'structural', what));
}

function sayValue(spot: Spot, tree: Tree | undefined): string {
  if (tree === undefined) return 'absent';
  return tree.kind === 'scalar' ? shown(spot, tree.source) || 'empty' : `a ${tree.kind}`;
}

function changedSince({ found }: Walk, spot: Spot, { before, after, head }: Three<Tree | undefined>) {
  const [good, bad, now] = [before, after, head].map((tree) => sayValue(spot, tree));
  const message = `was changed since: it was ${good} before the commit, ${bad} after it, and is ${now} now`;
  found.refusals.push(refused('changedSince', `${placeText(spot)} ${message}`));
}

/** What the culprit changed at one place and below, and what that means for the head. */
function compare(walk: Walk, three: Three<Tree>, from: Spot): void {
  const { before, after, head } = three;
  if (same(before, after)) return;
  const spot = passing(from, before, after, head);
  if (before.kind === 'map' && after.kind === 'map') {
    compareMaps(walk, { before, after, head: head?.kind === 'map' ? head : undefined }, spot);
  } else if (before.kind === 'list' && after.kind === 'list') {
    compareLists(walk, { before, after, head: head?.kind === 'list' ? head : undefined }, spot);
  } else if (isDone(walk, three, spot)) {
    return;
  } else if (before.kind === 'scalar' && after.kind === 'scalar') {
    if (!isFree(walk, spot)) return;
    if (head?.kind !== 'scalar' || !same(head, after)) changedSince(walk, spot, three);
    else walk.found.changes.push({ kind: 'value', place: spot, before, head });
  } else {
    structural(walk, spot, `was a ${before.kind} before the commit and a ${after.kind} after it`);
  }
}

/** An entry of `images` in a kustomization. */
function isImage({ document, path }: Place): boolean {
  const isKustomization = document.object === undefined || document.object.group === 'kustomize.config.k8s.io';
  return isKustomization && path.length === 2 && path[0] === 'images';
}

function isOtherImage({ before, after, head }: Three<MapTree>): boolean {
  const differ = (left: MapTree, right: MapTree | undefined) =>
    IMAGE_FIELDS.some((field) => !same(left.entries.get(field)?.value, right?.entries.get(field)?.value));
  return differ(before, after) && differ(after, head) && differ(before, head);
}

function compareMaps(walk: Walk, maps: Three<MapTree>, spot: Spot) {
  const { before, after, head } = maps;
  const isMoved = isImage(spot) && isOtherImage(maps);
  const own = isMoved
    ? blocked(spot, 'changedSince', 'was changed since: it names another image than the commit')
    : spot;
  for (const key of new Set([...before.entries.keys(), ...after.entries.keys()])) {
    const [was, became] = [before.entries.get(key)?.value, after.entries.get(key)?.value];
    const at = below(own, key);
    if (was && became) compare(walk, { before: was, after: became, head: head?.entries.get(key)?.value }, at);
    else compareKey(walk, key, maps, at);
  }
}

/** A key that only one side has. */
function compareKey(walk: Walk, key: string, maps: Three<MapTree>, at: Spot) {
  const [before, after, head] = [maps.before, maps.after, maps.head].map((map) => map?.entries.get(key)?.value);
  if (isDone(walk, { before, head }, at)) return;
  const spot = passing(at, before, after, head);
  const value = before ?? after;
  if (value?.kind !== 'scalar') structural(walk, spot, `was ${before ? 'taken away' : 'added'} by the commit`);
  else if (!isFree(walk, spot)) return;
  else if (!maps.head || !same(after, head)) changedSince(walk, spot, { before, after, head });
  else
    walk.found.changes.push({
      kind: before ? 'insert' : 'remove',
      place: spot,
      key,
      value,
      maps: { ...maps, head: maps.head },
    });
}

/** Items in another order are another list: of some, the order matters. */
function isReordered(before: Map<string, Tree>, after: Map<string, Tree>): boolean {
  const kept = [...after.keys()].filter((key) => before.has(key));
  return [...before.keys()].filter((key) => after.has(key)).some((key, index) => key !== kept[index]);
}

function compareLists(walk: Walk, lists: Three<ListTree>, spot: Spot) {
  const matched = matchItems(lists, spot.path.at(-1) ?? '');
  if (matched.kind === 'keys') compareByKey(walk, matched.items, spot);
  else if (isDone(walk, lists, spot)) return;
  else if (matched.kind === 'index') compareByIndex(walk, lists, spot);
  else isFree(walk, blocked(spot, matched.reason, matched.message));
}

function compareByKey(walk: Walk, { before, after, head }: Three<Map<string, Tree>>, spot: Spot) {
  const isPutBack = head !== undefined && !isReordered(before, head);
  if (isReordered(before, after) && !isPutBack) structural(walk, spot, 'was put into another order by the commit');
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [was, became, now] = [before.get(key), after.get(key), head?.get(key)];
    const at = below(spot, key);
    if (was && became) compare(walk, { before: was, after: became, head: now }, at);
    else if (!isDone(walk, { before: was, head: now }, at)) {
      structural(walk, at, `was ${was ? 'taken away' : 'added'} by the commit`);
    }
  }
}

function compareByIndex(walk: Walk, { before, after, head }: Three<ListTree>, spot: Spot) {
  const [had, has, now] = [before, after, head].map((list) => list?.items.length);
  if (had !== has) {
    structural(walk, spot, `had ${had} items before the commit and ${has} after it`);
    return;
  }
  const isMoved = now !== undefined && now !== has;
  const own = isMoved ? blocked(spot, 'structural', `has ${now} items now and had ${has}: none has a name`) : spot;
  for (const [index, was] of before.items.entries()) {
    const [became, item] = [after.items[index], isMoved ? undefined : head?.items[index]];
    if (!became) continue;
    const at = below(own, `[${index}]`);
    const isOther = item !== undefined && item.kind !== 'scalar' && !same(item, became);
    const checked = isOther ? blocked(at, 'changedSince', 'was changed since, and has no name to know it by') : at;
    compare(walk, { before: was, after: became, head: item }, checked);
  }
}

function comparePart(walk: Walk, { name, before, after, head }: PartTrio) {
  const obstacle = [before, after, head].map((part) => part?.obstacle).find(Boolean);
  const root: Spot = { document: name, path: [], obstacle: undefined };
  const spot = obstacle ? blocked(root, obstacle.reason, obstacle.message) : root;
  if (before && after) compare(walk, { before: before.tree, after: after.tree, head: head?.tree }, spot);
  else if (!isDone(walk, { before: before?.tree, head: head?.tree }, spot)) {
    structural(walk, spot, `was ${before ? 'taken away' : 'added'} by the commit`);
  }
}

/** What the culprit changed in the documents, sorted by what it means for the head. */
export function compareParts(parts: MatchedParts, wanted: NonNullable<SpliceRequest['wanted']>): Comparison {
  const walk: Walk = { wanted, found: { changes: [], refusals: [], already: [], left: [] } };
  for (const trio of parts.trios) comparePart(walk, trio);
  if (parts.unmatched) {
    const place = { document: parts.unmatched, path: [], obstacle: undefined };
    structural(walk, place, 'has no kind and name, and documents like it were added or taken away');
  }
  return walk.found;
}
