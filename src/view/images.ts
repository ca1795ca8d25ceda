import type { ReplicaSet } from '../api/index.ts';
import { roleColours } from './nodes.ts';
import { type Drawing, field, painter, plain } from './text.ts';

/** Images that pods run now, in alphabetical order, each with the tags of the ReplicaSets that use it. */
export function imageLines(
  replicaSets: ReplicaSet[],
  tagsOf: (replicaSet: ReplicaSet) => string[],
  drawing: Drawing,
): string[] {
  const tags = new Map<string, Set<string>>();
  for (const replicaSet of replicaSets.filter(({ status }) => (status?.replicas ?? 0) > 0)) {
    for (const { image = '' } of replicaSet.spec.template.spec?.containers ?? []) {
      tags.set(image, new Set([...(tags.get(image) ?? []), ...tagsOf(replicaSet)]));
    }
  }
  const images = [...tags].sort(([a], [b]) => (a < b ? -1 : 1));
  const paint = painter(drawing);
  return images.flatMap(([image, names], index) => {
    const shown = [...names].sort().map((tag) => paint(roleColours[tag], plain(tag)));
    const value = shown.length === 0 ? plain(image) : `${plain(image)} (${shown.join(', ')})`;
    return field(index === 0 ? 'Images:' : '', value, drawing.width);
  });
}
