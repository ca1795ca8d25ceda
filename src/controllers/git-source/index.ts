import { isDeepStrictEqual } from 'node:util';
import type { GitSource, GitSourceStatus } from '../../api/index.ts';
import { timestamp } from '../../api/times.ts';
import { steadyNow } from '../../clock.ts';
import { Stalled, Waiting } from '../../errors.ts';
import { concerns, type Hint } from '../../git/hint.ts';
import { isConflict } from '../../kube/client.ts';
import { gitSources } from '../../kube/resources.ts';
import { keyOf, splitKey } from '../keys.ts';
import { createQueue, type PassResult } from '../queue.ts';
import { checkSpec, DEFAULT_INTERVAL_SECONDS } from './check.ts';
import { shortList } from './inventory.ts';
import { type Memory, newMemory } from './memory.ts';
import type { GitSourceOptions } from './options.ts';
import { type SyncResult, statusAfter, statusPatch } from './status.ts';
import { sync } from './sync.ts';

export type { GitSourceOptions } from './options.ts';

/** What a person asked for, or what comes by itself: no reason to warn. */
const EXPECTED = ['Suspended', 'WindowClosed', 'WaitingForDependencies', 'WaitingForDefinitions'];

async function writeStatus({ client, sources }: GitSourceOptions, source: GitSource, next: GitSourceStatus) {
  const { namespace = 'default', name, resourceVersion } = source.metadata;
  const body = { metadata: { resourceVersion }, status: statusPatch(source.status, next) };
  try {
    const written = await client.patch(gitSources, { namespace, name }, { type: 'merge', subresource: 'status', body });
    sources.observe(written);
    return written;
  } catch (error) {
    if (isConflict(error)) throw new Waiting('Conflict', 'the GitSource has changed meanwhile', 0.05);
    throw error;
  }
}

function tell({ emit }: GitSourceOptions, source: GitSource, result: SyncResult) {
  const before = source.status?.conditions?.find(({ type }) => type === 'Ready');
  const isNews = before?.reason !== result.reason || before.message !== result.message;
  if (!result.ready && isNews) {
    const type = EXPECTED.includes(result.reason) ? 'Normal' : 'Warning';
    emit(source, { type, reason: result.reason, message: result.message });
  }
  if (result.applied && result.applied.commit !== source.status?.lastAppliedCommit) {
    emit(source, { type: 'Normal', reason: 'GitSourceApplied', message: result.message });
  }
  const { deleted = [], pruning } = result;
  if (deleted.length > 0) {
    const message = `deleted ${deleted.length} objects that left Git: ${shortList(deleted)}`;
    emit(source, { type: 'Normal', reason: 'GitSourcePruned', message });
  }
  const pruned = source.status?.conditions?.find(({ type }) => type === 'Pruned');
  const isRefused = pruning?.reason === 'PruneRefused' || pruning?.reason === 'PruneFailed';
  if (isRefused && pruned?.message !== pruning.message) {
    emit(source, { type: 'Warning', reason: pruning.reason, message: pruning.message });
  }
}

async function report(options: GitSourceOptions, source: GitSource, result: SyncResult) {
  const status = statusAfter(source, result, timestamp(options.clock.now()));
  if (isDeepStrictEqual(status, source.status)) return;
  await writeStatus(options, source, status);
  tell(options, source, result);
}

/** One look and its report; answers how long until the next, in milliseconds. */
async function lookOnce(options: GitSourceOptions, source: GitSource, memory: Memory): Promise<number> {
  let interval = DEFAULT_INTERVAL_SECONDS * 1000;
  let current = source;
  const persist = async (inventory: string[]) => {
    current = await writeStatus(options, current, { ...current.status, inventory });
  };
  try {
    const checked = await checkSpec(source, options.locate);
    interval = checked.intervalMilliseconds;
    const began = steadyNow();
    const result = await sync({ options, source, checked, memory, persist });
    await report(options, current, result);
    const seconds = (steadyNow() - began) / 1000;
    options.metrics?.looked(source, { seconds, deleted: result.deleted?.length ?? 0 });
    return Math.min(interval, (result.lookAgainSeconds ?? Number.POSITIVE_INFINITY) * 1000);
  } catch (error) {
    const explained = error instanceof Stalled || (error instanceof Waiting && error.reason !== 'Conflict');
    if (!explained) throw error;
    await report(options, current, { ready: false, reason: error.reason, message: error.message });
  }
  return interval;
}

export interface GitSourceController {
  start(): void;
  /** Looks now at the sources that the hint is about, and not only when their interval is over. */
  lookAgain(hint: Hint): void;
  stop(): Promise<void>;
}

/** Keeps folders of repositories applied. */
export function createGitSourceController(options: GitSourceOptions): GitSourceController {
  const { clock, log, sources } = options;
  const memories = new Map<string, Memory>();
  /** Sources that a hint was about; one that comes during a look is good for another look. */
  const hinted = new Set<string>();

  const reconcile = async (key: string): Promise<PassResult | undefined> => {
    const { namespace, name } = splitKey(key);
    const source = sources.get(namespace, name);
    if (!source || source.metadata.deletionTimestamp) {
      memories.delete(key);
      hinted.delete(key);
      return undefined;
    }
    const { generation } = source.metadata;
    const known = memories.get(key);
    const memory = known && known.generation === generation ? known : newMemory(generation);
    memories.set(key, memory);
    if (hinted.delete(key)) memory.nextLook = 0;
    if (clock.now() >= memory.nextLook) {
      const interval = await lookOnce(options, source, memory);
      memory.nextLook = clock.now() + interval;
    }
    return { lookAgainAt: memory.nextLook };
  };

  const queue = createQueue({ name: 'gitsources', clock, log, concurrency: 4, reconcile });
  const add = (source: GitSource) => queue.add(keyOf(source));
  let unsubscribe = () => {};
  return {
    start() {
      unsubscribe = sources.onChange(add);
      for (const source of sources.list()) add(source);
    },
    lookAgain(hint) {
      for (const source of sources.list()) {
        const { url, branch } = source.spec.repository;
        if (!concerns(hint, url, branch)) continue;
        hinted.add(keyOf(source));
        add(source);
      }
    },
    async stop() {
      unsubscribe();
      await queue.stop();
    },
  };
}
