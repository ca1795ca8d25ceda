import type { Condition, GitSource } from '../../api/index.ts';

/** The circle that a source depends on itself by, as in `['a', 'b', 'a']`; undefined where there is none. */
export function circleThrough(name: string, dependenciesOf: (name: string) => readonly string[]): string[] | undefined {
  const seen = new Set<string>();
  const follow = (path: string[]): string[] | undefined => {
    for (const next of dependenciesOf(path.at(-1) ?? '')) {
      if (next === name) return [...path, next];
      if (seen.has(next)) continue;
      seen.add(next);
      const found = follow([...path, next]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return follow([name]);
}

export interface Dependency {
  name: string;
  source: GitSource | undefined;
  /** Whether it has applied the commit that is to be applied here, or a later one; always so where it follows another branch. */
  hasCommit: boolean;
}

const isTrue = (condition: Condition | undefined) => condition?.status === 'True';

/** Why it has to be waited for; undefined where it is ready and healthy at its latest commit. */
export function unreadyReason({ name, source, hasCommit }: Dependency): string | undefined {
  if (source === undefined) return `GitSource ${name} is not there`;
  const { conditions = [], lastAppliedCommit, lastSeenCommit, lastAppliedGeneration } = source.status ?? {};
  const conditionOf = (type: string) => conditions.find((condition) => condition.type === type);
  const [ready, health] = [conditionOf('Ready'), conditionOf('Healthy')];
  const isCurrent = lastAppliedCommit === lastSeenCommit && lastAppliedGeneration === source.metadata.generation;
  if (!isTrue(ready)) return `GitSource ${name} is not ready (${ready?.reason ?? 'not looked at yet'})`;
  if (!isCurrent || !hasCommit) return `GitSource ${name} has not applied its latest commit`;
  return isTrue(health) ? undefined : `GitSource ${name} is not healthy`;
}
