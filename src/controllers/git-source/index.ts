import { isDeepStrictEqual } from 'node:util';
import type { GitSource } from '../../api/index.ts';
import { timestamp } from '../../api/times.ts';
import { Stalled, Waiting } from '../../errors.ts';
import { concerns, type Hint } from '../../git/hint.ts';
import { isConflict } from '../../kube/client.ts';
import { gitSources } from '../../kube/resources.ts';
import { keyOf, splitKey } from '../keys.ts';
import { createQueue, type PassResult } from '../queue.ts';
import { checkSpec, DEFAULT_INTERVAL_SECONDS } from './check.ts';
import type { GitSourceOptions } from './options.ts';
import { type SyncResult, statusAfter } from './status.ts';
import { type Memory, newMemory, sync } from './sync.ts';

export type { GitSourceOptions } from './options.ts';

async function report({ client, clock, sources, emit }: GitSourceOptions, source: GitSource, result: SyncResult) {
  const status = statusAfter(source, result, timestamp(clock.now()));
  if (isDeepStrictEqual(status, source.status)) return;
  const { namespace = 'default', name, resourceVersion } = source.metadata;
  const body = { metadata: { resourceVersion }, status };
  try {
    sources.observe(
      await client.patch(gitSources, { namespace, name }, { type: 'merge', subresource: 'status', body }),
    );
  } catch (error) {
    if (isConflict(error)) throw new Waiting('Conflict', 'the GitSource has changed meanwhile', 0.05);
    throw error;
  }
  const before = source.status?.conditions?.find(({ type }) => type === 'Ready');
  const isNews = before?.reason !== result.reason || before.message !== result.message;
  if (!result.ready && isNews) emit(source, { type: 'Warning', reason: result.reason, message: result.message });
  if (result.applied && result.applied.commit !== source.status?.lastAppliedCommit) {
    emit(source, { type: 'Normal', reason: 'GitSourceApplied', message: result.message });
  }
}

/** One look and its report; answers how long until the next. */
async function lookOnce(options: GitSourceOptions, source: GitSource, memory: Memory): Promise<number> {
  let interval = DEFAULT_INTERVAL_SECONDS * 1000;
  try {
    const checked = await checkSpec(source, options.locate);
    interval = checked.intervalMilliseconds;
    await report(options, source, await sync(options, source, checked, memory));
  } catch (error) {
    const explained = error instanceof Stalled || (error instanceof Waiting && error.reason !== 'Conflict');
    if (!explained) throw error;
    await report(options, source, { ready: false, reason: error.reason, message: error.message });
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
