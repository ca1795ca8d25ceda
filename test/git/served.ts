import type { Clock } from '../../src/clock.ts';
import {
  type BareRepository,
  type GitHubWorld,
  type GitServer,
  type HostedRepository,
  noFaults,
  startGitServer,
} from '../../src/sandbox/git/index.ts';

/** Every host with an API, by the name that a policy uses, and where it has the repository on the sandbox's server. */
const ADDRESSES = {
  github: '/team/shop',
  gitlab: '/team/shop',
  gitea: '/team/shop',
  'bitbucket-cloud': '/team/shop',
  'bitbucket-data-center': '/bitbucket/scm/team/shop.git',
  'azure-devops': '/DefaultCollection/team/_git/shop',
} as const;

export type ServedHost = keyof typeof ADDRESSES;

/** What opens it, for the policy's secret. */
export const TOKEN = 'token-that-writes';

/** A repository behind the API of a host. */
export interface Served {
  /** As policies and sources name the repository. */
  url: string;
  host: ServedHost;
  hosted: HostedRepository;
  server: GitServer;
}

/** Serves the repository by the API of one host, in the time of the clock. */
export async function serve(
  host: ServedHost,
  bare: BareRepository,
  settings: Omit<HostedRepository, 'bare'>,
  clock: Clock,
  /** What the server knows besides. */
  world: Partial<Pick<GitHubWorld, 'tokens' | 'apps'>> = {},
): Promise<Served> {
  const hosted: HostedRepository = { bare, ...settings };
  const server = await startGitServer({
    repositories: new Map([['team/shop', hosted]]),
    tokens: new Map([[TOKEN, { login: 'headgate', write: true }]]),
    faults: noFaults(),
    now: clock.now,
    ...world,
  });
  return { url: `${server.url}${ADDRESSES[host]}`, host, hosted, server };
}
