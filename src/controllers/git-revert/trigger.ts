import { messageOf, Waiting } from '../../errors.ts';
import { events } from '../../kube/resources.ts';
import type { Classification } from '../../revert/index.ts';
import type { PassResult } from '../queue.ts';
import { assess, type Case, type Failure, failureOf, type Refusal } from './failure.ts';
import type { GitRevertOptions } from './options.ts';
import type { Pool } from './pool.ts';
import { ensureRecord } from './record.ts';
import { explainSearch, searchCulprit } from './search.ts';

const RETRY_SECONDS = 30;
const LONGEST_EVENT = 1024;

/** The culprit search of one failure. */
type Search =
  | { state: 'running' }
  | { state: 'found'; result: Classification }
  /** `until`: world time, milliseconds since the epoch. */
  | { state: 'failed'; error: unknown; until: number };

/** Says why nothing is reverted: once per failure and reason, also across restarts as far as the API server remembers. */
function createTeller({ client, emit }: GitRevertOptions) {
  const said = new Set<string>();
  return async ({ rollout, cause, id }: Failure, { reason, message }: Refusal) => {
    // Whoever aborts by hand did not ask for a revert.
    if (cause.kind === 'user' && reason !== 'RevertedBefore') return;
    const key = `${id}/${reason}`;
    if (said.has(key)) return;
    said.add(key);
    const { namespace = 'default', uid } = rollout.metadata;
    const text = `Nothing is reverted in Git: ${message}`;
    const fieldSelector = `involvedObject.uid=${uid},reason=${reason}`;
    const known = await client.list(events, { namespace, fieldSelector }).catch(() => []);
    if (known.some((event) => event.message === text.slice(0, LONGEST_EVENT))) return;
    emit(rollout, { type: 'Warning', reason, message: text });
  };
}

/** Turns persisted failures into GitRevert records, each by its derived name; says why where it does not. */
export function createTrigger(options: GitRevertOptions, pool: Pool, again: (key: string) => void) {
  const { clock, rollouts } = options;
  const searches = new Map<string, Search>();
  const sayWhyNot = createTeller(options);

  const search = (key: string, found: Case) => {
    const { id } = found.failure;
    searches.set(id, { state: 'running' });
    const end = (outcome: Search) => {
      searches.set(id, outcome);
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

  const conclude = async (found: Case, result: Classification) => {
    const culprits = result.kind === 'one' ? [result.culprit] : result.kind === 'several' ? result.commits : undefined;
    const whyNot = culprits ? await ensureRecord(options, found, culprits) : explainSearch(result);
    if (whyNot) await sayWhyNot(found.failure, whyNot);
  };

  return {
    async reconcile(key: string): Promise<PassResult | undefined> {
      const [namespace, name = ''] = key.split('/');
      const rollout = rollouts.get(namespace, name);
      const failure = rollout && failureOf(options, rollout);
      if (!failure) return undefined;
      const found = assess(options, failure);
      if ('reason' in found) {
        await sayWhyNot(failure, found);
        return undefined;
      }
      const known = searches.get(failure.id);
      if (known?.state === 'running') return undefined;
      if (known?.state === 'found') {
        await conclude(found, known.result);
        return undefined;
      }
      if (known && clock.now() < known.until) {
        await sayWhyNot(failure, { reason: 'GitUnavailable', message: `${messageOf(known.error)}; it is tried again` });
        return { lookAgainAt: known.until };
      }
      search(key, found);
      return undefined;
    },
  };
}
