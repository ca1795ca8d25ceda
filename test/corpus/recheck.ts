import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type Case, culpritFacts } from './cases.ts';
import type { Doubt, Scope, WantedCommit } from './expected.ts';
import { changedPaths, type Files, isBelow } from './files.ts';
import type { Layout } from './layouts.ts';
import { type Objects, type Renderings, type RenderRequest, templateOf, workloadsOf } from './rendering.ts';
import type { MadeBranch, World } from './world.ts';

/**
 * Whether a commit that takes a change out is right, told without Headgate's own proof: by git, by the programs that render, and
 * by what the repository was made from. Each list says what is wrong; it is empty where all is well.
 */
export interface Checked {
  /** Where it lies, and each byte of the tree. */
  files: string[];
  /** What the pods of the app would be. */
  template: string[];
  /** What else the app would be. */
  objects: string[];
  /** What other apps would be. */
  others: string[];
}

interface Entry {
  mode: string;
  id: string;
}

function blobId(bytes: Buffer): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

async function treeOf({ bare }: World, commit: string): Promise<Map<string, Entry>> {
  const lines = (await bare.git(['ls-tree', '-r', '-z', '--full-tree', commit])).toString().split('\0').filter(Boolean);
  return new Map(
    lines.map((line) => {
      const [head = '', path = ''] = [line.slice(0, line.indexOf('\t')), line.slice(line.indexOf('\t') + 1)];
      const [mode = '', , id = ''] = head.split(' ');
      return [path, { mode, id }];
    }),
  );
}

const sameEntry = (one: Entry | undefined, other: Entry | undefined) =>
  one?.mode === other?.mode && one?.id === other?.id;

function differing(one: ReadonlyMap<string, Entry>, other: ReadonlyMap<string, Entry>): string[] {
  return [...new Set([...one.keys(), ...other.keys()])].filter((path) => !sameEntry(one.get(path), other.get(path)));
}

/** The whole tree, byte by byte and mode by mode, against what the repository's own makers say. */
function wrongFiles(tree: ReadonlyMap<string, Entry>, expected: Files): string[] {
  const wanted = new Map([...expected].map(([path, { bytes, mode }]) => [path, { mode, id: blobId(bytes) }]));
  return differing(tree, wanted).map((path) => `${path} is not byte for byte what it should be`);
}

