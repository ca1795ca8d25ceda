import { conformsAsDiscussion } from '../../conformance/discussion.ts';
import { onDiscussionStage } from '../../conformance/gitea-discussion.ts';
import { onProposalsStage } from '../../conformance/gitea-proposals.ts';
import { conformsAsProposals } from '../../conformance/proposals.ts';
import { gitea, stage } from './stage.ts';

conformsAsProposals('gitea', async () => onProposalsStage(await stage(), gitea));

conformsAsDiscussion('gitea', async () => onDiscussionStage(await stage(), gitea), {
  parts: 'Gitea knows a pull request by the commit that its merge made last',
});
