import { type Fields, fieldsOf, textOf } from '../../../api/fields.ts';
import type { ProbeOutcome } from '../host.ts';
import { probeFailure } from '../http.ts';
import { type Api, failureOf } from './api.ts';
import { takesPullRequestsOnly } from './policies.ts';

const GIT_REPOSITORIES = '2e9eb7ed-3c0a-47d4-87c1-0ffdd275fd87';

/** Permissions as the pages of Azure DevOps name them. */
const CONTRIBUTE = [4, 'Contribute'] as const;
const CREATE_BRANCH = [16, 'Create branch'] as const;
const BYPASS = [128, 'Bypass policies when pushing'] as const;
const PULL_REQUESTS = [16384, 'Contribute to pull requests'] as const;

/** What permissions are asked about: names of branches are spelt as the bytes of UTF-16. */
function tokenOf({ id, project }: Fields, branch?: string): string {
  const repository = `repoV2/${textOf(fieldsOf(project).id)}/${textOf(id)}`;
  if (!branch) return repository;
  const parts = branch.split('/').map((part) => Buffer.from(part, 'utf16le').toString('hex'));
  return [repository, 'refs', 'heads', ...parts].join('/');
}

/** Undefined where the token is not for asking that. */
async function may(api: Api, [bit]: readonly [number, string], token: string): Promise<boolean | undefined> {
  const path = `/permissions/${GIT_REPOSITORIES}/${bit}?tokens=${encodeURIComponent(token)}`;
  const [answer] = (await api.knownOfOrganization(path)) ?? [];
  return typeof answer === 'boolean' ? answer : undefined;
}

const noRights = (message: string): ProbeOutcome => ({ ok: false, reason: 'noRights', message });

/** As `GitHost.probe`. Throws `Ended` as well. */
export async function probe(api: Api, branch: string, way: 'commit' | 'proposal'): Promise<ProbeOutcome> {
  const repository = await api.get('');
  if (repository.isDisabled === true) return noRights('the repository is disabled');
  await api.branch(branch);
  const token = tokenOf(repository, way === 'commit' ? branch : undefined);
  const needed = way === 'commit' ? [CONTRIBUTE] : [CONTRIBUTE, CREATE_BRANCH, PULL_REQUESTS];
  for (const permission of needed) {
    if ((await may(api, permission, token)) === false) {
      const name = JSON.stringify(permission[1]);
      return noRights(
        `the token's account lacks the permission ${name} on the repository: grant it in its security settings`,
      );
    }
  }
  const id = textOf(repository.id) ?? '';
  if (way === 'commit' && (await takesPullRequestsOnly(api, id, branch)) && !(await may(api, BYPASS, token))) {
    return noRights(`${branch} has policies: it takes changes by pull request only`);
  }
  // What a token is for is looked at first, and a push of nothing writes nothing.
  const answer = await api.post('/pushes', { refUpdates: [], commits: [] });
  if (answer.status === 400) return { ok: true };
  const failure = failureOf(answer);
  const advice = answer.status === 401 ? '; give the token the scope Code: read & write' : '';
  return probeFailure({ ...failure, message: `${failure.message}${advice}` });
}
