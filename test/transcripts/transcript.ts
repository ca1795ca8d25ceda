import { parse } from 'yaml';
import {
  type AnalysisPhase,
  type BlueGreenStrategy,
  type CanaryStep,
  type CanaryStrategy,
  EPHEMERAL_METADATA,
  type JsonObject,
  type ReplicaSet,
} from '../../src/api/index.ts';
import {
  type Decision,
  decide,
  type Effect,
  explain,
  factsOf,
  type MachineState,
  type Transition,
  templateHash,
} from '../../src/rollout/index.ts';
import { hashedOtherwise, withoutNotes } from './left.ts';
import {
  changeDeployment,
  createWorld,
  finishRun,
  newDeployment,
  observe,
  patchStatus,
  perform,
  podsCatchUp,
  podTemplate,
  type ScaleDown,
  setAvailable,
  user,
  type World,
  type WorldOptions,
  writeStatus,
} from './world.ts';

/** A command block of a transcript: prose, commands, and what they print. */
export interface Block {
  prose: string[];
  commands: string[];
  output: string[];
}

/** Reads a transcript: blocks of comments, commands, `----` and output, with empty lines between them. */
export function parseTranscript(text: string): Block[] {
  return text
    .trim()
    .split(/\n\s*\n/)
    .map((paragraph) => {
      const lines = paragraph.split('\n');
      const rule = lines.indexOf('----');
      const input = rule < 0 ? lines : lines.slice(0, rule);
      return {
        prose: input.filter((line) => line.startsWith('#')),
        commands: input.filter((line) => !line.startsWith('#')),
        output: rule < 0 ? [] : lines.slice(rule + 1),
      };
    });
}

export function printTranscript(blocks: Block[]): string {
  const paragraphs = blocks.map(({ prose, commands, output }) =>
    [...prose, ...commands, ...(commands.length > 0 ? ['----', ...output] : [])].join('\n'),
  );
  return `${paragraphs.join('\n\n')}\n`;
}

/** `3` pods, `40%`, or `match`. */
function canaryScale(text: string): NonNullable<CanaryStep['setCanaryScale']> {
  if (text === 'match') return { matchTrafficWeight: true };
  return text.endsWith('%') ? { weight: Number.parseInt(text, 10) } : { replicas: Number(text) };
}

/** Without a header it goes away. */
function headerRoute([name = '', headerName]: string[]): NonNullable<CanaryStep['setHeaderRoute']> {
  return headerName === undefined ? { name } : { name, match: [{ headerName, headerValue: { exact: 'yes' } }] };
}

function mirrored(prefix: string): Partial<NonNullable<CanaryStep['setMirrorRoute']>> {
  return { match: [{ path: { prefix } }], percentage: 20 };
}

function parseStep(text: string): CanaryStep {
  const [kind, ...rest] = text.trim().split(/\s+/);
  const argument = rest.join(' ');
  if (kind === 'setWeight') return { setWeight: Number(argument) };
  if (kind === 'pause') return { pause: argument ? { duration: argument } : {} };
  if (kind === 'canaryScale') return { setCanaryScale: canaryScale(argument) };
  if (kind === 'analysis') return { analysis: { templates: [{ templateName: argument }] } };
  if (kind === 'header') return { setHeaderRoute: headerRoute(rest) };
  if (kind === 'mirror') return { setMirrorRoute: { name: rest[0] ?? '', ...(rest[1] && mirrored(rest[1])) } };
  throw new Error(
    `unknown step ${JSON.stringify(text)}: setWeight N, pause [DURATION], canaryScale N|N%|match, analysis TEMPLATE, header NAME [HEADER] or mirror NAME [PATH]`,
  );
}

function parseSteps(text: string): CanaryStep[] {
  return text.trim() ? text.split(',').map(parseStep) : [];
}

const ROUTER = {
  canaryService: 'web-canary',
  stableService: 'web-stable',
  trafficRouting: { plugins: { 'argoproj-labs/gatewayAPI': { httpRoute: 'web' } } },
};

