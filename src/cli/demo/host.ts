import type { Clock } from '../../clock.ts';
import { type BareRepository, type HostedRepository, noFaults, startGitServer } from '../../sandbox/git/index.ts';
import type { Scenario } from './options.ts';

const CHECK = 'ci/build';
/** Nothing but this world knows it. */
const TOKEN = 'token-of-the-demo';

/** The repository on a host with pull requests, and the people and programs there. */
export interface Hosted {
  url: string;
  token: string;
  /** The name of the Secret that holds it. */
  secret: string;
  autoMerge: boolean;
  /** Of the newest pull request; undefined where there is none. */
  proposal(): { number: number; state: 'open' | 'merged' | 'closed'; title: string } | undefined;
  /** The check of the newest pull request is green. */
  passCheck(): Promise<void>;
  /** A person closes the newest pull request. */
  closeByHand(): Promise<void>;
  close(): Promise<void>;
}

/** In the story of the protected branch, changes come by pull request only, and those need a check. */
function rulesOf(scenario: Scenario): Omit<HostedRepository, 'bare'> {
  if (scenario !== 'protected') return { pulls: [] };
  const requiredChecks = new Map([['main', [CHECK]]]);
  return { pulls: [], protectedBranches: new Set(['main']), requiredChecks, allowsAutoMerge: true };
}

/** Undefined in the stories that need no host. */
export async function hostRepository(
  bare: BareRepository,
  scenario: Scenario,
  clock: Clock,
): Promise<Hosted | undefined> {
  if (scenario !== 'protected' && scenario !== 'veto') return undefined;
  const hosted: HostedRepository = { bare, ...rulesOf(scenario) };
  const server = await startGitServer({
    repositories: new Map([['shop/deploy', hosted]]),
    tokens: new Map([[TOKEN, { login: 'headgate', write: true }]]),
    faults: noFaults(),
    now: clock.now,
  });
  const byHand = async (method: string, path: string, body: object) => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const url = `${server.url}/api/v3/repos/shop/deploy/${path}`;
    const answer = await fetch(url, { method, headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  };
  const newest = () => hosted.pulls?.at(-1);
  return {
    url: `${server.url}/shop/deploy`,
    token: TOKEN,
    secret: 'deploy-token',
    autoMerge: scenario === 'protected',
    proposal() {
      const pull = newest();
      return pull && { number: hosted.pulls?.length ?? 0, state: pull.state, title: pull.title };
    },
    passCheck: () =>
      byHand('POST', `statuses/${newest()?.head}`, { state: 'success', context: CHECK, description: 'green' }),
    closeByHand: () => byHand('PATCH', `pulls/${hosted.pulls?.length}`, { state: 'closed' }),
    close: server.close,
  };
}
