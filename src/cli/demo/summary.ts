import { REVISION } from '../../api/index.ts';
import type { Palette } from './narrator.ts';
import { canaryShare, type Observer, type Reaction } from './observer.ts';
import type { Scenario } from './options.ts';
import { type Ending, restartsOf, rolloutOf } from './play.ts';
import { requestsOf } from './scenario.ts';
import { BAD, commitLine, type Scene, type Stage } from './stage.ts';

/** How an app stands in a cluster at the end. */
interface Standing {
  of: string;
  phase: string;
  /** What its pods run that get all requests. */
  image: string;
  revision: string;
  canaryWeight: number;
}

/** The last line of the demo for programs. */
export interface Result {
  type: 'result';
  scenario: Scenario;
  outcome: string;
  culprit: string | undefined;
  revert: string | undefined;
  /** The canary's share of traffic at the end, percent. */
  canaryWeight: number;
  /** World seconds from the first request on the bad pods to the verdict. */
  detectSeconds: number | undefined;
  /** Machine milliseconds from the verdict on the API server to no traffic on the canary. */
  restoreMilliseconds: number | undefined;
  controllerRestarts: number;
  /** Since the first install. */
  requests: number;
  failedRequests: number;
  /** Of each app or cluster, in the stories that have several. */
  standings?: Standing[];
}

function detectSeconds({ firstBadRequest, verdict }: Reaction): number | undefined {
  if (firstBadRequest === undefined || verdict === undefined) return undefined;
  return Math.round((verdict.world - firstBadRequest) / 100) / 10;
}

function restoreMilliseconds({ verdict, restored }: Reaction): number | undefined {
  return verdict && restored ? Math.max(0, restored.machine - verdict.machine) : undefined;
}

/** The worst of several; undefined where there is none. */
function longest(figures: (number | undefined)[]): number | undefined {
  const known = figures.filter((figure) => figure !== undefined);
  return known.length > 0 ? Math.max(...known) : undefined;
}

function standingOf(scene: Scene): Standing | undefined {
  if (scene.label === undefined) return undefined;
  const { spec, status, metadata } = rolloutOf(scene) ?? {};
  return {
    of: scene.label,
    phase: status?.phase ?? 'none',
    image: spec?.template?.spec?.containers[0]?.image ?? 'none',
    revision: metadata?.annotations?.[REVISION] ?? 'none',
    canaryWeight: canaryShare(scene),
  };
}

export function resultOf(stage: Stage, observers: Observer[], scenario: Scenario, ending: Ending): Result {
  const { total, failed } = requestsOf(stage);
  const reactions = observers.map((observer) => observer.reaction());
  const standings = stage.scenes.flatMap((scene) => standingOf(scene) ?? []);
  return {
    type: 'result',
    scenario,
    outcome: ending.outcome,
    culprit: ending.culprit,
    revert: ending.revert,
    canaryWeight: Math.max(...stage.scenes.map(canaryShare)),
    detectSeconds: longest(reactions.map(detectSeconds)),
    restoreMilliseconds: longest(reactions.map(restoreMilliseconds)),
    controllerRestarts: restartsOf(stage),
    requests: Math.round(total - ending.before.total),
    failedRequests: Math.round(failed - ending.before.failed),
    ...(standings.length > 0 && { standings }),
  };
}

function percent(part: number, whole: number): string {
  return whole > 0 ? `${((100 * part) / whole).toFixed(2)} %` : '0 %';
}

async function gitLog({ repository }: Stage): Promise<string[]> {
  return (await repository.log()).map(commitLine);
}

/** What it came to, in words. */
export async function summaryText(stage: Stage, result: Result, colours: Palette): Promise<string> {
  const { strong, good, bad, dim } = colours;
  const {
    outcome,
    culprit,
    revert,
    detectSeconds: detected,
    restoreMilliseconds: restored,
    requests,
    failedRequests,
  } = result;
  const well = outcome === 'promoted' || outcome === 'reverted' || outcome === 'vetoed';
  const lines = [`\n${strong('Summary')}`, `  outcome   ${(well ? good : bad)(outcome)}`];
  if (culprit) lines.push(`  culprit   ${culprit}`);
  if (revert) lines.push(`  revert    ${revert}`);
  if (detected !== undefined) lines.push(`  detected  ${detected} s of world time after its first request`);
  if (restored !== undefined) lines.push(`  restored  ${restored} ms after the verdict no request went to the canary`);
  lines.push(`  requests  ${requests} since the first install, of which ${percent(failedRequests, requests)} failed`);
  for (const { of, phase, image, canaryWeight } of result.standings ?? []) {
    lines.push(`  ${of.padEnd(8)}  ${phase} on ${image}, ${canaryWeight} % to a canary`);
  }
  if (culprit) {
    const lost = Math.round(BAD.errorRate * 100);
    const without = `its steps would have taken all traffic to the bad version: ${lost} of 100 requests failing, and Git still asking for it`;
    lines.push(dim(`  without   ${without}`));
  }
  lines.push('', strong('git log, afterwards'), ...(await gitLog(stage)).map((text) => `  ${text}`), '');
  return lines.join('\n');
}