function analyses(words: string[]): Partial<BlueGreenStrategy> {
  const use = (prefix: string) => {
    const templateName = words.find((word) => word.startsWith(prefix))?.slice(prefix.length);
    return templateName && { templates: [{ templateName }] };
  };
  const [before, after] = [use('pre='), use('post=')];
  return { ...(before && { prePromotionAnalysis: before }), ...(after && { postPromotionAnalysis: after }) };
}

function deploymentIn(words: string[]): WorldOptions['deployment'] {
  const wordAfter = (prefix: string) => words.find((word) => word.startsWith(prefix))?.slice(prefix.length);
  const [replicas, scaleDown] = [wordAfter('deployment='), wordAfter('scaleDown=')];
  if (replicas === undefined) return undefined;
  return { replicas: Number(replicas), ...(scaleDown && { scaleDown: scaleDown as ScaleDown }) };
}

/** `becomes blue-green {"activeService": ...}`, `becomes canary setWeight 25, pause` or `becomes router setWeight 25, pause`. */
function parseStrategy(text: string): Parameters<typeof user.becomes>[1] {
  const [kind = '', ...rest] = text.split(/\s+/);
  const argument = rest.join(' ');
  if (kind === 'blue-green') return { blueGreen: { ...BLUE_GREEN, ...(JSON.parse(argument || '{}') as object) } };
  return { canary: { ...(kind === 'router' ? ROUTER : {}), steps: parseSteps(argument) } };
}

const BLUE_GREEN = { activeService: 'web-active', previewService: 'web-preview' };

/**
 * `rollout replicas=4 router`, and on the next lines YAML: `steps:` in short form, all else as fields of the canary or the
 * spec. `deployment=6 scaleDown=onsuccess`: its pods are those of a Deployment of that size. `rollout blue-green`: the same with the fields of blue-green; `pre=TEMPLATE` and `post=TEMPLATE` are short for its analyses.
 */
function parseRollout(line: string, more: string[]): World {
  const words = line.split(/\s+/).slice(1);
  const replicas = words.find((word) => word.startsWith('replicas='))?.slice('replicas='.length);
  const { steps, spec, ...strategy } = (parse(more.join('\n')) ?? {}) as {
    steps?: string;
    spec?: object;
  } & Omit<CanaryStrategy, 'steps'>;
  const deployment = deploymentIn(words);
  if (words.includes('blue-green')) {
    return createWorld({
      ...(deployment && { deployment }),
      replicas: Number(replicas ?? 4),
      blueGreen: { ...BLUE_GREEN, ...analyses(words), ...strategy } as BlueGreenStrategy,
      ...(spec ? { spec } : {}),
    });
  }
  return createWorld({
    ...(deployment && { deployment }),
    replicas: Number(replicas ?? 4),
    canary: {
      ...(words.includes('router') ? ROUTER : {}),
      ...strategy,
      ...(steps === undefined ? {} : { steps: parseSteps(steps) }),
    },
    ...(spec ? { spec } : {}),
  });
}

function seconds(text: string): number {
  const match = /^\+?(\d+)(s|m|h)$/.exec(text);
  if (!match) throw new Error(`not a duration: ${text}`);
  return Number(match[1]) * { s: 1, m: 60, h: 3600 }[match[2] as 's' | 'm' | 'h'];
}

export function showState({ delivery, hold, index, length }: MachineState): string {
  const name = typeof delivery === 'string' ? delivery : `progressing.${delivery.progressing}`;
  return `${name} ${index}/${length}${hold === 'paused' ? ' (held)' : ''}`;
}

