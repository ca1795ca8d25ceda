export type { GitHubWorld, HostedRepository, HostFaults, ShownStatus, TokenRights } from './github.ts';
export type { BareRepository, LoggedCommit, NewCommit, NewContent } from './repository.ts';
export { HeadMoved, openRepository } from './repository.ts';
export type { GitServer } from './server.ts';
export { startGitServer } from './server.ts';
