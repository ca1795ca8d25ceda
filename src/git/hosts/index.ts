import { type AzureOptions, createAzureHost } from './azure-devops.ts';
import { type BitbucketCloudOptions, createBitbucketCloudHost } from './bitbucket-cloud.ts';
import { type BitbucketDataCenterOptions, createBitbucketDataCenterHost } from './bitbucket-data-center.ts';
import { createGitHost, type GitHostOptions } from './git.ts';
import { createGiteaHost, type GiteaOptions } from './gitea.ts';
import { createGitHubHost, type GitHubOptions } from './github.ts';
import { createGitLabHost, type GitLabOptions } from './gitlab.ts';
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
  const hosts = [
    createGitHost(options),
    createGitHubHost(options),
    createGiteaHost(options),
    createGitLabHost(options),
    createBitbucketCloudHost(options),
    createBitbucketDataCenterHost(options),
    createAzureHost(options),
  ];
  return new Map(hosts.map((host) => [host.type, host]));
}
