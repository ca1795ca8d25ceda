import { join } from 'node:path';
import { createGitHost } from '../../../src/git/hosts/git/index.ts';
import { createGit } from '../../../src/git/process.ts';
import { createRepositories } from '../../../src/git/repository.ts';
import { locateRepository } from '../../../src/git/url.ts';
import { conformsAsGitHost } from '../../conformance/git-host.ts';
import { clock } from '../../conformance/git-hosts.ts';
import { onStage } from '../../conformance/gitea.ts';
import { dialer, stage } from './stage.ts';

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
