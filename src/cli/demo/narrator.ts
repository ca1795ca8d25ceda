import type { Clock } from '../../clock.ts';
import type { Sight, Tell } from './observer.ts';

type Paint = (text: string) => string;

/** Colours by meaning; plain text where nobody wants colour. */
export interface Palette {
  good: Paint;
  bad: Paint;
  dim: Paint;
  strong: Paint;
  accent: Paint;
}

export function palette(colour: boolean): Palette {
  const paint = (code: number): Paint => (colour ? (text) => `\u001b[${code}m${text}\u001b[0m` : (text) => text);
  return { good: paint(32), bad: paint(31), dim: paint(2), strong: paint(1), accent: paint(36) };
}

const BAR_WIDTH = 24;

function bar(share: number, { accent, dim }: Palette): string {
  const filled = Math.round((share / 100) * BAR_WIDTH);
  return accent('█'.repeat(filled)) + dim('░'.repeat(BAR_WIDTH - filled));
}

/** World time since the story began, as minutes and seconds. */
function since(start: number, now: number): string {
  const seconds = Math.floor((now - start) / 1000);
  return `${String(Math.floor(seconds / 60)).padStart(3)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** Events that other lines already tell of. */
const TOLD_ELSEWHERE =
  /^(TrafficWeightUpdated|AnalysisRun|RolloutNotCompleted|RolloutUpdated|RolloutAddedToInformer|RolloutPaused|RolloutResumed|ScalingReplicaSet|NewReplicaSetCreated|RolloutAborted)/;

const SIGNS: Record<string, string> = { Successful: '✔', Failed: '✖', Error: '?', Inconclusive: '~' };

type Sketch<Type extends Sight['type']> = (
  sight: Extract<Sight, { type: Type }>,
  colours: Palette,
) => string | undefined;

/** One line for each kind of sight; undefined where another line tells it already. */
const SKETCHES: { [Type in Sight['type']]: Sketch<Type> } = {
  log: ({ commits }, { accent, dim }) => `${accent('git')}      log: ${dim(commits.join(' · '))}`,
  chapter: ({ title }, { strong }) => `\n${strong(title)}`,
  commit: ({ commit, subject, author }, { accent, dim }) =>
    `${accent('git')}      ${commit.slice(0, 7)} ${subject} ${dim(`— ${author.replace(/ <.*/, '')}`)}`,
  why: ({ sentence }, { accent, dim }) => `${accent('why')}      ${dim(sentence)}`,
  weight: ({ canary }, colours) =>
    `${colours.accent('traffic')}  ${bar(canary, colours)} ${String(canary).padStart(3)} % to the canary`,
  measurement({ phase, metric, value, message }, { good, bad, dim, accent }) {
    const paint = phase === 'Successful' ? good : phase === 'Error' ? dim : bad;
    return `${accent('measure')}  ${paint(`${SIGNS[phase] ?? ' '} ${value ? `${metric} = ${value}` : `${metric}: ${message}`}`)}`;
  },
  verdict: ({ phase, message }, { good, bad, accent }) =>
    `${accent('verdict')}  ${(phase === 'Successful' ? good : bad)(`${phase} ${message}`.trim())}`,
  phase({ phase, message }, { good, bad, accent }) {
    const paint = phase === 'Healthy' ? good : phase === 'Degraded' ? bad : (text: string) => text;
    return `${accent('rollout')}  ${paint(phase)}${message ? `: ${message}` : ''}`;
  },
  event: ({ reason, message, warning }, { bad, dim, accent }) =>
    TOLD_ELSEWHERE.test(reason) ? undefined : `${accent('event')}    ${(warning ? bad : dim)(message)}`,
  revert: ({ state, message }, { dim, accent }) => `${accent('revert')}   ${state}${message ? dim(` ${message}`) : ''}`,
  prometheus: ({ up }, { good, bad, accent }) =>
    `${accent('world')}    ${up ? good('Prometheus is back') : bad('Prometheus is gone: nothing can be measured, nothing is decided')}`,
  killed: ({ restarts }, { dim }) => dim(`chaos    the controller was killed (${restarts})`),
};

function line(sight: Sight, colours: Palette): string | undefined {
  return (SKETCHES[sight.type] as Sketch<Sight['type']>)(sight, colours);
}

/** Tells a person, a line at a time, what happens and why; of which of the `labels`, where there are any. */
export function createNarrator(clock: Clock, colour: boolean, labels: string[], write: (text: string) => void): Tell {
  const start = clock.now();
  const colours = palette(colour);
  const width = Math.max(0, ...labels.map(({ length }) => length + 2));
  return (sight) => {
    const text = line(sight, colours);
    if (text === undefined) return;
    const before = `${colours.dim(since(start, clock.now()))}  ${colours.strong((sight.of ?? '').padEnd(width))}`;
    write(sight.type === 'chapter' ? `${text}\n` : `${before}${text}\n`);
  };
}

/** Tells a program: one JSON object per line. */
export function createJsonTeller(clock: Clock, write: (text: string) => void): Tell {
  return (sight) => write(`${JSON.stringify({ ...sight, at: new Date(clock.now()).toISOString() })}\n`);
}
