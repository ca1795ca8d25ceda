import { conformsAsGitHost } from '../../conformance/git-host.ts';
import { onStage } from '../../conformance/gitea.ts';
import { gitea, stage } from './stage.ts';

conformsAsGitHost('gitea', async () => onStage(await stage(), gitea), {
  mode: 'the API for many files keeps the mode that a file has and sets none',
  marker: 'the API makes no refs but branches; a second key is kept out by the look at the trailers',
  head: 'the API binds each file to its content, not the branch to its head',
});
