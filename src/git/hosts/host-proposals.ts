import type {
  Proposal,
  ProposalBranches,
  ProposalOutcome,
  ProposalRequest,
  Proposals,
  RepositoryAccess,
} from './host.ts';
import { orFailure } from './http.ts';

/** The calls of `Proposals` on one opened API. Each may end early by `Ended`. */
export interface ProposalCalls<Api> {
  find(api: Api, branches: ProposalBranches): Promise<ProposalOutcome | { kind: 'none' }>;
  open(api: Api, request: ProposalRequest): Promise<ProposalOutcome>;
  merge(api: Api, proposal: Proposal & ProposalBranches): Promise<ProposalOutcome>;
  close(api: Api, proposal: Proposal & ProposalBranches, why: string): Promise<ProposalOutcome>;
}

export function asOutcome(proposal: Proposal): ProposalOutcome {
  return { kind: 'proposal', proposal };
}

/** Proposals by an API that is opened anew for each call, whose credential may be another one each time. */
export function proposalsOver<Api>(openApi: (access: RepositoryAccess) => Api, calls: ProposalCalls<Api>): Proposals {
  const on = <T>(access: RepositoryAccess, work: (api: Api) => Promise<T>) =>
    orFailure(async () => work(openApi(access)));
  return {
    find: (access, branches) => on(access, (api) => calls.find(api, branches)),
    open: (access, request) => on(access, (api) => calls.open(api, request)),
    merge: (access, proposal) => on(access, (api) => calls.merge(api, proposal)),
    close: (access, proposal, why) => on(access, (api) => calls.close(api, proposal, why)),
  };
}
