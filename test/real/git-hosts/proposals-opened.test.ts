import { onProposalsStage } from '../../conformance/gitea-proposals.ts';
import { conformsAsOpening } from '../../conformance/proposals-opened.ts';
import { gitea, stage } from './stage.ts';

conformsAsOpening('gitea', async () => onProposalsStage(await stage(), gitea));
