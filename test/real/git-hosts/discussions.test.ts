import { conformsAsDiscussion } from '../../conformance/discussion.ts';
import { onDiscussionStage } from '../../conformance/gitea-discussion.ts';
import { gitea, stage } from './stage.ts';

conformsAsDiscussion('gitea', async () => onDiscussionStage(await stage(), gitea), {
  parts: 'Gitea knows a pull request by the commit that its merge made last',
});
