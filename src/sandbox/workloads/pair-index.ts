import type { LabelSelector } from '../../api/kubernetes.ts';

/** Things found by the labels that they carry or ask for, without looking at all of them. */
export interface PairIndex<T> {
  /** Replaces what was known under this key. */
  set(key: string, pairs: string[], item: T): void;
  delete(key: string): void;
  /** Everything registered under any of these pairs. */
  find(pairs: string[]): T[];
}

export function createPairIndex<T>(): PairIndex<T> {
  const byPair = new Map<string, Map<string, T>>();
  const pairsOfKey = new Map<string, string[]>();
  const remove = (key: string) => {
    for (const pair of pairsOfKey.get(key) ?? []) {
      const items = byPair.get(pair);
      items?.delete(key);
      if (items?.size === 0) byPair.delete(pair);
    }
    pairsOfKey.delete(key);
  };
  return {
    set(key, pairs, item) {
      remove(key);
      pairsOfKey.set(key, pairs);
      for (const pair of pairs) byPair.set(pair, (byPair.get(pair) ?? new Map<string, T>()).set(key, item));
    },
    delete: remove,
    find(pairs) {
      const found = new Map(pairs.flatMap((pair) => [...(byPair.get(pair) ?? [])]));
      return [...found.values()];
    },
  };
}

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
