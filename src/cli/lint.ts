import { dirname, join } from 'node:path';
import { plain } from '../view/index.ts';
import { type Finding, findingLine, parseFile, type Source } from './lint/documents.ts';
import { manifestFiles } from './lint/files.ts';
import { objectFindings } from './lint/objects.ts';
import { referenceFindings } from './lint/references.ts';
import { UsageError, type Verb } from './verb.ts';

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
  },
  async run({ world, names, texts }) {
    const paths = [...texts('filename'), ...names];
    if (paths.length === 0) throw new UsageError('lint needs a file or directory: -f PATH', lint);
    const { findings, sources, files } = await lintPaths(paths);
    for (const finding of findings) world.stdout(`${plain(findingLine(finding))}\n`);
    const errors = findings.filter(({ warning }) => warning !== true).length;
    const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;
    const warnings = findings.length - errors;
    const total = [count(errors, 'problem'), ...(warnings > 0 ? [count(warnings, 'warning')] : [])].join(', ');
    world.stderr(`${count(sources.length, 'object')} in ${count(files, 'file')}: ${total}\n`);
    return errors > 0 ? 1 : 0;
  },
};

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
  return { findings: findings.sort(byPlace), sources, files: files.length };
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
