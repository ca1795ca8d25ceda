import { type Fields, fieldsOf, listOf, textOf } from '../../../api/fields.ts';
import type { Proposal, ProposalBranches } from '../host.ts';
import { Ended } from '../http.ts';
import type { Api } from './api.ts';

/** A pull request as Bitbucket's API tells of it. */
export interface Pull {
  number: number;
  url: string;
  state: Proposal['state'];
  /** Whoever changes it names the version that was read. A push to its branch does not make a new one. */
  version: number;
  /** The last head of its branch that Bitbucket has taken note of: it does so in the background. */
  noted: string | undefined;
  /** Where Bitbucket said it along with the rest. */
  commit: string | undefined;
}

const STATES: Record<string, Proposal['state']> = { OPEN: 'open', MERGED: 'merged', DECLINED: 'closed' };

/** Throws `Ended` for what is no pull request. */
export function pullOf(found: Fields): Pull {
  const { id, version, state, fromRef, properties, links } = found;
  const known = STATES[textOf(state) ?? ''];
  if (typeof id !== 'number' || known === undefined) {
    throw new Ended({ kind: 'unknown', message: 'Bitbucket answered without saying which pull request it means' });
  }
  return {
    number: id,
    url: textOf(fieldsOf(listOf(fieldsOf(links).self)[0]).href) ?? '',
    state: known,
    version: Number(version),
    noted: textOf(fieldsOf(fromRef).latestCommit),
    commit: textOf(fieldsOf(fieldsOf(properties).mergeCommit).id),
  };
}

function repositoryOf(ref: unknown): unknown {
  return fieldsOf(fieldsOf(ref).repository).id;
}

/** The newest one in any state, open ones first, that comes from this repository and not from a fork's branch of the same name. */
export async function findPull(api: Api, { from, into }: ProposalBranches): Promise<Pull | undefined> {
  const at = encodeURIComponent(`refs/heads/${from}`);
  const found = await api.list(`/pull-requests?at=${at}&direction=OUTGOING&state=ALL&order=NEWEST`);
  const between = found.filter(
    ({ fromRef, toRef }) =>
      fieldsOf(fromRef).id === `refs/heads/${from}` &&
      fieldsOf(toRef).id === `refs/heads/${into}` &&
      repositoryOf(fromRef) === repositoryOf(toRef),
  );
  const pulls = between.map(pullOf);
  return pulls.find(({ state }) => state === 'open') ?? pulls[0];
}

export async function readPull(api: Api, { number }: Pick<Proposal, 'number'>): Promise<Pull> {
  return pullOf(await api.get(`/pull-requests/${number}`));
}

/** The commit that brought it to the other branch; where that was only moved forward, or pushed to, the last one of its own. */
async function commitOf(api: Api, { number, commit, noted }: Pull): Promise<string | undefined> {
  if (commit) return commit;
  const { values } = await api.get(`/pull-requests/${number}/activities?limit=100`);
  const merged = listOf(values)
    .map(fieldsOf)
    .find(({ action }) => action === 'MERGED');
  return textOf(fieldsOf(merged?.commit).id) ?? noted;
}

/** As others know it. */
export async function shown(api: Api, pull: Pull, branch: { head: string } | undefined): Promise<Proposal> {
  const { number, url, state } = pull;
  const commit = state === 'merged' ? await commitOf(api, pull) : undefined;
  return { number, url, state, ...(branch && { head: branch.head }), ...(commit && { commit }) };
}