function fields(record: object): string {
  return Object.entries(record)
    .map(([key, value]) => `${key.split('/').at(-1)}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
}

/** Whose pods an affinity keeps away from, and how strictly. */
function showAffinity(affinity: unknown): string {
  const text = JSON.stringify(affinity ?? null);
  const [, hash] = /"values":\["(\w+)"\]/.exec(text) ?? [];
  const [, weight] = /"weight":(\d+)/.exec(text) ?? [];
  return hash === undefined ? 'none' : `away from ${hash}${weight === undefined ? '' : ` by ${weight}`}`;
}

/** What a new ReplicaSet has besides the template. */
function showEquipment({ metadata, spec }: ReplicaSet): string {
  const given = metadata.annotations?.[EPHEMERAL_METADATA];
  const affinity = showAffinity(spec.template.spec?.affinity);
  return `${given ? `, given ${given}` : ''}${affinity === 'none' ? '' : `, ${affinity}`}`;
}

function showEffect(effect: Effect): string {
  switch (effect.kind) {
    case 'createReplicaSet': {
      const { metadata, spec } = effect.object;
      return `create ReplicaSet ${metadata.name} (revision ${effect.revision}) with ${spec.replicas} pods${showEquipment(effect.object)}`;
    }
    case 'scaleReplicaSet': {
      const deadline = effect.annotations['scale-down-deadline'];
      const note = deadline === undefined ? '' : deadline === null ? ', no deadline' : `, until ${deadline.slice(11)}`;
      return `scale ${effect.name} ${effect.from} -> ${effect.to}${note}`;
    }
    case 'setMetadata': {
      const { name, metadata, annotations, podSelector } = effect;
      const given = [...Object.entries(metadata.labels), ...Object.entries(metadata.annotations)];
      const changes = given.map(([key, value]) => (value === null ? `-${key}` : `${key}=${value}`)).join(' ');
      return `give ${name}${podSelector === undefined ? '' : ' and its pods'} ${changes}; note ${fields(annotations)}`;
    }
    case 'setAffinity':
      return `affinity of ${effect.name}: ${showAffinity(effect.affinity)}`;
    case 'evictPods':
      return `evict ${effect.most} of ${effect.pods.map(({ name }) => name).join(' ')}`;
    case 'setTraffic': {
      const routes = effect.routes.map(({ name }) => name).join(' and ') || 'no more';
      const beside = effect.routeChange === 'none' ? '' : `, beside it ${routes}`;
      return `route canary ${effect.from} -> ${effect.weight}${beside}${effect.overload ? ` (${effect.overload})` : ''}`;
    }
    case 'createRun':
      return `create AnalysisRun ${effect.object.metadata.name}`;
    case 'annotateReplicaSet':
      return `annotate ${effect.name} ${fields(effect.annotations)}`;
    case 'setMinReadySeconds':
      return `set minReadySeconds of ${effect.name} to ${effect.seconds}`;
    case 'annotateRollout':
      return `annotate rollout ${fields(effect.annotations)}`;
    case 'switchService':
      return `service ${effect.name} -> ${effect.hash}`;
    case 'terminateRun':
      return `end AnalysisRun ${effect.name}`;
    case 'deleteRun':
      return `delete AnalysisRun ${effect.name}`;
    case 'claimReplicaSet':
      return `${effect.owners.length > 0 ? 'adopt' : 'let go of'} ReplicaSet ${effect.name}`;
    case 'setTemplate':
      return 'template without what cannot be read';
    case 'setReplicas':
      return `set replicas to ${effect.replicas}`;
    case 'deleteReplicaSet':
      return `delete ReplicaSet ${effect.name}`;
    case 'scaleWorkload':
      return `scale ${effect.workload} ${effect.name} ${effect.from} -> ${effect.mark.to} (had ${effect.mark.from})`;
  }
}

function showTransition({ kind, ...rest }: Transition): string {
  if ('isNew' in rest) return `${kind} ${fields({ revision: rest.revision, hash: rest.hash })}`;
  return `${kind} ${fields(rest)}`.trim();
}

function showStatus({ status }: Decision): string[] {
  const {
    phase,
    message,
    currentStepIndex,
    stableRS,
    currentPodHash,
    controllerPause,
    canary = {},
    blueGreen = {},
  } = status;
  const runs = [
    canary.currentStepAnalysisRunStatus,
    canary.currentBackgroundAnalysisRunStatus,
    blueGreen.prePromotionAnalysisRunStatus,
    blueGreen.postPromotionAnalysisRunStatus,
  ];
  const progress = status.conditions?.find(({ type }) => type === 'Progressing');
  return [
    [
      phase,
      message ? `(${message})` : '',
      `stable=${stableRS ?? '-'} current=${currentPodHash ?? '-'} index=${currentStepIndex ?? '-'}`,
      blueGreen.activeSelector ? `active=${blueGreen.activeSelector}` : '',
      blueGreen.previewSelector ? `preview=${blueGreen.previewSelector}` : '',
      blueGreen.scaleUpPreviewCheckPoint ? 'checkpoint' : '',
      status.restartedAt ? `restarted=${status.restartedAt.slice(11)}` : '',
      status.workloadObservedGeneration ? `workload=${status.workloadObservedGeneration}` : '',
      status.abort ? 'abort' : '',
      status.promoteFull ? 'promoteFull' : '',
      (status.pauseConditions ?? []).map(({ reason, startTime }) => `${reason}@${startTime.slice(11)}`).join(' '),
      controllerPause ? 'controllerPause' : '',
      canary.stablePingPong ? `stable:${canary.stablePingPong}` : '',
      canary.weights ? `weights=${canary.weights.canary.weight}/${canary.weights.stable.weight}` : '',
      runs.flatMap((run) => (run ? [`${run.name}=${run.status}`] : [])).join(' '),
      progress ? `progressing=${progress.status}/${progress.reason}` : '',
    ]
      .map((part) => (part ?? '').trim())
      .filter(Boolean)
      .join(' '),
  ];
}

/** The status field by field, where it matters what is not in it. */
function showHeld({ conditions = [], ...others }: NonNullable<World['rollout']['status']> = {}): string[] {
  const types = conditions.map(({ type, status }) => `${type}=${status}`);
  return [`holds   ${Object.keys(others).sort().join(' ')} conditions: ${types.join(' ')}`];
}

const QUIET = 40;

/** Plays the commands of a transcript on a world, and tells what they print; `atRest` is shown the world whenever it has settled. */
export function createPlayer(atRest: (world: World) => void = () => {}) {
  let world: World = createWorld({});
  let versions: string[] = ['v1'];

  /** Hashes are written as the version whose template they stand for, so that a transcript reads as a story. */
  const readable = (line: string) =>
    versions.reduce((text, version) => text.replaceAll(templateHash(podTemplate(version)), version), line);

  const show = (decision: Decision): string[] => [
    `state   ${showState(decision.state)}`,
    ...decision.transitions.map((transition) => `news    ${showTransition(transition)}`),
    ...decision.effects.map((effect) => `plan    ${showEffect(effect)}`),
    ...showStatus(decision).map((line) => `status  ${line}`),
  ];

  function pass(crashAfter?: number): { decision: Decision; quiet: boolean; failures: string[] } {
    podsCatchUp(world);
    const decision = decide(observe(world));
    const failures: string[] = [];
    for (const effect of decision.effects.slice(0, crashAfter)) {
      try {
        perform(world, effect);
      } catch (error) {
        failures.push(`failed  ${(error as Error).message}`);
      }
    }
    const written = crashAfter === undefined && writeStatus(world, decision.status);
    podsCatchUp(world);
    const idle = decision.effects.every(({ kind }) => kind === 'evictPods' && world.budget === 0);
    return { decision, failures, quiet: !written && idle };
  }

  function settle(): string[] {
    const lines: string[] = [];
    for (let count = 0; count < QUIET; count++) {
      const { decision, failures, quiet } = pass();
      if (quiet) {
        atRest(world);
        return [...lines, `explain ${explain(observe(world))}`];
      }
      lines.push(...show(decision), ...failures);
    }
    throw new Error(`not quiet after ${QUIET} passes`);
  }

  function pods([part, count]: string[]): string[] {
    if (part === 'ready' || part === 'hold') {
      world.podsFollow = part === 'ready';
    } else {
      world.podsFollow = false;
      const { newReplicaSet, stableReplicaSet } = factsOf(observe(world));
      const replicaSet = part === 'new' ? newReplicaSet : stableReplicaSet;
      const own = world.replicaSets.find(({ metadata }) => metadata.name === replicaSet?.metadata.name);
      if (own) setAvailable(own, Number(count));
    }
    podsCatchUp(world);
    return [];
  }

  function analysis(line: string): string[] {
    const match = /^analysis (\S+) (\w+)(?: "(.*)")?$/.exec(line);
    const name = versions.reduce(
      (text, version) => text.replaceAll(`-${version}-`, `-${templateHash(podTemplate(version))}-`),
      match?.[1] ?? '',
    );
    return finishRun(world, name, match?.[2] as AnalysisPhase, match?.[3]) ? [] : [`no AnalysisRun ${match?.[1]}`];
  }

  /** `deployment scale N`, `deployment delete`, `deployment create N`. */
  function deployment([verb, count]: string[]): string[] {
    if (verb === 'scale') changeDeployment(world, { replicas: Number(count) });
    else world.deployment = verb === 'create' ? newDeployment(Number(count)) : undefined;
    return [];
  }

  const done = (action: () => void) => () => {
    action();
    return [];
  };

  function play(line: string, more: string[]): string[] {
    const [verb = '', ...words] = line.split(/\s+/);
    const commands: Record<string, () => string[]> = {
      rollout: done(() => {
        world = parseRollout(line, more);
        versions = ['v1'];
      }),
      template: done(() => {
        versions = [...new Set([...versions, words[0] ?? ''])];
        user.template(world, words[0] ?? '');
      }),
      steps: done(() => user.steps(world, parseSteps(words.join(' ')))),
      scale: done(() => user.scale(world, Number(words[0]))),
      deployment: () => deployment(words),
      unsaid: done(() => {
        delete world.rollout.spec.replicas;
      }),
      time: done(() => {
        world.now += seconds(words[0] ?? '') * 1000;
      }),
      pods: () => pods(words),
      route: done(() => {
        world.routeFollows = words[0] !== 'hold';
        if (words[0] === 'served') world.served = true;
      }),
      endpoints: done(() => {
        world.endpointsFollow = words[0] !== 'hold';
      }),
      observe: () => show(decide(observe(world))),
      apply: () => {
        const { decision, failures } = pass();
        return [...show(decision), ...failures];
      },
      crash: () => show(pass(Number(words[0] ?? 0)).decision),
      settle,
      explain: () => [explain(observe(world))],
      holds: () => showHeld(world.rollout.status),
      promote: done(() => (words[0] === '--full' ? user.promoteFull(world) : user.promote(world))),
      skip: done(() => user.skip(world)),
      abort: done(() => user.abort(world)),
      retry: done(() => user.retry(world)),
      pause: done(() => user.pause(world)),
      resume: done(() => user.resume(world)),
      restart: done(() => user.restart(world, words[0] ? seconds(words[0]) : 0)),
      budget: done(() => {
        world.budget = words[0] === 'none' ? undefined : Number(words[0]);
      }),
      strategy: done(() => user.strategy(world, JSON.parse(line.slice('strategy '.length)) as object)),
      becomes: done(() => user.becomes(world, parseStrategy(words.join(' ')))),
      hashed: done(() => hashedOtherwise(world, templateHash(podTemplate(words[0] ?? '')), words[1] ?? '')),
      unnoted: done(() => withoutNotes(world)),
      analysis: () => analysis(line),
      status: done(() => patchStatus(world, JSON.parse(line.slice('status '.length)) as JsonObject)),
      foreign: done(() => world.foreignRuns.push(unreadable(words[0] ?? ''))),
      problem: done(() => {
        const [path = '', ...message] = words;
        world.problems = path === 'none' ? [] : [{ path, message: message.join(' ') }];
      }),
    };
    const command = commands[verb];
    if (!command) throw new Error(`unknown command ${verb}: one of ${Object.keys(commands).join(', ')}`);
    return command();
  }

  function unreadable(text: string): string {
    return versions.reduce(
      (name, version) => name.replaceAll(`-${version}-`, `-${templateHash(podTemplate(version))}-`),
      text,
    );
  }

  /** `rollout` takes all lines after it; every other command is one line. */
  return (commands: string[]): string[] => {
    const first = commands[0]?.startsWith('rollout') ? commands.slice(0, lastOfRollout(commands)) : [];
    const rest = commands.slice(first.length);
    const opening = first.length > 0 ? play(first[0] ?? '', first.slice(1)) : [];
    return [...opening, ...rest.flatMap((line) => play(line, []))].map(readable);
  };
}

/** YAML lines of a `rollout` hold a colon or are indented; the first that does not is a command again. */
function lastOfRollout(commands: string[]): number {
  const end = commands.findIndex((line, index) => index > 0 && !/^(\s|[A-Za-z]+:)/.test(line));
  return end < 0 ? commands.length : end;
}
