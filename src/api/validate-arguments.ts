/** Rules for arguments: those that a Rollout hands to its runs, and those of templates and runs. */
import type { Argument } from './analysis-template.ts';
import type { RolloutAnalysis, RunArgument } from './analysis-use.ts';
import { duplicates, type Problem, problem, setFields, show } from './problems.ts';
import { isLabelKey } from './validate-selector.ts';

const METADATA_HELP =
  "use metadata.name, metadata.namespace, metadata.uid, metadata.labels['key'] or metadata.annotations['key']";

/** Keys of annotations may have capitals in their prefix, those of labels may not. */
function readableMetadata(fieldPath: string): boolean {
  const [, map, key = ''] = /^metadata\.(labels|annotations)\['(.*)'\]$/s.exec(fieldPath) ?? [];
  if (map !== undefined) return isLabelKey(map === 'annotations' ? key.toLowerCase() : key);
  return /^metadata\.(name|namespace|uid|labels|annotations)$/.test(fieldPath);
}

/** The arguments that a Rollout hands to its runs. */
export function argumentProblems(path: string, args: RunArgument[]): Problem[] {
  return args.flatMap(({ name, value, valueFrom }, index) => {
    const at = `${path}[${index}]`;
    if (value !== undefined && valueFrom !== undefined) {
      return [problem(at, `argument ${show(name)} has both value and valueFrom: keep one of them`)];
    }
    const fieldPath = valueFrom?.fieldRef?.fieldPath;
    if (fieldPath === undefined || !fieldPath.startsWith('metadata') || readableMetadata(fieldPath)) return [];
    const message = `${show(fieldPath)}: Analyses arguments must refer to valid object metadata supported by downwardAPI: ${METADATA_HELP}`;
    return [problem(`${at}.valueFrom.fieldRef.fieldPath`, message)];
  });
}

/** One use of analysis by a Rollout: which templates, with which arguments. */
export function analysisUseProblems(path: string, analysis: RolloutAnalysis | undefined): Problem[] {
  if (analysis === undefined) return [];
  const { templates = [], args = [] } = analysis;
  const problems = argumentProblems(`${path}.args`, args);
  if (templates.length > 0) return problems;
  return [...problems, problem(`${path}.templates`, 'templates is required: name at least one analysis template')];
}

function sourceProblems(path: string, args: Argument[]): Problem[] {
  return args.flatMap(({ name, value, valueFrom }, index) => {
    const at = `${path}[${index}]`;
    if (valueFrom === undefined) return [];
    if (value !== undefined)
      return [problem(at, `argument ${show(name)} has both value and valueFrom: keep one of them`)];
    const set = setFields(valueFrom, ['secretKeyRef', 'fieldRef']);
    return set.length === 1 ? [] : [problem(`${at}.valueFrom`, 'must have exactly one of secretKeyRef and fieldRef')];
  });
}

/** The arguments of a template or a run. */
export function analysisArgumentProblems(path: string, args: Argument[]): Problem[] {
  return [
    ...duplicates(
      args.map(({ name }) => name),
      (index) => `${path}[${index}].name`,
      'argument name',
    ),
    ...sourceProblems(path, args),
  ];
}
