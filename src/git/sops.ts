/** Files that SOPS has encrypted: how they are told, and how they are opened where somebody has said how. */
import { parseAllDocuments } from 'yaml';
import { type Fields, fieldsOf, isFields, listOf } from '../api/fields.ts';
import type { Problem } from '../errors.ts';
import { plainValue } from './yaml-limits.ts';

export type SopsFormat = 'yaml' | 'json';

/** Makes plain text of an encrypted file, or says in words for its author why there is none. `file`: from the repository's root. */
export type OpenEncrypted = (file: string, content: Buffer) => Promise<{ content: Buffer } | { problem: string }>;

/** Of an operator that opens what it is given in the cluster by itself: such an object is meant to be applied as it is. */
const OPENED_IN_CLUSTER = /^isindir\.github\.com\//;

/** Whether a document or object holds what SOPS writes beside what it has encrypted. */
export function isEncrypted(value: unknown): value is Fields {
  if (!isFields(value) || !isFields(value.sops)) return false;
  const { mac, version } = value.sops;
  return (typeof mac === 'string' || typeof version === 'string') && !OPENED_IN_CLUSTER.test(String(value.apiVersion));
}

export function sopsFormat(file: string): SopsFormat | undefined {
  if (/\.ya?ml$/i.test(file)) return 'yaml';
  return /\.json$/i.test(file) ? 'json' : undefined;
}

/** The documents of a YAML or JSON file that are encrypted. Never throws for what is in it. */
export function encryptedIn(file: string, content: Buffer): Fields[] {
  if (sopsFormat(file) === undefined || !content.includes('sops')) return [];
  return parseAllDocuments(content.toString('utf8'), { uniqueKeys: false, logLevel: 'silent' }).flatMap((document) => {
    try {
      const value = plainValue(document);
      return isEncrypted(value) ? [value] : [];
    } catch {
      return [];
    }
  });
}

/** Whether a document can be opened by an age key at all, alone or as one of a group. */
export function isForAge(document: Fields): boolean {
  const { age, key_groups } = fieldsOf(document.sops);
  return [age, ...listOf(key_groups).map((group) => fieldsOf(group).age)].some((keys) => listOf(keys).length > 0);
}

/** The files as they are read: encrypted ones opened, with what is wrong with those that cannot be. Without `open` they stay what they are. */
export async function openFiles(
  files: ReadonlyMap<string, Buffer>,
  open: OpenEncrypted | undefined,
): Promise<{ contents: Map<string, Buffer>; problems: Problem[] }> {
  const contents = new Map(files);
  const problems: Problem[] = [];
  if (open === undefined) return { contents, problems };
  for (const [path, content] of files) {
    if (encryptedIn(path, content).length === 0) continue;
    const opened = await open(path, content);
    if ('content' in opened) contents.set(path, opened.content);
    else problems.push({ path, message: opened.problem });
  }
  return { contents, problems };
}
