/** Repositories, branches and paths, as tools spell them. */
import { parse } from 'yaml';
import { type Fields, fieldsOf, textOf } from '../../api/fields.ts';
import { Stalled } from '../../errors.ts';
import { canonicalRepository, checkBranch, checkPath, withoutCredentials } from '../url.ts';
import { annotationsOf, shown, unknown } from './lookup.ts';

/** The one spelling of an address, without a password. `field`: where it stands. */
export function repositoryAt(url: unknown, field: string): string {
  const text = textOf(url)?.trim() ?? '';
  if (text === '') throw unknown(`${field} names no repository`);
  if (/^oci:/i.test(text)) throw unknown(`${field} is an OCI registry, where nothing has a commit`);
  if (/^https?:/i.test(text) && !URL.canParse(text)) throw unknown(`${field} is no address`);
  return canonicalRepository(text.replace(/^([a-z+]+:\/\/[^/@:]*):[^/]*@/i, '$1@'));
}

const COMMIT = /^[0-9a-f]{7,64}$/i;
const VERSION = /^v?\d+(\.\d+)*([-+][0-9A-Za-z.+-]+)?$/;
const RANGE = /[\^~<>=*|,\s]|^v?(\d+|x)(\.(\d+|x))+$/i;

function pinned(field: string, revision: string, what: string): Stalled {
  const instead = `Only what comes from a branch can be reverted; if it is one, write refs/heads/${revision}`;
  return unknown(`${field} is ${shown(revision)}, ${what}. ${instead}`);
}

/**
 * The branch that a revision of Argo CD names; undefined for the default branch. What could be a commit, a tag or a range of
 * versions as well is no branch. A tag that is named like a branch cannot be told from one here; Git then says so.
 */
export function branchNamed(revision: unknown, field: string): string | undefined {
  const text = textOf(revision)?.trim() ?? '';
  if (text === '' || text === 'HEAD') return undefined;
  if (text.startsWith('refs/heads/')) return checkBranch(text.slice('refs/heads/'.length));
  if (text.startsWith('refs/')) throw unknown(`${field} is ${shown(text)}, which is no branch (refs/heads/...)`);
  if (VERSION.test(text)) throw pinned(field, text, 'a version, which is a tag');
  if (COMMIT.test(text)) throw pinned(field, text, 'a commit');
  if (RANGE.test(text)) throw pinned(field, text, 'a range of versions, which are tags');
  return checkBranch(text);
}

/** A folder in a repository, '' for the root. Throws `Stalled` for what leaves it. */
export function folderAt(path: unknown, field: string): string {
  const resolved = resolvePath('', textOf(path) ?? '');
  if (resolved === undefined) throw unknown(`${field} is ${shown(path)}, which leads out of the repository`);
  return checkPath(resolved);
}

/** `../base` seen from a folder; undefined where it leads out of the repository. A leading slash is the repository's root. */
export function resolvePath(folder: string, path: string): string | undefined {
  const parts = path.startsWith('/') ? [] : folder.split('/').filter((part) => part !== '');
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join('/');
}

/** A path inside a repository that git may be asked about; undefined for any other. */
export function safePath(folder: string, path: string): string | undefined {
  const resolved = resolvePath(folder, path);
  try {
    return resolved === undefined ? undefined : checkPath(resolved);
  } catch (error) {
    if (error instanceof Stalled) return undefined;
    throw error;
  }
}

/** The app's folder with all else that is read; undefined where nothing else is known. */
export function inputsOf(folder: string, others: readonly (string | undefined)[]): string[] | undefined {
  const inputs = new Set([folder, ...others.filter((path) => path !== undefined)]);
  return inputs.size > 1 ? [...inputs] : undefined;
}

const ORIGIN = 'config.kubernetes.io/origin';
const LONGEST_ORIGIN = 4_096;

function originOf(object: unknown): Fields | undefined {
  const text = annotationsOf(object)[ORIGIN];
  if (text === undefined || text.length > LONGEST_ORIGIN) return undefined;
  try {
    return fieldsOf(parse(text, { logLevel: 'silent' }));
  } catch {
    return undefined;
  }
}

/** Where an app lies. */
export interface Place {
  repository: string;
  branch: string;
  path: string;
}

/** What Kustomize itself wrote on the object: the file it was read from, or that this was another repository's. */
export function fileOf(object: unknown, { repository, branch, path }: Place): { file?: string; override?: string } {
  const origin = originOf(object);
  const from = textOf(origin?.path);
  const repo = textOf(origin?.repo);
  // What a generator made has no file of its own.
  if (!origin || from === undefined || origin.configuredIn !== undefined) return {};
  const isElsewhere = repo !== undefined && canonicalRepository(repo) !== repository;
  if (isElsewhere || (origin.ref !== undefined && origin.ref !== branch)) {
    const remote = withoutCredentials(repo ?? repository).slice(0, 120);
    return { override: `${ORIGIN}: ${from.slice(0, 120)} of ${remote} at ${shown(origin.ref)}` };
  }
  // Of a remote base, the path is from its root; of a local one, from the folder that was built.
  const file = safePath(repo === undefined ? path : '', from);
  return file ? { file } : {};
}
