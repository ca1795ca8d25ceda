import type { Rollout } from '../../../src/api/index.ts';
import { gitReverts, gitSources } from '../../../src/kube/resources.ts';
import {
  BAD,
  background,
  FIRST,
  GOOD,
  isHealthy,
  ROUTING,
  rolloutYaml,
  routeYaml,
  successRateYaml,
} from '../../behaviour/fixtures.ts';
import { type ControllerPlace, realWorld } from '../../worlds/real/test-world.ts';
import type { TestWorld } from '../../worlds/world.ts';
import { followYaml, rightsYaml } from '../loop/manifests.ts';
import { foundTeam, type Team } from '../loop/team.ts';
import { type Deployed, deploy } from './controller.ts';
import { type Moment, startGiteaFront } from './front.ts';
import { theServers } from './shop.ts';

const IDENTITY = 'controller';
/** In order. */
export const MOMENTS: readonly Moment[] = ['arrives', 'answered'];

/**
 * Kills around the first writes of each of these kinds in each chapter: before the server hears of it (`arrives`), and, when it is
 * tried again, once the server has done it and before the controller hears of that (`answered`).
 */
class Killer {
  readonly #kinds: readonly string[];
  readonly #moments: readonly Moment[];
  /** What is yet to come in this chapter, by kind. */
  #due = new Map<string, Moment[]>();
  #chapter = '';
  readonly kinds = new Map<string, Set<string>>();
  readonly moments = new Map<string, Set<Moment>>();
  kills = 0;
  kill = () => {};

  constructor(kinds: readonly string[], moments: readonly Moment[]) {
    this.#kinds = kinds;
    this.#moments = moments;
  }

  begin(chapter: string): void {
    this.#chapter = chapter;
    this.#due = new Map(this.#kinds.map((kind) => [kind, [...this.#moments]]));
  }

  readonly onWrite = (kind: string, moment: Moment): boolean => {
    const chapters = this.kinds.get(kind) ?? new Set();
    this.kinds.set(kind, chapters.add(this.#chapter));
    const due = this.#due.get(kind);
    if (due === undefined || moment !== due[0]) return false;
    due.shift();
    this.moments.set(kind, (this.moments.get(kind) ?? new Set()).add(moment));
    this.kills++;
    this.kill();
    return true;
  };
}

async function startPatiently(place: ControllerPlace, killer: Killer): Promise<Deployed> {
  const deployed = await deploy(place, IDENTITY, { onWrite: killer.onWrite });
  killer.kill = () => deployed.signal('SIGKILL');
  return deployed;
}

/** A release takes some ten seconds; a bad one never gets further than to its pause. */
function shopFiles(world: TestWorld, image: string): Record<string, string> {
  const pause = image === BAD ? '{}' : '{ duration: 4 }';
  const steps = `[{ setWeight: 50 }, { pause: ${pause} }]`;
  const judge = 'failureLimit: 0, interval: 2s, successCondition: result >= 0.95';
  const rollout = rolloutYaml({ replicas: 2, steps, canary: ROUTING + background(1) }).replace(FIRST, image);
  return { 'apps/shop/all.yaml': [routeYaml(world), successRateYaml(world, judge), rollout].join('---') };
}

const runsWell = (image: string) => (rollout: Rollout) =>
  isHealthy(rollout) && rollout.spec.template?.spec?.containers[0]?.image === image;

async function tell(world: TestWorld, team: Team, follow: string, killer: Killer): Promise<void> {
  const commit = (image: string) => team.commit(`Release ${image}`, shopFiles(world, image));
  killer.begin('install');
  await commit(FIRST);
  await world.create(follow);
  await world.until('shop', runsWell(FIRST), 60);
  killer.begin('good release');
  await commit(GOOD);
  await world.until('shop', runsWell(GOOD), 60);
  killer.begin('bad release');
  await commit(BAD);
  const isReported = async () =>
    (await world.list(gitReverts)).some(({ status }) => status?.reported?.at !== undefined);
  await world.untilTrue(isReported, 60);
  await world.until('shop', runsWell(GOOD), 60);
  const isApplied = async () =>
    (await world.list(gitSources))[0]?.status?.lastAppliedCommit === (await team.log())[0]?.id;
  await world.untilTrue(isApplied, 30);
}

export interface Told<T> {
  /** In which chapters each kind of write was seen. */
  kinds: ReadonlyMap<string, ReadonlySet<string>>;
  /** At which moments of each kind of write it was killed. */
  moments: ReadonlyMap<string, ReadonlySet<Moment>>;
  /** What the API server has refused it. */
  refused: string[];
  kills: number;
  outcome: T;
}

/**
 * The first release, a good one, and a bad one that is taken out of Git; the controller is killed at these moments of writes of these kinds.
 * `look` sees what came of it.
 */
export async function tellStory<T>(
  kinds: readonly string[],
  moments: readonly Moment[],
  look: (world: TestWorld, team: Team) => Promise<T>,
): Promise<Told<T>> {
  const { gitea } = theServers();
  const killer = new Killer(kinds, moments);
  const team = await foundTeam(gitea);
  const front = await startGiteaFront(gitea.url, { onWrite: killer.onWrite });
  const world = await realWorld((place) => startPatiently(place, killer));
  try {
    const seenByController = { ...team, url: front.url + new URL(team.url).pathname };
    const yaml = [rightsYaml(world, team), followYaml(world, seenByController)].join('---');
    await tell(world, team, yaml, killer);
    const { kinds: seen, moments, kills } = killer;
    const outcome = await look(world, team);
    return { kinds: seen, moments, kills, outcome, refused: await world.refused() };
  } finally {
    await world.stop();
    await front.close();
    await team.close();
  }
}
