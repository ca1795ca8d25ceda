import type { GitRevert, GitRevertStatus } from '../../api/index.ts';
import { messageOf, Stalled } from '../../errors.ts';
import { gitReverts } from '../../kube/resources.ts';
import { splitKey } from '../keys.ts';
import type { PassResult } from '../queue.ts';
import type { Errand, ErrandOutcome } from './addressee.ts';
import { errandsOf, type FoundPullRequests, notedOf } from './errands.ts';
import type { GitRevertOptions } from './options.ts';
import type { Pool } from './pool.ts';

const FIRST_REST_MILLISECONDS = 30_000;
const MOST_TRIES = 6;

/** One errand of one record under way; lost with the process, and begun again. */
interface Job {
  uid: string | undefined;
  tries: number;
  running: boolean;
  notBefore: number;
  outcome: ErrandOutcome | undefined;
}

async function outcomeOf(errand: Errand): Promise<ErrandOutcome> {
  try {
    return await errand.run();
  } catch (error) {
    return { ok: false, again: !(error instanceof Stalled), message: messageOf(error) };
  }
}

async function noteOn({ client, reverts }: GitRevertOptions, { metadata }: GitRevert, status: GitRevertStatus) {
  const { namespace = 'default', name } = metadata;
  const { comment } = status.reported ?? {};
  // A merge would leave an earlier problem there.
  const reported = comment && { ...status.reported, comment: { problem: null, ...comment } };
  const body = { status: { ...status, ...(reported && { reported }) } };
  reverts.observe(await client.patch(gitReverts, { namespace, name }, { type: 'merge', subresource: 'status', body }));
}

/**
 * Has the host say and show what became of a change: each thing once, as well as it can. A lost answer may say the same twice;
 * a host that would not hear of it is noted, and left alone.
 */
export function createReporter(options: GitRevertOptions, pool: Pool, again: (key: string) => void) {
  const { clock, reverts } = options;
  /** By the record, then by the errand. */
  const jobs = new Map<string, Map<string, Job>>();
  const found: FoundPullRequests = new Map();

  const begin = (key: string, job: Job, errand: Errand) => {
    job.running = true;
    job.tries++;
    pool
      .run(() => outcomeOf(errand))
      .then((outcome) => {
        job.running = false;
        job.outcome = outcome;
        again(key);
      });
  };
  const note = (revert: GitRevert, status: GitRevertStatus) => noteOn(options, revert, status);
  const jobOf = (key: string, { id }: Errand, { metadata: { uid } }: GitRevert): Job => {
    const ofRecord = jobs.get(key) ?? new Map<string, Job>();
    jobs.set(key, ofRecord);
    const known = ofRecord.get(id);
    if (known && known.uid === uid) return known;
    const job = { uid, tries: 0, running: false, notBefore: 0, outcome: undefined };
    ofRecord.set(id, job);
    return job;
  };
  /** Answers when to look again. */
  const attend = async (key: string, errand: Errand, revert: GitRevert): Promise<number | undefined> => {
    const now = clock.now();
    if (errand.dueAt !== undefined && now < errand.dueAt) return errand.dueAt;
    const job = jobOf(key, errand, revert);
    if (job.running) return undefined;
    const { outcome, tries } = job;
    if (outcome && (outcome.ok || !outcome.again || tries >= MOST_TRIES)) {
      await note(revert, notedOf(errand, outcome));
      jobs.get(key)?.delete(errand.id);
      return undefined;
    }
    if (outcome)
      Object.assign(job, { outcome: undefined, notBefore: now + FIRST_REST_MILLISECONDS * 2 ** (tries - 1) });
    if (now < job.notBefore) return job.notBefore;
    begin(key, job, errand);
    return undefined;
  };
  /** What was begun and is not due any more has been said all the same: what is said next hangs on that. */
  const settle = async (key: string, errands: readonly Errand[], revert: GitRevert) => {
    const ofRecord = jobs.get(key) ?? new Map<string, Job>();
    for (const [id, { running, outcome, uid }] of ofRecord) {
      if (running || errands.some((errand) => errand.id === id)) continue;
      if (outcome?.ok && outcome.status && uid === revert.metadata.uid) await note(revert, outcome.status);
      ofRecord.delete(id);
    }
    if (ofRecord.size === 0) jobs.delete(key);
  };
  return {
    async reconcile(key: string): Promise<PassResult | undefined> {
      const { namespace, name } = splitKey(key);
      const revert = reverts.get(namespace, name);
      if (!revert) {
        jobs.delete(key);
        found.delete(key);
        return undefined;
      }
      const errands = errandsOf(options, revert, found);
      await settle(key, errands, revert);
      const looks: number[] = [];
      for (const errand of errands) {
        const at = await attend(key, errand, revert);
        if (at !== undefined) looks.push(at);
      }
      return looks.length > 0 ? { lookAgainAt: Math.min(...looks) } : undefined;
    },
  };
}
