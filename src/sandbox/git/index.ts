export type {
  GitHubWorld,
  HostedRepository,
  HostFaults,
  MergeMethod,
  PullRequest,
  ShownStatus,
  TokenRights,
} from './github-world.ts';
export type { BareRepository, LoggedCommit, NewCommit, NewContent, NewMerge } from './repository.ts';
export { HeadMoved, openRepository } from './repository.ts';
export type { GitServer } from './server.ts';
export { startGitServer } from './server.ts';
