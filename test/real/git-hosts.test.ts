import { join } from 'node:path';
import { createGitHost } from '../../src/git/hosts/git/index.ts';
import { createGiteaHost } from '../../src/git/hosts/gitea/index.ts';
import { createGit } from '../../src/git/process.ts';
import { createRepositories } from '../../src/git/repository.ts';
import { locateRepository } from '../../src/git/url.ts';
import { createDialer } from '../../src/net/index.ts';
import { conformsAsDiscussion } from '../conformance/discussion.ts';
import { conformsAsGitHost } from '../conformance/git-host.ts';
import { clock } from '../conformance/git-hosts.ts';
import { type GiteaStage, onStage, setGiteaStage } from '../conformance/gitea.ts';
import { onDiscussionStage } from '../conformance/gitea-discussion.ts';
import { onProposalsStage } from '../conformance/gitea-proposals.ts';
import { conformsAsProposals } from '../conformance/proposals.ts';
import { readRealWorld } from '../worlds/real/state.ts';

function stage(): Promise<GiteaStage> {
  const world = readRealWorld();
  if (!world?.gitea) throw new Error('the real world is not up');
  return setGiteaStage(world.gitea);
}

const dialer = createDialer({ allowLoopback: true });

const gitea = createGiteaHost({ send: (request) => dialer.request(request) });

conformsAsProposals('gitea', async () => onProposalsStage(await stage(), gitea));

conformsAsDiscussion('gitea', async () => onDiscussionStage(await stage(), gitea), {
  parts: 'Gitea knows a pull request by the commit that its merge made last',
});

conformsAsGitHost('gitea', async () => onStage(await stage(), gitea), {
  mode: 'the API for many files keeps the mode that a file has and sets none',
  marker: 'the API makes no refs but branches; a second key is kept out by the look at the trailers',
  head: 'the API binds each file to its content, not the branch to its head',
});

conformsAsGitHost(
  'git, pushing to Gitea',
  async () => {
    const set = await stage();
    const git = createGit({ protocols: ['http'], environment: process.env });
    const locateHost = (host: string, port: number) => dialer.locate(host, port);
    const repositories = createRepositories({ git, cacheDir: join(set.folder, 'cache'), locateHost });
    const locate = (url: string) => locateRepository(url, { localRoots: [], plainHttpHosts: ['127.0.0.1'] });
    return onStage(set, createGitHost({ repositories, locate, clock }));
  },
  { probe: 'Gitea looks at who pushes when the push is there, which a dry run does not send' },
);
