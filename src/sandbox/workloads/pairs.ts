import type { LabelSelector } from '../../api/kubernetes.ts';

/** One pair per label, and one that stands for the whole namespace. */
export function pairsOf(namespace: string, labels: Record<string, string> = {}): string[] {
  return [`${namespace}/`, ...Object.entries(labels).map(([name, value]) => `${namespace}/${name}=${value}`)];
}

/** For things found by the Services that they name. */
export function servicePairs(namespace: string, names: string[]): string[] {
  return names.map((name) => `${namespace}/service:${name}`);
}

/** A pair that all that is selected carries: the whole namespace where the selector names no exact label. */
export function pairOf(namespace: string, selector: LabelSelector | undefined): string {
  const [first] = Object.entries(selector?.matchLabels ?? {});
  return first ? `${namespace}/${first[0]}=${first[1]}` : `${namespace}/`;
}
