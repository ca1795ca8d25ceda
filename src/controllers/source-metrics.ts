import { Counter, type Registry } from 'prom-client';
import type { GitSource } from '../api/index.ts';
import type { Cache } from '../kube/cache.ts';
import { createAttendance } from './attendance.ts';
import { keyOf, splitKey } from './keys.ts';
import { gauge } from './object-metrics.ts';

/** What the controller of GitSources tells of its work. */
export interface SourceMetrics {
  /** Counts the sources of this cache from now on. */
  follow(sources: Cache<GitSource>): void;
  /** A look has ended; `seconds` in machine time, `deleted` objects that left Git. */
  looked(source: GitSource, look: { seconds: number; deleted: number }): void;
}

/** `refresh` is called before each scrape. */
export function sourceMetrics(registry: Registry): SourceMetrics & { refresh(): void } {
  const labelNames = ['namespace', 'name'] as const;
  const made = <Label extends string>(name: string, help: string, ...labels: Label[]) =>
    gauge(registry, name, help, [...labelNames, ...labels]);
  const info = made('headgate_git_source_info', 'Information about a GitSource.', 'ready', 'healthy', 'reason');
  const objects = made('headgate_git_source_objects', 'Objects that a GitSource has applied.');
  const applied = made('headgate_git_source_last_applied_timestamp_seconds', 'When a GitSource last applied a commit.');
  const seconds = made('headgate_git_source_last_look_seconds', 'Seconds that the last look of a GitSource took.');
  const deleted = new Counter({
    name: 'headgate_git_source_pruned_total',
    help: 'Objects that a GitSource has deleted because they left Git.',
    labelNames,
    registers: [registry],
  });
  const attendance = createAttendance();
  let cache: Cache<GitSource> | undefined;

  const count = (source: GitSource) => {
    const { namespace = '', name } = source.metadata;
    const { conditions = [], objects: total = 0, lastAppliedAt } = source.status ?? {};
    const conditionOf = (wanted: string) => conditions.find(({ type }) => type === wanted);
    const stateOf = (wanted: string) => conditionOf(wanted)?.status ?? 'Unknown';
    const { reason = '' } = conditionOf('Ready') ?? {};
    info.set({ namespace, name, ready: stateOf('Ready'), healthy: stateOf('Healthy'), reason }, 1);
    objects.set({ namespace, name }, total);
    if (lastAppliedAt !== undefined) applied.set({ namespace, name }, Date.parse(lastAppliedAt) / 1000);
  };
  return {
    follow(sources) {
      cache = sources;
    },
    looked(source, look) {
      const key = keyOf(source);
      attendance.note(key);
      seconds.set(splitKey(key), look.seconds);
      deleted.inc(splitKey(key), look.deleted);
    },
    refresh() {
      const known = cache;
      if (known === undefined) return;
      for (const one of [info, objects, applied]) one.reset();
      for (const source of known.list()) count(source);
      const isThere = (key: string) => {
        const { namespace, name } = splitKey(key);
        return known.get(namespace, name) !== undefined;
      };
      for (const key of attendance.over(isThere)) {
        seconds.remove(splitKey(key));
        deleted.remove(splitKey(key));
      }
    },
  };
}
