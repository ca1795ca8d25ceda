export { azureOf, mergePullNow } from './azure-devops/index.ts';
export type { AzurePull, AzureRules } from './azure-devops/pulls.ts';
export { dataCenterPullsOf } from './bitbucket-data-center/index.ts';
export { type MergeChecks, mergePull } from './bitbucket-data-center/pulls.ts';
export type { HostedApp, Installation, Permissions } from './github/apps.ts';
export { mergeRequestsOf } from './gitlab/index.ts';
export { type MergeRequests, type MergeRules, mergeNow } from './gitlab/merge-requests.ts';
export type { BareRepository, LoggedCommit, NewCommit, NewContent, NewMerge } from './repository.ts';
export { HeadMoved, openRepository } from './repository.ts';
export type { GitServer } from './server.ts';
export { startGitServer } from './server.ts';
export type {
  GitHubWorld,
  HostedRepository,
  HostFaults,
  MergeMethod,
  PullRequest,
  Review,
  SaidBelow,
  ShownStatus,
  TokenRights,
} from './world.ts';
export { noFaults } from './world.ts';
