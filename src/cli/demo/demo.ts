import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../../errors.ts';
import { unleash } from './chaos.ts';
import { type Manifests, readManifests, releaseSeconds } from './manifests.ts';
import { createJsonTeller, createNarrator, palette } from './narrator.ts';
import { observeScene, tellOf } from './observer.ts';
import { DEMO_HELP, type DemoOptions, readDemoOptions } from './options.ts';
import { expectedOutcome, playScenario } from './scenario.ts';
import { buildStage, type Stage } from './stage.ts';
import { resultOf, summaryText } from './summary.ts';

const EXAMPLE = fileURLToPath(new URL('../../../examples/shop', import.meta.url));
/** Machine seconds that a story should take by itself. */
const STORY_SECONDS = 32;

function speedFor({ scenario, speed }: DemoOptions, { rollout }: Manifests): number {
  const releases = scenario === 'story' ? 2 : 1;
  return speed ?? Math.min(120, Math.max(10, Math.ceil((releaseSeconds(rollout) * releases * 1.4) / STORY_SECONDS)));
}

function write(text: string): void {
  process.stdout.write(text);
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

/** The world goes on at the pace of this machine, for people and their kubectl, until someone has seen enough. */
async function hold(stage: Stage, json: boolean): Promise<void> {
  stage.clock.changeSpeed(1);
  await stage.startControllers();
  const kubeconfigs = stage.clusters.map(({ kubeconfig }) => kubeconfig);
  const exports = kubeconfigs.map((kubeconfig) => `  export KUBECONFIG=${kubeconfig}\n`).join('  # or\n');
  const words = `The world keeps running. In another terminal:\n\n${exports}  kubectl -n ${stage.namespace} get rollouts\n\nCtrl-C ends it.\n`;
  const [kubeconfig] = kubeconfigs;
  write(json ? `${JSON.stringify({ type: 'holding', kubeconfig, kubeconfigs, namespace: stage.namespace })}\n` : words);
  await interrupted();
}

async function explainTrouble(stage: Stage): Promise<void> {
  process.stderr.write('The story did not end as it should.\n');
  for (const { label, controller } of stage.clusters) {
    const log = await readFile(controller.logFile, 'utf8').catch(() => '');
    const where = label === undefined ? '' : ` in ${label}`;
    process.stderr.write(`The controller's last words${where}:\n${log.split('\n').slice(-15).join('\n')}\n`);
  }
}

async function play(options: DemoOptions): Promise<number> {
  const manifests = await readManifests(options.manifests ?? EXAMPLE);
  const stage = await buildStage(manifests, { ...options, speed: speedFor(options, manifests) });
  const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const labels = stage.scenes.flatMap(({ label }) => label ?? []);
  const tell = options.json ? createJsonTeller(stage.clock, write) : createNarrator(stage.clock, colour, labels, write);
  const observers = stage.scenes.map((scene) => observeScene(scene, tellOf(scene, tell)));
  try {
    const chaos = unleash(stage, options.chaosKills, tell);
    const ending = await playScenario(options.scenario, stage, tell);
    await chaos.finish();
    const result = resultOf(stage, observers, options.scenario, ending);
    const wentWell = result.outcome === expectedOutcome(options.scenario) && result.canaryWeight === 0;
    if (!wentWell) await explainTrouble(stage);
    write(options.json ? `${JSON.stringify(result)}\n` : await summaryText(stage, result, palette(colour)));
    if (options.hold) await hold(stage, options.json);
    return wentWell ? 0 : 1;
  } finally {
    for (const observer of observers) observer.stop();
    await stage.end();
  }
}

/** `headgate demo ...`: answers with the exit code; 0 only where the scenario ended as it should. */
export async function runDemo(args: string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    write(DEMO_HELP);
    return 0;
  }
  try {
    return await play(readDemoOptions(args));
  } catch (error) {
    process.stderr.write(`headgate demo: ${messageOf(error)}\nSee headgate demo --help\n`);
    return 2;
  }
}
