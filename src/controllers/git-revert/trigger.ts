import { messageOf, Waiting } from '../../errors.ts';
import { events } from '../../kube/resources.ts';
import { splitKey } from '../keys.ts';
import type { PassResult } from '../queue.ts';
import { assess, type Case, type Failure, failureOf, type Refusal } from './failure.ts';
import type { GitRevertOptions } from './options.ts';
import type { Pool } from './pool.ts';
import { ensureRecord } from './record.ts';
import { explainSearch, type SearchResult, searchCulprit } from './search.ts';

const RETRY_SECONDS = 30;
const LONGEST_EVENT = 1024;

/** The culprit search of one failure. */
type Search =
  | { state: 'running' }
  | { state: 'found'; result: SearchResult }
  /** `until`: world time, milliseconds since the epoch. */
  | { state: 'failed'; error: unknown; until: number };

/** What is known of a Rollout's present failure; gone with it. */
interface Memory {
  id: string;
  search: Search | undefined;
  /** Reasons that were told. */
  said: Set<string>;
}

/** Says why nothing is reverted: once per failure and reason, also across restarts as far as the API server remembers. */
async function sayWhyNot(
  { client, emit }: GitRevertOptions,
  { said }: Memory,
  { rollout, cause }: Failure,
  { reason, message }: Refusal,
): Promise<void> {
  // Whoever aborts by hand did not ask for a revert.
  if (cause.kind === 'user' && reason !== 'RevertedBefore') return;
  if (said.has(reason)) return;
  said.add(reason);
  const { namespace = 'default', uid } = rollout.metadata;
  const text = `Nothing is reverted in Git: ${message}`;
  const fieldSelector = `involvedObject.uid=${uid},reason=${reason}`;
  const known = await client.list(events, { namespace, fieldSelector }).catch(() => []);
  if (known.some((event) => event.message === text.slice(0, LONGEST_EVENT))) return;
  emit(rollout, { type: 'Warning', reason, message: text });
}

/** Turns persisted failures into GitRevert records, each by its derived name; says why where it does not. */
export function createTrigger(options: GitRevertOptions, pool: Pool, again: (key: string) => void) {
  const { clock, rollouts } = options;
  /** By the Rollout. */
  const memories = new Map<string, Memory>();

  const remember = (key: string, { id }: Failure): Memory => {
    const known = memories.get(key);
    const memory = known?.id === id ? known : { id, search: undefined, said: new Set<string>() };
    memories.set(key, memory);
    return memory;
  };

  const search = (key: string, found: Case, memory: Memory) => {
    memory.search = { state: 'running' };
    const end = (outcome: Search) => {
      memory.search = outcome;
      again(key);
    };
    pool
      .run(() => searchCulprit(options, found))
      .then(
        (result) => end({ state: 'found', result }),
        (error: unknown) => {
          const seconds = error instanceof Waiting ? error.retryAfter : RETRY_SECONDS;
          end({ state: 'failed', error, until: clock.now() + seconds * 1000 });
        },
      );
  };

  const conclude = async (found: Case, result: SearchResult): Promise<Refusal | undefined> => {
    if (result.kind === 'one') {
      return ensureRecord(options, found, { culprits: [result.culprit], apart: result.apart });
    }
    if (result.kind !== 'several') return explainSearch(result);
    return ensureRecord(options, found, { culprits: result.commits, apart: false });
  };

  return {
    async reconcile(key: string): Promise<PassResult | undefined> {
      const { namespace, name } = splitKey(key);
      const rollout = rollouts.get(namespace, name);
      const failure = rollout && failureOf(options, rollout);
      if (!failure) {
        memories.delete(key);
        return undefined;
      }
      const memory = remember(key, failure);
      const say = (whyNot: Refusal) => sayWhyNot(options, memory, failure, whyNot);
      const found = assess(options, failure);
      // Its answer leads here again.
      if (!found) return undefined;
      if ('reason' in found) {
        await say(found);
        return undefined;
      }
      const known = memory.search;
      if (known?.state === 'running') return undefined;
      if (known?.state === 'found') {
        const whyNot = await conclude(found, known.result);
        if (whyNot) await say(whyNot);
        return undefined;
      }
      if (known && clock.now() < known.until) {
        await say({ reason: 'GitUnavailable', message: `${messageOf(known.error)}; it is tried again` });
        return { lookAgainAt: known.until };
      }
      search(key, found, memory);
      return undefined;
    },
  };
}
