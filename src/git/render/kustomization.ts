import { type Document, isScalar, LineCounter, parseAllDocuments } from 'yaml';
import { type Fields, isFields } from '../../api/fields.ts';
import { messageOf, type Problem } from '../../errors.ts';
import { describe, type Place, placeOf } from '../manifests.ts';
import { plainValue, repeatedKey } from '../yaml-limits.ts';

/** Any one of them makes a folder a Kustomize folder. */
export const KUSTOMIZATION_FILES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/**
 * What a reference may name: a file; a folder with a kustomization; either of them; a file, perhaps behind `key=`; a file, or the
 * text of a patch itself; a file with the configurations of generators or transformers, or their text itself.
 */
export type ReferenceKind = 'file' | 'folder' | 'either' | 'source' | 'patch' | 'plugin';

/** A text in a kustomization that names what else is read. */
export interface Reference extends Place {
  kind: ReferenceKind;
  /** As in `resources[0]`. */
  field: string;
  /** As written. */
  text: string;
}

export interface References {
  references: Reference[];
  problems: Problem[];
}

/** How the entries of one field name files: by themselves, or by fields of theirs. */
type Shape = { kind: ReferenceKind } | { fields: Readonly<Record<string, ReferenceKind>> };

const BY_PATH: Shape = { fields: { path: 'file' } };
const SOURCES = { files: 'source', envs: 'file', env: 'file' } as const;
const GENERATED: Shape = { fields: SOURCES };
const SHAPES: Readonly<Record<string, Shape>> = {
  resources: { kind: 'either' },
  bases: { kind: 'folder' },
  components: { kind: 'folder' },
  crds: { kind: 'file' },
  configurations: { kind: 'file' },
  openapi: BY_PATH,
  patches: BY_PATH,
  patchesjson6902: BY_PATH,
  patchesstrategicmerge: { kind: 'patch' },
  replacements: BY_PATH,
  configmapgenerator: GENERATED,
  secretgenerator: GENERATED,
  generators: { kind: 'plugin' },
  transformers: { kind: 'plugin' },
  validators: { kind: 'plugin' },
};
const READ = { merge: true, prettyErrors: true, uniqueKeys: false } as const;
const HELM = ['helmcharts', 'helmchartinflationgenerator'];
/** What the configurations of Kustomize's own generators and transformers read. */
const PLUGIN_INPUTS = { path: 'file', paths: 'patch', targetfilepath: 'file', ...SOURCES } as const;

const NO_HELM =
  "Kustomize's helm plugin is never enabled, because it runs a program. Commit the rendered chart, or point path at a chart in the repository";
const NO_FUNCTION = 'names a function that Kustomize would run as a program, which is never allowed';

/** Kustomize takes the names of fields as Go does: whatever case they are in. */
function fold(name: string): string {
  return name.toUpperCase().toLowerCase();
}

interface Parsed {
  document: Document;
  value: unknown;
  lineOf(path: readonly (string | number)[]): number | undefined;
}

/** Parses the way Kustomize reads it: with merge keys. What cannot be told for sure is a problem, never passed over. */
function parse(file: string, source: string): { parsed: Parsed[]; problems: Problem[] } {
  const lines = new LineCounter();
  const problems: Problem[] = [];
  const parsed: Parsed[] = [];
  for (const document of parseAllDocuments(source, { ...READ, lineCounter: lines })) {
    const [wrong] = [...document.errors, ...document.warnings];
    if (wrong) {
      problems.push({ path: placeOf({ file, line: wrong.linePos?.[0].line }), message: describe(wrong) });
      continue;
    }
    if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) continue;
    const repeated = repeatedKey(document);
    if (repeated !== undefined) {
      const { line } = lines.linePos(repeated);
      problems.push({ path: placeOf({ file, line }), message: 'Map keys must be unique. Remove one of the two' });
      continue;
    }
    const lineOf: Parsed['lineOf'] = (path) => {
      const node = document.getIn(path, true) as { range?: [number, number, number] } | undefined;
      return node?.range ? lines.linePos(node.range[0]).line : undefined;
    };
    try {
      parsed.push({ document, value: plainValue(document), lineOf });
    } catch (error) {
      problems.push({ path: file, message: messageOf(error) });
    }
  }
  return { parsed, problems };
}

type Path = readonly (string | number)[];

function fieldOf(path: Path): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '');
}

/** Gathers what one document names. */
class Collector {
  readonly references: Reference[] = [];
  readonly problems: Problem[] = [];
  readonly #file: string;
  readonly #parsed: Parsed;

