/** Addresses of repositories that are reached over ssh, in both spellings that git knows. */
import { isIPv6 } from 'node:net';

export interface SshAddress {
  user: string;
  /** In lower case, without brackets. */
  host: string;
  port: number;
  /** As the server is told it. What has no leading slash begins at the user's home. */
  path: string;
}

const DEFAULT_PORT = 22;
/** What hosting services have their users log in as. */
const DEFAULT_USER = 'git';
const URL_FORM = /^ssh:\/\/(?:([^/@:]*)@)?(\[[0-9a-f:.]+\]|[^/:@[\]]*)(?::(\d*))?(\/.*)$/i;
const SHORT_FORM = /^([^/@:\s]+)@([^/@:[\]]+):(?!\/\/)(.+)$/;
const HOST_NAME = /^[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?$/;
const USER_NAME = /^[A-Za-z0-9_][A-Za-z0-9._+-]*$/;
/** Owner and name, with groups or without: what a hosting service serves over ssh and https alike. */
const HOSTED_PATH = /^\/?[A-Za-z0-9_+-][A-Za-z0-9._+-]*(?:\/[A-Za-z0-9_+-][A-Za-z0-9._+-]*)+$/;

/** Reads `ssh://[user@]host[:port]/path` and `user@host:path`; undefined for any other text. Nothing is checked yet. */
export function sshAddress(text: string): SshAddress | undefined {
  const url = URL_FORM.exec(text);
  if (url) {
    const [, user = DEFAULT_USER, host = '', port = '', path = ''] = url;
    const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
    return { user, host: bare, port: port === '' ? DEFAULT_PORT : Number(port), path };
  }
  const [, user, host, path] = SHORT_FORM.exec(text) ?? [];
  if (user === undefined || host === undefined || path === undefined) return undefined;
  return { user, host: host.toLowerCase(), port: DEFAULT_PORT, path };
}

/** Why an address is not used; undefined where it is. */
export function sshProblem({ user, host, port, path }: SshAddress): string | undefined {
  if (host.startsWith('-') || path.startsWith('-') || user.startsWith('-'))
    return 'has a part that begins with "-", which ssh or git would read as an option';
  if (!HOST_NAME.test(host) && !isIPv6(host)) return 'names no host';
  if (!USER_NAME.test(user)) return 'names no user';
  if (port < 1 || port > 65_535) return 'names a port that is none: use 1 to 65535';
  if (/[?#]/.test(path)) return 'holds a query or a fragment';
  return /^\/*$/.test(path) ? 'names a host, but no repository on it' : undefined;
}

/** What git is given: a path from the user's home stays one. */
export function sshUrl({ user, host, port, path }: SshAddress): string {
  if (!path.startsWith('/')) return `${user}@${host}:${path}`;
  const named = isIPv6(host) ? `[${host}]` : host;
  return `ssh://${user}@${named}${port === DEFAULT_PORT ? '' : `:${port}`}${path}`;
}

/**
 * One spelling per repository. The user `git` at the usual port, with a path of owner and name, is a hosting service's way to say
 * what it serves at https://HOST/OWNER/NAME as well, and is spelled so. Any other user, port or path may be another repository
 * than the one of the same name on the web, and stays what it is.
 */
export function canonicalSsh(address: SshAddress): string {
  const { user, host, port, path } = address;
  const isHosted = user === DEFAULT_USER && port === DEFAULT_PORT && HOST_NAME.test(host) && HOSTED_PATH.test(path);
  return isHosted ? `https://${host}/${path.replace(/^\//, '')}` : sshUrl(address);
}
