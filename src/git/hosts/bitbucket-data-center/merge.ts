import { parsedFields, textOf } from '../../../api/fields.ts';
import type { Proposal, ProposalBranches } from '../host.ts';
import { Ended, type Failure, type HttpResponse, orFailure } from '../http.ts';
import { type Api, failureOf, reasonsIn } from './api.ts';
import { type Pull, pullOf, readPull, shown } from './pulls.ts';

/** What waiting does not end. */
const HOPELESS = /permission/i;
/** At a pull request that somebody changes each time. */
const LOOKS = 3;

type Wanted = Proposal & ProposalBranches;

/** The branch of the proposal. */
interface Source {
  from: string;
  head: string;
  /** Of the commit at its head. */
  message: string;
}

function leftToPeople({ url }: Pull, why: string): Ended {
  return new Ended({ kind: 'protected', message: `Bitbucket does not merge ${url} by itself: ${why}` });
}

/** The head for which Bitbucket was told to merge it; undefined where it was not. */
async function waitingFor(api: Api, { number }: Pull): Promise<string | undefined> {
  const answer = await api.send('GET', `/pull-requests/${number}/auto-merge`);
  // Not found where nothing was asked for, and before Bitbucket 8.15.
  return answer.status === 200 ? (textOf(parsedFields(answer.body).fromHash) ?? '') : undefined;
}

/** It is a person's now: Bitbucket is not to merge in our name what they push to it. */
async function stopWaiting(api: Api, pull: Pull) {
  if (pull.state !== 'open' || (await waitingFor(api, pull)) === undefined) return;
  const answer = await api.send('DELETE', `/pull-requests/${pull.number}/auto-merge`);
  // Gone, or no longer open.
  if (![204, 404, 409].includes(answer.status)) throw new Ended(failureOf(answer));
}

/** As `Proposals.cancelMerge`. Throws `Ended`. */
export async function cancelMerge(api: Api, wanted: Wanted): Promise<Proposal> {
  await stopWaiting(api, await readPull(api, wanted));
  return shown(api, await readPull(api, wanted), await api.findBranch(wanted.from));
}

async function ask(api: Api, { number, version }: Pull, message: string, autoMerge: boolean): Promise<HttpResponse> {
  // By itself, Bitbucket writes a subject of its own above it.
  const body = { message, autoSubject: false, version, ...(autoMerge && { autoMerge }) };
  return api.send('POST', `/pull-requests/${number}/merge?version=${version}`, body);
}

/** Has Bitbucket merge it as soon as nothing is missing. */
async function wait(api: Api, pull: Pull, source: Source, missing: string): Promise<Pull> {
  if (HOPELESS.test(missing)) throw leftToPeople(pull, missing);
  if ((await waitingFor(api, pull)) === source.head) return pull;
  const answer = await ask(api, pull, source.message, true);
  if (answer.status === 200) {
    const now = pullOf(parsedFields(answer.body));
    if (now.state !== 'open' || now.noted === source.head) return now;
    throw new Ended({ kind: 'stale', message: `Bitbucket is at ${now.noted}, not at ${source.head}` });
  }
  const failure = failureOf(answer);
  const isOff = answer.status === 403 && /auto-?merge/i.test(answer.body);
  if (isOff || failure.kind === 'protected') throw leftToPeople(pull, `${missing} (${failure.message})`);
  throw new Ended(failure);
}

async function mergeNow(api: Api, pull: Pull, source: Source): Promise<Pull> {
  const answer = await ask(api, pull, source.message, false);
  if (answer.status !== 200) throw new Ended(failureOf(answer));
  const now = pullOf(parsedFields(answer.body));
  // Where others are merged first, it is open still. What is merged stays so, also where rules keep its branch.
  if (now.state === 'merged') await orFailure(() => api.deleteBranch(source.from, source.head));
  return now;
}

/** Asks once, if Bitbucket has taken note of the head and looked for conflicts. */
async function attempt(api: Api, pull: Pull, source: Source): Promise<Pull> {
  if (pull.noted !== source.head) return pull;
  const { canMerge, conflicted, outcome, vetoes } = await api.get(`/pull-requests/${pull.number}/merge`);
  if (conflicted === true) throw leftToPeople(pull, 'it conflicts with the target');
  if (canMerge === true) return mergeNow(api, pull, source);
  const missing = reasonsIn(vetoes);
  if (missing) return wait(api, pull, source, missing);
  if (outcome === 'UNKNOWN') return pull;
  throw leftToPeople(pull, 'it cannot be merged');
}

function isLeft({ kind }: Failure): boolean {
  return kind === 'stale' || kind === 'protected';
}

/** What was merged may have been pushed since the look right before. */
function checked(pull: Pull, head: string): Pull {
  const { state, noted = head, url } = pull;
  if (state !== 'merged' || noted === head) return pull;
  const message = `${url} was merged at ${noted.slice(0, 7)}, which somebody pushed to it, and not at ${head.slice(0, 7)}`;
  throw new Ended({ kind: 'stale', message });
}

async function stopAndTell(api: Api, pull: Pull, failure: Failure): Promise<never> {
  await stopWaiting(api, pull);
  throw new Ended(failure);
}

/**
 * Merges it if the rules allow that now; else has Bitbucket do it later, which a push ends. Bitbucket merges whatever its branch
 * holds when it is asked: the head is read right before.
 */
export async function mergePull(api: Api, wanted: Wanted): Promise<Proposal> {
  const { from, head } = wanted;
  for (let looks = 1; ; looks++) {
    const pull = await readPull(api, wanted);
    const branch = await api.findBranch(from);
    if (pull.state !== 'open') return shown(api, pull, branch);
    if (!branch || branch.head !== head) {
      const message = `${from} is ${branch ? `at ${branch.head}` : 'gone'}, not at ${head}`;
      return stopAndTell(api, pull, { kind: 'stale', message });
    }
    const now = await orFailure(() => attempt(api, pull, { from, ...branch }));
    if (!('kind' in now))
      return shown(api, checked(now, head), now.state === 'open' ? branch : await api.findBranch(from));
    if (!isLeft(now)) throw new Ended(now);
    // It may be merged or declined meanwhile, or have another text only.
    const { version, state } = await readPull(api, wanted);
    const isAnother = version !== pull.version || state !== 'open';
    if (!isAnother || looks === LOOKS) return stopAndTell(api, pull, now);
  }
}
