import { parseArgs } from 'node:util';

export const scenarios = ['story', 'good', 'bad', 'outage', 'protected', 'veto', 'monorepo', 'two-clusters'] as const;
export type Scenario = (typeof scenarios)[number];

export interface DemoOptions {
  scenario: Scenario;
  json: boolean;
  /** World seconds per machine second; undefined: chosen so that the story takes well under a minute. */
  speed: number | undefined;
  /** Where the repository and the kubeconfig are left; undefined: a temporary folder that is removed. */
  keep: string | undefined;
  /** A team's own manifests; undefined: the example's. */
  manifests: string | undefined;
  chaosKills: number;
  hold: boolean;
}

export const DEMO_HELP = `headgate demo: plays releases in a world of its own, on this machine's loopback

  --scenario story|good|bad|outage|protected|veto|monorepo|two-clusters
                                    story (default): an install, a good release, a bad one; outage: Prometheus goes away;
                                    protected: the branch takes pull requests only, and the revert's is merged when its
                                    check is green; veto: a person closes that pull request;
                                    monorepo: one commit changes two of three apps in one repository, and one of them fails;
                                    two-clusters: the same commit fails in two clusters that read the same branch
  --json                            one JSON object per line, the last one the result
  --speed N                         world seconds per second (default: the story takes well under a minute)
  --keep DIR                        leave the repository at DIR/repo.git and a kubeconfig at DIR/kubeconfig (the second
                                    cluster's at DIR/kubeconfig-east)
  --manifests DIR                   play these manifests instead of the example's
  --chaos-kill N                    kill the controller N times on the way
  --hold                            afterwards keep the world running, at speed 1, until interrupted
`;

const OPTIONS = {
  scenario: { type: 'string' },
  json: { type: 'boolean' },
  speed: { type: 'string' },
  keep: { type: 'string' },
  manifests: { type: 'string' },
  'chaos-kill': { type: 'string' },
  hold: { type: 'boolean' },
} as const;

function positive(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!(number > 0) || number > 1000) throw new Error(`--${flag} ${text}: use a number above 0, up to 1000`);
  return number;
}

function whole(text: string | undefined, flag: string): number | undefined {
  const number = positive(text, flag);
  if (number !== undefined && !Number.isInteger(number)) throw new Error(`--${flag} ${text}: use a whole number`);
  return number;
}

/** Reads the command line; throws an error that names the flag and what is allowed. */
export function readDemoOptions(args: string[]): DemoOptions {
  const { values } = parseArgs({ args, options: OPTIONS, allowPositionals: false });
  const scenario = scenarios.find((known) => known === (values.scenario ?? 'story'));
  if (!scenario) throw new Error(`--scenario ${values.scenario} is not known; known are ${scenarios.join(', ')}`);
  return {
    scenario,
    json: values.json === true,
    speed: positive(values.speed, 'speed'),
    keep: values.keep,
    manifests: values.manifests,
    chaosKills: whole(values['chaos-kill'], 'chaos-kill') ?? 0,
    hold: values.hold === true,
  };
}
