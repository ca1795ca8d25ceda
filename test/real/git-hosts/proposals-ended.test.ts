import { onProposalsStage } from '../../conformance/gitea-proposals.ts';
import { conformsAsEnding } from '../../conformance/proposals-ended.ts';
import { gitea, stage } from './stage.ts';

conformsAsEnding('gitea', async () => onProposalsStage(await stage(), gitea));
