import { conformsAsEnding } from './proposals-ended.ts';
import { conformsAsOpening } from './proposals-opened.ts';
import type { ProposalDeviations, ProposalsHarness } from './proposals-stage.ts';

export type { MergeRule, ProposalsHarness, SeenProposal } from './proposals-stage.ts';

/** What every host that knows proposals must do; each runs it in its own test. */
export function conformsAsProposals(
  name: string,
  start: () => Promise<ProposalsHarness>,
  deviations: ProposalDeviations = {},
) {
  conformsAsOpening(name, start, deviations);
  conformsAsEnding(name, start, deviations);
}
