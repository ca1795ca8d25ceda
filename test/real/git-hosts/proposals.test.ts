import { onProposalsStage } from '../../conformance/gitea-proposals.ts';
import { conformsAsProposals } from '../../conformance/proposals.ts';
import { gitea, stage } from './stage.ts';

conformsAsProposals('gitea', async () => onProposalsStage(await stage(), gitea));
