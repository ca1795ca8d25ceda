import { fieldsOf, parsedFields } from '../../../api/fields.ts';
import type { ProbeOutcome } from '../host.ts';
import { Ended, type HttpResponse } from '../http.ts';
import { statusFailure } from './answers.ts';
import type { Api } from './api.ts';

/**
 * Whether a classic token has a scope that lets it write here. GitHub names the scopes of those only: no answer tells which
 * permissions another token has, and a header that is there and empty is also that of a user's token of an App.
 */
function hasScope({ headers }: HttpResponse, isPrivate: boolean): boolean {
  const scopes = (headers['x-oauth-scopes'] ?? '').split(',').map((scope) => scope.trim());
  const isTold = scopes.some((scope) => scope !== '');
  return !isTold || scopes.includes('repo') || (!isPrivate && scopes.includes('public_repo'));
}

const noRights = (message: string): ProbeOutcome => ({ ok: false, reason: 'noRights', message });

/** As `GitHost.probe`. Throws `Ended` as well. */
export async function probe(api: Api, branch: string, way: 'commit' | 'proposal'): Promise<ProbeOutcome> {
  const answer = await api.call('GET', '');
  if (answer.status !== 200) throw new Ended(statusFailure(answer));
  const { permissions, archived, private: isPrivate, has_pull_requests } = parsedFields(answer.body);
  if (archived === true) return noRights('the repository is archived');
  // Of a token, these are what its owner may do.
  if (permissions !== undefined && fieldsOf(permissions).push !== true) {
    return noRights('the token may read the repository but not write to it (Contents: write)');
  }
  if (!hasScope(answer, isPrivate !== false)) {
    const scope = isPrivate === false ? 'public_repo or repo' : 'repo';
    return noRights(`the token may neither commit nor open pull requests: give it the scope ${scope}`);
  }
  if (way === 'proposal' && has_pull_requests === false) {
    return noRights('the repository takes no pull requests: turn them on in its settings');
  }
  if (await api.head(branch)) return { ok: true };
  return { ok: false, reason: 'gone', message: `GitHub knows no branch ${branch}` };
}
