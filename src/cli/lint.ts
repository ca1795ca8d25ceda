import { dirname, join } from 'node:path';
import { plain } from '../view/index.ts';
import { type Finding, findingLine, parseFile, type Source } from './lint/documents.ts';
import { manifestFiles } from './lint/files.ts';
import { objectFindings } from './lint/objects.ts';
import { referenceFindings } from './lint/references.ts';
import { askServer, type ServerAnswers } from './lint/server.ts';
import { clusterFlags, type Invocation, UsageError, type Verb } from './verb.ts';

const SERVER = 'server-dry-run';

export const lint: Verb = {
  name: 'lint',
  operands: '-f FILE|DIR',
  summary: 'check manifests before they are applied; a directory counts as all that there is',
  flags: {
    filename: {
      type: 'string',
      short: 'f',
      value: 'PATH',
      multiple: true,
      description: 'a manifest, or a directory of them',
    },
    [SERVER]: {
      type: 'boolean',
      description: 'also have the API server try the pods of each Rollout; nothing is stored',
    },
    ...clusterFlags,
  },
  async run(invocation) {
    const { world, names, texts, isSet } = invocation;
    const paths = [...texts('filename'), ...names];
    if (paths.length === 0) throw new UsageError('lint needs a file or directory: -f PATH', lint);
    if (!isSet(SERVER)) refuseClusterFlags(invocation);
    const { sources, files, ...linted } = await lintPaths(paths);
    const asked = isSet(SERVER) ? await askServer(invocation, sources) : undefined;
    const findings = [...linted.findings, ...unheard(linted.findings, asked)].sort(byPlace);
    for (const finding of findings) world.stdout(`${plain(findingLine(finding))}\n`);
    for (const reason of asked?.unasked ?? []) world.stderr(`Error: ${plain(reason)}\n`);
    const errors = findings.filter(({ warning }) => warning !== true).length;
    const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;
    const warnings = findings.length - errors;
    const total = [count(errors, 'problem'), ...(warnings > 0 ? [count(warnings, 'warning')] : [])].join(', ');
    const tried = asked ? `, ${count(asked.judged, 'pod template')} tried on the API server` : '';
    world.stderr(`${count(sources.length, 'object')} in ${count(files, 'file')}${tried}: ${total}\n`);
    return errors > 0 || (asked?.unasked ?? []).length > 0 ? 1 : 0;
  },
};

/** Whoever names a cluster means it to be asked. */
function refuseClusterFlags({ text }: Invocation): void {
  const given = Object.keys(clusterFlags).find((flag) => text(flag) !== undefined);
  if (given === undefined) return;
  throw new UsageError(`--${given} is for --${SERVER}: lint asks no cluster without it; give both or neither`, lint);
}

/** What the server says of places of which nothing is said yet: the controller too asks only of what it finds right. */
function unheard(told: Finding[], asked: ServerAnswers | undefined): Finding[] {
  const key = ({ file, line, path }: Finding) => `${file}:${line}:${path}`;
  const places = new Set(told.filter(({ warning }) => warning !== true).map(key));
  return (asked?.findings ?? []).filter((finding) => !places.has(key(finding)));
}

async function lintPaths(paths: string[]): Promise<{ findings: Finding[]; sources: Source[]; files: number }> {
  const given = await Promise.all(paths.map(manifestFiles));
  const files = [...new Map(given.flatMap((one) => one.files).map((file) => [file.file, file.text]))];
  const parsed = files.map(([file, text]) => parseFile(file, text));
  const sources = withoutPatches(parsed.flatMap((one) => one.sources));
  const complete = given.some(({ isDirectory }) => isDirectory);
  const findings = [
    ...parsed.flatMap((one) => one.findings),
    ...sources.flatMap(objectFindings),
    ...referenceFindings({ sources, complete }),
  ];
  return { findings, sources, files: files.length };
}

/** Files that a kustomization names as patches hold parts of objects: nothing to judge by itself. */
function withoutPatches(sources: Source[]): Source[] {
  const patches = sources.flatMap(({ file, object }) => {
    if (object.kind !== 'Kustomization') return [];
    const { patches: current, patchesStrategicMerge: former } = object;
    const paths = [
      ...(Array.isArray(current) ? current.map((patch) => patch?.path) : []),
      ...(Array.isArray(former) ? former : []),
    ];
    return paths.filter((path) => typeof path === 'string').map((path) => join(dirname(file), path));
  });
  return sources.filter(({ file }) => !patches.includes(file));
}

function byPlace(a: Finding, b: Finding): number {
  return a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1;
}