  constructor(file: string, parsed: Parsed) {
    this.#file = file;
    this.#parsed = parsed;
  }

  problem(path: Path, message: string) {
    const place = { file: this.#file, line: this.#parsed.lineOf(path) };
    const field = fieldOf(path);
    this.problems.push({ path: placeOf(place), message: field === '' ? message : `${field}: ${message}` });
  }

  /** A text, or a list of texts. */
  texts(path: Path, value: unknown, kind: ReferenceKind) {
    if (value === null || value === undefined) return;
    if (Array.isArray(value)) {
      for (const [index, each] of value.entries()) this.texts([...path, index], each, kind);
    } else if (typeof value === 'string') {
      const line = this.#parsed.lineOf(path);
      this.references.push({ kind, field: fieldOf(path), text: value, file: this.#file, line });
    } else this.problem(path, `${JSON.stringify(value)?.slice(0, 80)} is not a text. It names a file or a folder`);
  }

  entry(path: Path, value: unknown, fields: Readonly<Record<string, ReferenceKind>>) {
    if (!isFields(value)) return;
    for (const [name, held] of this.named(path, value)) {
      const kind = fields[fold(name)];
      if (kind) this.texts([...path, name], held, kind);
    }
  }

  /** The fields of a mapping, none of them written twice in two cases. */
  named(path: Path, value: Fields): [string, unknown][] {
    const entries = Object.entries(value);
    const seen = new Set<string>();
    for (const [name] of entries) {
      if (seen.has(fold(name))) this.problem([...path, name], 'is written twice, in two cases. Remove one of the two');
      seen.add(fold(name));
    }
    return entries;
  }
}

function readField(collector: Collector, name: string, value: unknown) {
  const folded = fold(name);
  if (HELM.includes(folded) && Array.isArray(value) && value.length > 0) return collector.problem([name], NO_HELM);
  const shape = SHAPES[folded];
  if (shape === undefined) return;
  if ('kind' in shape) return collector.texts([name], value, shape.kind);
  if (!Array.isArray(value)) return collector.entry([name], value, shape.fields);
  for (const [index, each] of value.entries()) collector.entry([name, index], each, shape.fields);
}

/** Everything that a kustomization names, and what in it is never allowed. */
export function readKustomization(file: string, source: string): References {
  const { parsed, problems } = parse(file, source);
  const [only, ...more] = parsed;
  if (problems.length > 0) return { references: [], problems };
  if (only === undefined) return { references: [], problems: [{ path: file, message: 'is empty: it names nothing' }] };
  if (more.length > 0 || !isFields(only.value)) {
    return { references: [], problems: [{ path: file, message: 'must hold one document, a mapping' }] };
  }
  const collector = new Collector(file, only);
  for (const [name, value] of collector.named([], only.value)) readField(collector, name, value);
  return collector;
}

function readPlugin(collector: Collector, value: Fields) {
  const { kind, metadata } = value;
  if (kind === 'HelmChartInflationGenerator') collector.problem(['kind'], NO_HELM);
  const annotations = isFields(metadata) && isFields(metadata.annotations) ? metadata.annotations : {};
  const runs = Object.keys(annotations).find((name) => /^config\.(kubernetes|k8s)\.io\/function$/.test(name));
  if (runs) collector.problem(['metadata', 'annotations', runs], NO_FUNCTION);
  collector.entry([], value, PLUGIN_INPUTS);
  for (const [name, held] of Object.entries(value)) {
    if (!['replacements', 'patches'].includes(fold(name)) || !Array.isArray(held)) continue;
    for (const [index, each] of held.entries()) collector.entry([name, index], each, { path: 'file' });
  }
}

/** What the configurations of generators, transformers and validators in a text read in their turn. */
export function readPlugins(file: string, source: string): References {
  const { parsed, problems } = parse(file, source);
  const all: References = { references: [], problems: [...problems] };
  for (const each of parsed) {
    const collector = new Collector(file, each);
    if (isFields(each.value)) readPlugin(collector, each.value);
    all.references.push(...collector.references);
    all.problems.push(...collector.problems);
  }
  return all;
}

/** Whether a text is YAML itself rather than the name of a file. */
export function isInline(text: string): boolean {
  if (text.includes('\n')) return true;
  const { parsed, problems } = parse('', text);
  return problems.length > 0 || parsed.some(({ value }) => isFields(value) || Array.isArray(value));
}
