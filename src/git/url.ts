import { realpath } from 'node:fs/promises';
import { isAbsolute, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Stalled } from '../errors.ts';
import { canonicalSsh, sshAddress, sshProblem, sshUrl } from './ssh-address.ts';

/** A repository's address, checked. */
export interface RepositoryLocation {
  kind: 'https' | 'ssh' | 'local';
  /** What git is given: an https or ssh URL, `user@host:path`, or the real path of a local repository. */
  url: string;
  /** One spelling per repository: for comparing and for keys. */
  canonical: string;
  /** Who is dialled; a host in lower case, without brackets. Undefined for a local repository. */
  server?: { host: string; port: number };
}

export interface LocationRules {
  /** Folders, by real path, below which local repositories may lie. */
  localRoots: readonly string[];
  /** Hosts, by name or IP address, that may be spoken to without TLS: credentials and contents are then open to the network. */
  plainHttpHosts?: readonly string[];
}

const ALLOWED =
  'Allowed are https://host/path, ssh://user@host/path, user@host:path, and a path or file:// URL below a folder given with --local-repositories.';

/** A text in which addresses have lost their credentials. */
export function withoutCredentials(text: string): string {
  return text.replace(/\/\/[^\s/@]*@/g, (found, at: number) =>
    // The user of an ssh address is part of it, and no secret by itself.
    /ssh:$/i.test(text.slice(0, at)) && !found.includes(':') ? found : '//[redacted]@',
  );
}

function refuse(text: string, why: string): Stalled {
  const shown = JSON.stringify(withoutCredentials(text).slice(0, 200));
  return new Stalled('InvalidRepository', `repository ${shown} ${why}. ${ALLOWED}`);
}

function hasControlCharacter(text: string): boolean {
  return [...text].some((character) => character <= ' ' || character === '\u007f' || character === '\\');
}

function refuseWhatGitWouldMisread(text: string) {
  if (text === '') throw refuse(text, 'is empty');
  if (text.startsWith('-')) throw refuse(text, 'begins with "-", which git would read as an option');
  if (/^[A-Za-z0-9+.-]+::/.test(text)) throw refuse(text, 'names a transport helper ("::"), which runs a program');
  if (hasControlCharacter(text)) throw refuse(text, 'holds a space, a line break, a backslash or a control character');
}

/** A text without the slashes at its end. No pattern: one looks at every slash of a long row of them anew. */
function withoutEndSlashes(text: string): string {
  let end = text.length;
  while (text[end - 1] === '/') end--;
  return text.slice(0, end);
}

/** A text without the slashes around it. */
export function withoutSlashes(text: string): string {
  let start = 0;
  while (text[start] === '/') start++;
  return withoutEndSlashes(text.slice(start));
}

/**
 * One spelling for all the ways to write the same address: lower-case host, no port that is the default, no `.git` and
 * no trailing slash; an ssh address that a hosting service serves as an https one, too, is spelled as that. Text that is no
 * address comes back trimmed of these endings only.
 */
export function canonicalRepository(text: string): string {
  const bare = withoutEndSlashes(withoutEndSlashes(text).replace(/\.git$/, ''));
  const overSsh = sshAddress(bare);
  if (overSsh) return canonicalSsh(overSsh);
  if (!/^https?:\/\//i.test(bare)) return bare.replace(/^file:\/\//, '');
  const url = URL.parse(bare);
  if (!url) return bare;
  return withoutEndSlashes(`${url.protocol}//${url.host}${url.pathname}`);
}

function remote(text: string, rules: LocationRules): RepositoryLocation {
  const url = URL.parse(text);
  if (!url) throw refuse(text, 'is not a URL');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const mayBePlain = rules.plainHttpHosts?.includes(host) === true;
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && mayBePlain))
    throw refuse(text, `uses ${url.protocol}//, which is not supported`);
  if (url.username || url.password) throw refuse(text, "holds credentials; put them into the policy's secret instead");
  if (url.search || url.hash) throw refuse(text, 'holds a query or a fragment');
  if (url.pathname === '/') throw refuse(text, 'names a host, but no repository on it');
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  return { kind: 'https', url: url.href, canonical: canonicalRepository(text), server: { host, port } };
}

function secure(text: string): RepositoryLocation {
  if (/^ssh:\/\/[^/@]*:[^/]*@/i.test(text))
    throw refuse(text, 'holds a password; only keys are used, from the key identity of a Secret');
  const address = sshAddress(text);
  const wrong = address ? sshProblem(address) : 'is not an ssh address';
  if (!address || wrong !== undefined) throw refuse(text, wrong ?? '');
  const { host, port } = address;
  return { kind: 'ssh', url: sshUrl(address), canonical: canonicalRepository(text), server: { host, port } };
}

function localPath(text: string): string {
  if (!text.startsWith('file:')) return text;
  try {
    return fileURLToPath(text);
  } catch {
    throw refuse(text, 'is not a file URL with an absolute path on this machine');
  }
}

async function local(text: string, rules: LocationRules): Promise<RepositoryLocation> {
  const path = localPath(text);
  if (rules.localRoots.length === 0) throw refuse(text, 'is local, and no folder for local repositories is configured');
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined) throw refuse(text, 'is not there');
  const roots = await Promise.all(rules.localRoots.map((root) => realpath(root).catch(() => undefined)));
  const inside = roots.some(
    (root) => root !== undefined && (real === root || real.startsWith(root.replace(/\/$/, '') + sep)),
  );
  if (!inside) throw refuse(text, `does not lie below ${rules.localRoots.join(' or ')}`);
  return { kind: 'local', url: real, canonical: canonicalRepository(real) };
}

/** Checks an address that a person wrote. Throws `Stalled` that says what is wrong and what is allowed. */
export async function locateRepository(text: string, rules: LocationRules): Promise<RepositoryLocation> {
  refuseWhatGitWouldMisread(text);
  if (isAbsolute(text) || text.startsWith('file:')) return local(text, rules);
  if (/^ssh:\/\//i.test(text) || sshAddress(text)) return secure(text);
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(text)) return remote(text, rules);
  throw refuse(text, 'is neither an https or ssh address nor an absolute path');
}

/** Checks a branch's name the way git does. Throws `Stalled`. */
export function checkBranch(branch: string): string {
  const bad =
    branch === '' ||
    branch.length > 244 ||
    /^[-/.]|[/.]$|\.\.|\/\/|\/\.|@\{|\.lock(?:\/|$)|[~^:?*[\\]/.test(branch) ||
    branch === '@' ||
    hasControlCharacter(branch);
  if (bad)
    throw new Stalled('InvalidBranch', `branch ${JSON.stringify(branch.slice(0, 200))} is not a valid branch name.`);
  return branch;
}

/** A folder's path inside a repository in its one spelling: without slashes around it, '' for the root. Nothing is checked. */
export function barePath(path: string): string {
  return withoutSlashes(path.replace(/^\.\//, '').replace(/^\.$/, ''));
}

/** Checks a folder's path inside a repository; answers its one spelling. Throws `Stalled`. */
export function checkPath(path: string): string {
  const clean = barePath(path);
  const parts = clean === '' ? [] : clean.split('/');
  const leaves = parts.some((part) => part === '' || part === '.' || part === '..' || part.toLowerCase() === '.git');
  if (leaves || hasControlCharacter(clean.replaceAll(' ', '_'))) {
    throw new Stalled(
      'InvalidPath',
      `path ${JSON.stringify(path.slice(0, 200))} does not name a folder inside the repository. Allowed are paths such as apps/shop, without "..", ".git" or backslashes.`,
    );
  }
  return parts.join('/');
}
