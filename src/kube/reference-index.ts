/** Things found by what they refer to, carry or ask for, without looking at all of them. */
export interface ReferenceIndex<T> {
  /** Replaces what was known under this key. */
  set(key: string, references: string[], item: T): void;
  delete(key: string): void;
  /** Everything registered under any of these references, each once. */
  find(references: string[]): T[];
}

export function createReferenceIndex<T>(): ReferenceIndex<T> {
  const groups = new Map<string, Map<string, T>>();
  const referencesOfKey = new Map<string, string[]>();
  const remove = (key: string) => {
    for (const reference of referencesOfKey.get(key) ?? []) {
      const group = groups.get(reference);
      group?.delete(key);
      if (group?.size === 0) groups.delete(reference);
    }
    referencesOfKey.delete(key);
  };
  return {
    set(key, references, item) {
      remove(key);
      referencesOfKey.set(key, references);
      for (const reference of references) {
        const group = groups.get(reference) ?? new Map<string, T>();
        groups.set(reference, group.set(key, item));
      }
    },
    delete: remove,
    find(references) {
      const found = new Map(references.flatMap((reference) => [...(groups.get(reference) ?? [])]));
      return [...found.values()];
    },
  };
}
