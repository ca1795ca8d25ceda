export { azureOf, mergePullNow } from './azure-devops.ts';
export type { AzurePull, AzureRules } from './azure-devops-pulls.ts';
export { dataCenterPullsOf } from './bitbucket-data-center.ts';
export { type MergeChecks, mergePull } from './bitbucket-data-center-pulls.ts';
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
} from './github-world.ts';
export { noFaults } from './github-world.ts';
export { mergeRequestsOf } from './gitlab.ts';
export { type MergeRequests, type MergeRules, mergeNow } from './gitlab-merge-requests.ts';
export type { BareRepository, LoggedCommit, NewCommit, NewContent, NewMerge } from './repository.ts';
export { HeadMoved, openRepository } from './repository.ts';
export type { GitServer } from './server.ts';
export { startGitServer } from './server.ts';
