import { createGitHost, type GitHostOptions } from './git.ts';
import { createGiteaHost, type GiteaOptions } from './gitea.ts';
import { createGitHubHost, type GitHubOptions } from './github.ts';
import { createGitLabHost, type GitLabOptions } from './gitlab.ts';
import type { GitHost } from './host.ts';

/** Every Git host, by the name that a RevertPolicy uses. */
export function createHosts(
  options: GitHostOptions & GitHubOptions & GiteaOptions & GitLabOptions,
): ReadonlyMap<string, GitHost> {
  const hosts = [
    createGitHost(options),
    createGitHubHost(options),
    createGiteaHost(options),
    createGitLabHost(options),
  ];
  return new Map(hosts.map((host) => [host.type, host]));
}
