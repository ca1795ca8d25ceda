import { onProposalsStage } from '../../conformance/gitea-proposals.ts';
import { conformsAsEnding } from '../../conformance/proposals-ended.ts';
import { gitea, stage } from './stage.ts';

conformsAsEnding('gitea', async () => onProposalsStage(await stage(), gitea), {
  together: 'Gitea 1.26 pushes the merge first, and then takes a pull request that was closed meanwhile for not merged',
});
