import { parsedFields } from '../../../api/fields.ts';
import type {
  CommitOutcome,
  Proposal,
  ProposalBranches,
  ProposalOutcome,
  ProposalRequest,
  Proposals,
  RepositoryAccess,
} from '../host.ts';
import { asOutcome, openOnce, proposalsOver } from '../host-proposals.ts';
import { Ended } from '../http.ts';
import { type Api, failureOf } from './api.ts';
import { cancelMerge, mergePull } from './merge.ts';
import { findPull, type Pull, pullOf, readPull, shown } from './pulls.ts';

/** Bitbucket takes no longer ones. */
const TITLE_CHARACTERS = 255;
const BODY_CHARACTERS = 32_768;

/** The API, and the push that makes the branch of a proposal. */
export interface ProposalApi extends Api {
  createBranch(request: ProposalRequest): Promise<CommitOutcome>;
}

async function requestPull(api: Api, { branch: into, from, title, body }: ProposalRequest): Promise<Pull> {
  const answer = await api.send('POST', '/pull-requests', {
    title: title.slice(0, TITLE_CHARACTERS),
    description: body.slice(0, BODY_CHARACTERS),
    fromRef: { id: `refs/heads/${from}` },
    toRef: { id: `refs/heads/${into}` },
  });
  if (answer.status === 201) return pullOf(parsedFields(answer.body));
  // An earlier call, or another one at the same time, made it.
  const found = answer.status === 409 ? await findPull(api, { from, into }) : undefined;
  if (found) return found;
  throw new Ended(failureOf(answer));
}

async function makeBranch(api: ProposalApi, request: ProposalRequest): Promise<string> {
  const made = await api.createBranch(request);
  if (made.kind !== 'written') throw new Ended(made);
  return made.commit;
}

function open(api: ProposalApi, request: ProposalRequest): Promise<ProposalOutcome> {
  return openOnce(request, {
    target: api.branch,
    findNewest: (branches) => findPull(api, branches),
    findBranch: api.findBranch,
    messageOf: ({ message }) => message,
    makeBranch: () => makeBranch(api, request),
    deleteBranch: (head) => api.deleteBranch(request.from, head),
    create: () => requestPull(api, request),
    shown: async (own, branch) => asOutcome(await shown(api, own, branch)),
  });
}

/** Deletes our branch if it is as we left it, and no rule keeps it; answers it as it is then. */
async function deleteOwn(api: Api, { from, head }: Proposal & ProposalBranches) {
  const branch = await api.findBranch(from);
  if (!branch || branch.head !== head) return branch;
  const answer = await api.deleteBranch(from, head);
  if (answer.status === 204) return undefined;
  // It has just moved, or is kept: that changes nothing about the pull request.
  if ([400, 401, 403, 409].includes(answer.status)) return api.findBranch(from);
  throw new Ended(failureOf(answer));
}

async function decline(api: Api, proposal: Proposal): Promise<Pull> {
  const pull = await readPull(api, proposal);
  // Bitbucket itself declines what has lost its branch, a moment later.
  if (pull.state !== 'open') return pull;
  const { number, version } = pull;
  const answer = await api.send('POST', `/pull-requests/${number}/decline?version=${version}`, { version });
  if (answer.status === 200) return pullOf(parsedFields(answer.body));
  const failure = failureOf(answer);
  const again = failure.kind === 'stale' ? await readPull(api, proposal) : undefined;
  if (again && again.state !== 'open') return again;
  throw new Ended(failure);
}

/** In this order: asked again after any of these, the comment is there, and what is declined needs nothing more. */
async function close(api: Api, proposal: Proposal & ProposalBranches, why: string): Promise<Proposal> {
  const pull = await readPull(api, proposal);
  if (pull.state !== 'open') return shown(api, pull, await api.findBranch(proposal.from));
  // Who only reads may comment and decline.
  if (!(await api.mayPush())) {
    throw new Ended({ kind: 'noRights', message: 'the token may read the repository but not write to it' });
  }
  const said = await api.send('POST', `/pull-requests/${pull.number}/comments`, { text: why });
  if (said.status !== 201) throw new Ended(failureOf(said));
  await deleteOwn(api, proposal);
  const declined = await decline(api, proposal);
  // Again, where an open pull request kept it.
  return shown(api, declined, await deleteOwn(api, proposal));
}

/** Pull requests from a branch of the same repository. */
export function createBitbucketDataCenterProposals(openApi: (access: RepositoryAccess) => ProposalApi): Proposals {
  return proposalsOver(openApi, {
    async find(api, branches) {
      const found = await findPull(api, branches);
      return found ? asOutcome(await shown(api, found, await api.findBranch(branches.from))) : { kind: 'none' };
    },
    open,
    async requestReviews(api, { number }, reviewers) {
      for (const name of reviewers) {
        await api.send('POST', `/pull-requests/${number}/participants`, { user: { name }, role: 'REVIEWER' });
      }
    },
    merge: async (api, proposal) => asOutcome(await mergePull(api, proposal)),
    cancelMerge: async (api, proposal) => asOutcome(await cancelMerge(api, proposal)),
    close: async (api, proposal, why) => asOutcome(await close(api, proposal, why)),
  });
}