/** A line in three parts: its key, its value, and what stands behind. */
const LINE =
  /^(?<lead>[\s-]*(?:[^\s:#"'{[]+:)?\s*)(?<value>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|\{.*\}|.*?)(?<tail>(?:\s+#.*)?\s*)$/s;

function wrongLine(was: string, is: string): boolean {
  if (was === is) return false;
  if (/^\s*#/.test(was)) return true;
  const [one, other] = [LINE.exec(was)?.groups, LINE.exec(is)?.groups];
  return one?.lead !== other?.lead || one?.tail !== other?.tail;
}

/** Of a revert of values: as many lines as before, each with its own end, key and comment; nothing else in them. */
function wrongLines(path: string, was: Buffer, is: Buffer): string[] {
  const [before, after] = [was, is].map((bytes) => bytes.toString('latin1').split('\n'));
  if (before?.length !== after?.length) return [`${path} has more or fewer lines than before`];
  const wrong = (before ?? []).findIndex((line, index) => wrongLine(line, after?.[index] ?? ''));
  return wrong === -1 ? [] : [`${path}:${wrong + 1} differs in more than a value`];
}

/** A workload without the pods that it makes, a release without its values: what may be changed at the same time by somebody else. */
function besidesPods(objects: Objects, name: string): unknown {
  const { spec, ...rest } = (objects.get(name)?.data ?? {}) as { spec?: Record<string, unknown> };
  return { ...rest, spec: { ...spec, template: undefined, values: undefined } };
}

interface Sides<T> {
  /** What the culprit would have left without what is taken back. */
  before: T;
  culprit: T;
  head: T;
  after: T;
}

/** By three sides of anything, whether the fourth is what it must be; never, where it was changed by both. */
function isMerged<T>({ before, culprit, head, after }: Sides<T>): boolean {
  if (isDeepStrictEqual(before, culprit)) return isDeepStrictEqual(head, after);
  const isAlone = isDeepStrictEqual(culprit, head) || isDeepStrictEqual(before, head);
  return isAlone && isDeepStrictEqual(before, after);
}

function isRollout(objects: Objects, name: string): boolean {
  return objects.get(name)?.data.kind === 'Rollout';
}

/** The workload is compared without its pods, which are looked at by themselves; other Rollouts must stay as they are. */
export function wrongObjects({ before, culprit, head, after }: Sides<Objects>, rollout: string): string[] {
  const names = new Set([before, culprit, head, after].flatMap((objects) => [...objects.keys()]));
  const workloads = new Set([head, after].flatMap((objects) => workloadsOf(objects, rollout)));
  return [...names]
    .filter((name) => {
      const read = (objects: Objects) => (workloads.has(name) ? besidesPods(objects, name) : objects.get(name)?.text);
      const isOther = !workloads.has(name) && [head, after].some((objects) => isRollout(objects, name));
      if (isOther) return !isDeepStrictEqual(read(head), read(after));
      return !isMerged({ before: read(before), culprit: read(culprit), head: read(head), after: read(after) });
    })
    .map((name) => `${name} is rendered otherwise than it should be`);
}

/** `may`: whether a file may differ. `areLines`: nothing but values in lines may. */
async function changedFiles(
  world: World,
  { head, commit }: Lying,
  { may, areLines }: { may: (path: string) => boolean; areLines: boolean },
) {
  const [was, is] = await Promise.all([treeOf(world, head), treeOf(world, commit)]);
  const wrong: string[] = [];
  const changed = differing(was, is);
  if (changed.length === 0) wrong.push('nothing is changed');
  for (const path of changed) {
    const [one, other] = [was.get(path), is.get(path)];
    if (!may(path)) wrong.push(`${path} is none of what may be taken back`);
    if (one && other && one.mode !== other.mode) wrong.push(`${path} has another mode`);
    if (!areLines) continue;
    if (!one || !other) wrong.push(`${path} comes or goes, and only values were to be taken back`);
    else {
      const [from, to] = await Promise.all([one, other].map(({ id }) => world.bare.git(['cat-file', 'blob', id])));
      wrong.push(...wrongLines(path, from ?? Buffer.alloc(0), to ?? Buffer.alloc(0)));
    }
  }
  return { wrong, tree: is };
}

/** Other apps of the repository, which must not notice. `own`: the app itself, at the head and after. */
async function wrongOthers(
  renderings: Renderings,
  { kind, others = [], gatherers = [], known = [] }: Layout,
  { head, commit }: Lying,
  own: Pick<Sides<Objects>, 'head' | 'after'>,
): Promise<string[]> {
  const textsOf = async (id: string, app: Omit<RenderRequest, 'commit'>) =>
    [...(await renderings.objects({ ...app, commit: id })).values()].map(({ text }) => text).sort();
  const wrong: string[] = [];
  const releases = kind === 'releases' ? kind : undefined;
  const plain = others.map((folder) => ({ folder, kind: releases, helm: undefined }));
  const charts = known.map(({ path, helm }) => ({ folder: path, kind: 'helm' as const, helm }));
  for (const app of [...plain, ...charts]) {
    if (isDeepStrictEqual(await textsOf(head, app), await textsOf(commit, app))) continue;
    wrong.push(`the other app in ${app.folder} is rendered otherwise`);
  }
  for (const folder of gatherers) {
    const without = async (id: string, objects: Objects) => {
      const texts = new Set([...objects.values()].map(({ text }) => text));
      const all = await textsOf(id, { folder, kind: 'kustomize' });
      if (all.length === 0) throw new Error(`nothing is gathered in ${folder}`);
      return all.filter((text) => !texts.has(text));
    };
    if (isDeepStrictEqual(await without(head, own.head), await without(commit, own.after))) continue;
    wrong.push(`what is gathered in ${folder} is rendered otherwise`);
  }
  return wrong;
}

/** Where the commit lies: on the branch, or on one of its own from the branch's head. */
async function wrongPlace(
  { bare }: World,
  { name }: MadeBranch,
  { head, commit, isProposed }: Lying,
): Promise<string[]> {
  const parents = (await bare.git(['show', '-s', '--format=%P', commit])).toString().trim();
  const tip = await bare.head(name);
  return [
    ...(parents === head ? [] : [`its parent is ${parents}, and the head was ${head}`]),
    ...(tip === (isProposed ? head : commit) ? [] : [`the branch is at ${tip}`]),
  ];
}

interface Lying {
  head: string;
  commit: string;
  isProposed: boolean;
}

/** What was made, and what it should be. */
export interface Checking {
  made: MadeBranch;
  commit: string;
  scope: Scope;
  isProposed: boolean;
  wanted: WantedCommit;
}

export async function recheck(
  world: World,
  renderings: Renderings,
  each: Case,
  { made, commit, scope, isProposed, wanted }: Checking,
): Promise<Checked> {
  const { ids, branch } = made;
  const { layout } = each.repository;
  const [culprit = '', head = ''] = [ids[branch.culprit], ids[branch.head]];
  const lying = { head, commit, isProposed };
  const touched = new Set(changedPaths(wanted.before, branch.commits[branch.culprit]?.files ?? new Map()));
  // A file that was renamed since is changed under its new name.
  const may = (path: string) => touched.has(path) || isBelow(path, layout.path);
  const isKeys = culpritFacts(each, branch).shapeOf([...touched]) === 'keys';
  const files = await changedFiles(world, lying, { may, areLines: scope === 'fields' && !isKeys });
  const app = { folder: layout.path, kind: layout.kind, ...(layout.helm && { helm: layout.helm }) };
  const rendered = async (id: string) => renderings.objects({ ...app, commit: id });
  const parent = branch.commits[branch.culprit]?.parents[0] ?? 0;
  const stable = await rendered(ids[parent] ?? '');
  const [atCulprit, atHead, after] = [await rendered(culprit), await rendered(head), await rendered(commit)];
  const isWhole = changedPaths(wanted.before, branch.commits[parent]?.files ?? new Map()).length === 0;
  const before = isWhole ? stable : await rendered(await world.write(wanted.before));
  const sides = { before, culprit: atCulprit, head: atHead, after };
  const name = layout.rollout ?? 'web';
  const [was, is] = [templateOf(stable, name), templateOf(after, name)];
  const isStable = was !== undefined && isDeepStrictEqual(was, is);
  return {
    files: [...(await wrongPlace(world, made, lying)), ...files.wrong, ...wrongFiles(files.tree, wanted.after)],
    template: isStable ? [] : ['the pod template is not the one from before'],
    objects: wrongObjects(sides, name),
    others: await wrongOthers(renderings, layout, lying, sides),
  };
}

/**
 * What is wrong with what was made, doubts and all: without one nothing may be, and a doubt must be about what it says.
 */
export function mistakes({ files, template, objects, others }: Checked, doubt: Doubt | undefined): string[] {
  if (doubt === undefined) return [...files, ...template, ...objects, ...others];
  const isRight = {
    NotStable: template.length > 0,
    NotProved: template.length === 0 && objects.length + others.length > 0,
    OtherRollout: template.length === 0 && objects.length > 0 && others.length === 0,
    OutsideOfPath: template.length === 0 && objects.length === 0 && others.length > 0,
  };
  const found = [...template, ...objects, ...others].join('; ') || 'nothing';
  return [...files, ...(isRight[doubt] ? [] : [`it is doubted as ${doubt}, and there is wrong: ${found}`])];
}
