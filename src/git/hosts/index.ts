import { type AzureOptions, createAzureHost } from './azure-devops/index.ts';
import { type BitbucketCloudOptions, createBitbucketCloudHost } from './bitbucket-cloud/index.ts';
import { type BitbucketDataCenterOptions, createBitbucketDataCenterHost } from './bitbucket-data-center/index.ts';
import { createGitHost, type GitHostOptions } from './git/index.ts';
import { createGiteaHost, type GiteaOptions } from './gitea/index.ts';
import { createGitHubHost, type GitHubOptions } from './github/index.ts';
import { createGitLabHost, type GitLabOptions } from './gitlab/index.ts';
import type { GitHost } from './host.ts';

/** Every Git host, by the name that a RevertPolicy uses. */
export function createHosts(
  options: GitHostOptions &
    GitHubOptions &
    GiteaOptions &
    GitLabOptions &
    BitbucketCloudOptions &
    BitbucketDataCenterOptions &
    AzureOptions,
): ReadonlyMap<string, GitHost> {
  return new Map<string, GitHost>(
    Object.entries({
      git: createGitHost(options),
      github: createGitHubHost(options),
      gitea: createGiteaHost(options),
      gitlab: createGitLabHost(options),
      'bitbucket-cloud': createBitbucketCloudHost(options),
      'bitbucket-data-center': createBitbucketDataCenterHost(options),
      'azure-devops': createAzureHost(options),
    }),
  );
}
