/** docs/machines.md, written from the statecharts themselves: the tables say what the code does, because they are the code. */
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { analysisRunMachine } from '../src/analysis/machine.ts';
import type { GeneratedFile } from '../src/api/generated.ts';
import { machine as gitRevertMachine } from '../src/revert/machine.ts';
import { machine as rolloutMachine } from '../src/rollout/machine.ts';

interface Chart {
  title: string;
  intro: string;
  machine: AnyStateMachine;
}

const charts: Chart[] = [
  {
    title: 'Rollout',
    intro:
      'One per Rollout. Its two regions are independent: where the delivery is, and whether `spec.paused` holds it.',
    machine: rolloutMachine,
  },
  { title: 'AnalysisRun', intro: 'One per AnalysisRun; the state is `status.phase`.', machine: analysisRunMachine },
  { title: 'GitRevert', intro: 'One per GitRevert; the state is `status.state`.', machine: gitRevertMachine },
];

interface Row {
  from: string;
  guards: string[];
  to: string | undefined;
  actions: string[];
}

function guardNames(guard: unknown): string[] {
  if (guard === undefined) return [];
  if (typeof guard === 'string') return [guard];
  const { guards, type, params } = guard as { guards?: unknown[]; type?: string; params?: object };
  if (guards) return guards.flatMap(guardNames);
  const given = Object.values(params ?? {});
  return type === undefined ? ['?'] : [given.length > 0 ? `${type}(${given.join(', ')})` : type];
}

function actionName(action: unknown): string {
  return typeof action === 'string' ? action : ((action as { type?: string }).type ?? '?');
}

/** The name of a state within its region, such as `progressing.pause`. */
function nameIn(region: AnyStateNode, node: AnyStateNode): string {
  return node.path.slice(region.path.length).join('.');
}

function below(node: AnyStateNode): AnyStateNode[] {
  return Object.values(node.states).flatMap((child) => [child, ...below(child)]);
}

function regionsOf({ root }: AnyStateMachine): AnyStateNode[] {
  return root.type === 'parallel' ? Object.values(root.states) : [root];
}

function rowsOf(region: AnyStateNode): Row[] {
  return below(region).flatMap((node) =>
    [...node.transitions.values()].flat().map((transition) => ({
      from: nameIn(region, node),
      guards: guardNames(transition.guard),
      to: transition.target?.map((target) => nameIn(region, target)).join(', '),
      actions: transition.actions.map(actionName),
    })),
  );
}

function code(words: string[], glue: string): string {
  return words.map((word) => `\`${word}\``).join(glue);
}

function statesTable(region: AnyStateNode): string[] {
  const described = below(region).filter((node) => node.description !== undefined);
  if (described.length === 0) return [];
  const rows = described.map((node) => `| \`${nameIn(region, node)}\` | ${node.description} |`);
  return ['| State | Meaning |', '|---|---|', ...rows, ''];
}

function transitionsTable(region: AnyStateNode): string[] {
  const rows = rowsOf(region).map(({ from, guards, to, actions }) => {
    const when = guards.length > 0 ? code(guards, ' and ') : 'otherwise';
    return `| \`${from}\` | ${when} | ${to === undefined ? 'stays' : `\`${to}\``} | ${code(actions, ', ')} |`;
  });
  return ['| State | When | Next | Does |', '|---|---|---|---|', ...rows, ''];
}

/** Mermaid knows no dots in names: a nested state goes by its last part. */
function lastPart(name: string): string {
  return name.split('.').at(-1) ?? name;
}

function nested(region: AnyStateNode): string[] {
  return Object.values(region.states)
    .filter((node) => Object.keys(node.states).length > 0)
    .flatMap((node) => [
      `  state ${node.key} {`,
      ...Object.keys(node.states).map((key) => `    state "${key}" as ${key}`),
      '  }',
    ]);
}

function diagram(region: AnyStateNode): string[] {
  const labels = new Map<string, string[]>();
  for (const { from, guards, to } of rowsOf(region)) {
    if (to === undefined) continue;
    const edge = `${lastPart(from)} --> ${lastPart(to)}`;
    labels.set(edge, [...(labels.get(edge) ?? []), guards.join(' + ') || 'otherwise']);
  }
  const edges = [...labels].map(([edge, guards]) => `  ${edge} : ${[...new Set(guards)].join(' / ')}`);
  return ['```mermaid', 'stateDiagram-v2', ...nested(region), ...edges, '```', ''];
}

function section({ title, intro, machine }: Chart): string[] {
  const regions = regionsOf(machine);
  const parts = regions.flatMap((region) => [
    ...(regions.length > 1 ? [`### ${region.key}`, ''] : []),
    ...statesTable(region),
    ...transitionsTable(region),
    ...diagram(region),
  ]);
  return [`## ${title}`, '', intro, '', ...parts];
}

const PREFACE = [
  '# The machines',
  '',
  'Written by `npm run generate` from the statecharts in src: change them, not this page.',
  '',
  'Each machine takes one event, an observation, and takes one transition for it: in each state the first row whose',
  'condition holds. A row of a state with sub-states holds in all of them. Nothing else is remembered: the state is found',
  'again from what the API server holds on every pass.',
  '',
];

export function machineDocs(): GeneratedFile {
  const lines = [...PREFACE, ...charts.flatMap(section)];
  return { path: 'docs/machines.md', content: `${lines.join('\n').trimEnd()}\n` };
}
