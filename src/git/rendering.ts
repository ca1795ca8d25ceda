/** One rendering of what was gathered for it, done once for the same contents. */
import { createHash } from 'node:crypto';
import type { Problem } from '../errors.ts';
import type { ManifestSet, ParsedFiles, ReadingFiles } from './manifests.ts';
import { folderName, type Graph } from './render/graph.ts';
import { parseRendered } from './render/output.ts';
import type { Job, Renderer } from './render/renderer.ts';
import { readContents } from './render/tree.ts';
import { openFiles } from './sops.ts';

/** What makes manifests of folders, and what it has made of them already. */
export interface Reading extends ReadingFiles {
  renderer: Renderer;
}

/** Of one memory; the oldest go first. */
const MOST_RENDERINGS = 64;

export function withProblem(path: string, message: string): ManifestSet {
  return { manifests: [], problems: [{ path, message }] };
}

/** What a job's result hangs on: the program and the contents of all files, those of the repository by their ids. */
function keyOf(version: string, { files, ...job }: Job, inGit: Graph['files']): string {
  const entries = [...inGit.values()].map(({ mode, id, path }) => `${mode} ${id} ${path}`).sort();
  const besides = [...files].map(([path, content]) => [path, content.toString()]);
  const digest = createHash('sha256')
    .update(JSON.stringify([job, entries, besides]))
    .digest('hex');
  return `${job.tool} ${version} ${digest}`;
}

function remember(parsed: ParsedFiles, key: string, set: ManifestSet) {
  parsed.set(key, set);
  const renderings = [...parsed.keys()].filter((each) => /^(kustomize|helm) /.test(each));
  for (const old of renderings.slice(0, -MOST_RENDERINGS)) parsed.delete(old);
}

function refused(problems: Problem[]): ManifestSet {
  return { manifests: [], problems };
}

/** `job` holds the files that are not in the repository; they take the place of those that are. */
export async function renderGraph(
  graph: Graph,
  job: Job,
  { renderer, parsed, open }: Reading,
  fileOf: (document: string) => string,
): Promise<ManifestSet> {
  if (graph.problems.length > 0) return refused(graph.problems);
  const available = await renderer.availability(job.tool);
  const name = folderName(job.folder);
  if (available.kind === 'missing') return withProblem(name, `is not rendered: ${available.message}`);
  const key = keyOf(available.version, job, graph.files);
  const known = parsed.get(key);
  if (known) return known;
  const { contents, problems } = await readContents(graph.clone, [...graph.files.values()]);
  if (problems.length > 0) return refused(problems);
  const opened = await openFiles(contents, open);
  if (opened.problems.length > 0) return refused(opened.problems);
  const rendering = await renderer.render({ ...job, files: new Map([...opened.contents, ...job.files]) });
  const set =
    rendering.kind === 'failed' ? withProblem(name, rendering.message) : await parseRendered(rendering.output, fileOf);
  remember(parsed, key, set);
  return set;
}
