import { messageOf, Stalled, Waiting } from '../errors.ts';
import { type HttpProxy, Refused } from '../net/index.ts';
import { type Credentials, certificatesFile, sshKeys, writeCertificates } from './credentials.ts';
import { classifyFailure, repositoryError } from './failure.ts';
import { type Git, type GitCall, GitError, type GitResult, mergedCall } from './process.ts';
import { overSsh } from './ssh.ts';
import type { RepositoryLocation } from './url.ts';

const TIMEOUT_MILLISECONDS = 120_000;
/** Of a clone that brings in every content of its history. */
const WHOLE_TIMEOUT_MILLISECONDS = 600_000;
/** No tags, no clean-up in the background, nothing written beside the refs that were asked for. */
const FETCH = ['fetch', '--quiet', '--no-tags', '--no-auto-gc', '--no-write-fetch-head', '--no-recurse-submodules'];

/**
 * Where a connection to this host and port may go, as the dialer says it. Throws where it must not be reached: loopback,
 * link-local.
 */
export type LocateHost = (host: string, port: number) => Promise<{ addresses: string[]; port: number }>;

/** The administrator's proxy for an https or http address, where there is one. Throws where the address must not be reached. */
export type ProxyFor = (url: string) => HttpProxy | undefined;

export interface TransportOptions {
  git: Git;
  gitDir: string;
  location: RepositoryLocation;
  branch: string;
  credentials: Credentials;
  /** Where files lie that calls of git need: certificates. */
  cacheDir: string;
  locateHost?: LocateHost | undefined;
  proxyFor?: ProxyFor | undefined;
}

export interface PushReport {
  code: number;
  /** Porcelain. */
  stdout: string;
  stderr: string;
  timedOut: boolean;
}

/** All that is asked of the origin. Except for `push`, throws `Waiting` where the origin cannot be read. */
export interface Transport {
  /** What calls that may have to fetch contents by themselves need. */
  call(): GitCall;
  fetchBranch(signal: AbortSignal): Promise<void>;
  /** Brings in the commits of another branch, which gets no name here. */
  fetchOther(name: string, signal: AbortSignal): Promise<void>;
  fetchObjects(ids: readonly string[], signal: AbortSignal): Promise<void>;
  remoteRefs(patterns: readonly string[]): Promise<ReadonlyMap<string, string>>;
  defaultBranch(): Promise<string | undefined>;
  push(args: readonly string[], refs: readonly string[]): Promise<PushReport>;
}

/** The clone addresses of Bitbucket Data Center, which takes a token as a bearer token, or with the name of its owner. */
const TAKES_BEARER = /\/scm\/[^/]+\/[^/]+\/?$/;

/** What every call to this repository carries, besides what proves who we are. */
function fixedCall({ location, credentials, cacheDir, proxyFor }: TransportOptions): GitCall {
  if (location.kind !== 'https') return {};
  const { ca } = credentials;
  const proxy = checked(() => proxyFor?.(location.url));
  return {
    config: { ...(proxy && { 'http.proxy': proxy.url, 'http.proxyAuthMethod': 'basic' }) },
    // Git's own setting gives way to this variable, which the controller's environment may hold.
    env: ca === undefined ? {} : { GIT_SSL_CAINFO: certificatesFile(cacheDir, ca) },
    secrets: proxy?.secrets ?? [],
  };
}

/** What proves who we are. The header is bound to the repository's own address. */
function proving({ location, credentials }: TransportOptions, token: string | undefined): GitCall {
  if (location.kind !== 'https' || !token) return {};
  // Tokens that were got for a GitHub App are nobody's: a user's name in the Secret is not for them.
  const username = credentials.tokens ? undefined : credentials.username;
  const basic = Buffer.from(`${username ?? 'x-access-token'}:${token}`).toString('base64');
  const isBearer = username === undefined && !credentials.tokens && TAKES_BEARER.test(location.url);
  const authorization = isBearer ? `Bearer ${token}` : `Basic ${basic}`;
  return {
    config: { [`http.${location.url}.extraHeader`]: `Authorization: ${authorization}` },
    secrets: [token, basic],
  };
}

function refusal(error: unknown): unknown {
  return error instanceof Refused ? new Stalled('AddressRefused', error.message, { cause: error }) : error;
}

function checked<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw refusal(error);
  }
}

async function targetOf({ location, locateHost }: TransportOptions) {
  const { server } = location;
  if (!server || !locateHost) return undefined;
  try {
    return await locateHost(server.host, server.port);
  } catch (error) {
    if (error instanceof Refused) throw refusal(error);
    throw new Waiting('RepositoryUnreachable', messageOf(error), 30, { cause: error });
  }
}

/** Binds the transfer to addresses that were checked, so that a second look-up cannot answer otherwise. */
async function pinned(options: TransportOptions): Promise<GitCall> {
  const target = await targetOf(options);
  const { server } = options.location;
  if (!server || !target) return {};
  const { host, port } = server;
  const named = host.includes(':') ? `[${host}]` : host;
  if (target.port !== port) {
    throw new Stalled('AddressRefused', `${named}:${port} is sent to another port, which git cannot be told`);
  }
  return { config: { 'http.curloptResolve': `${named}:${port}:${target.addresses.join(',')}` } };
}

/** What is asked with all that it takes to reach the origin by the way that its address names. */
async function reach(
  options: TransportOptions,
  fixed: GitCall,
  ask: (call: GitCall) => Promise<GitResult>,
): Promise<GitResult> {
  const { location, credentials, cacheDir } = options;
  const { server, url } = location;
  if (location.kind === 'ssh' && server) {
    const keys = sshKeys(credentials, url);
    const { addresses: [address] = [], port = server.port } = (await targetOf(options)) ?? {};
    const target = address === undefined ? undefined : { address, port };
    return overSsh(keys, { ...server, target }, (call) => ask(mergedCall(fixed, call)));
  }
  const { ca } = credentials;
  if (location.kind === 'https' && ca !== undefined) await writeCertificates(certificatesFile(cacheDir, ca), ca);
  // Behind a proxy it is the proxy that looks a name up and connects.
  const isProxied = fixed.config?.['http.proxy'] !== undefined;
  return ask(isProxied ? fixed : mergedCall(fixed, await pinned(options)));
}

/**
 * Whether contents arrive only when they are read. Not over ssh: git itself may fetch what is missing at any time, and the key is
 * there for single calls only.
 */
export function isPartial({ kind }: RepositoryLocation): boolean {
  return kind === 'https';
}

/** Whether the server did not know who asks; not whether it let them. */
function isUnauthorized({ stderr }: GitResult): boolean {
  return /error: 401|authentication failed|could not read username/i.test(stderr);
}

/** By their names, from a listing. */
function refsIn(listed: string): ReadonlyMap<string, string> {
  const lines = listed.split('\n').map((line) => line.split('\t'));
  return new Map(lines.flatMap(([id, ref]) => (id && ref ? [[ref, id] as const] : [])));
}

export function createTransport(options: TransportOptions): Transport {
  const { git, gitDir, location, branch } = options;
  const fixed = fixedCall(options);
  const { tokens } = options.credentials;
  const filter = isPartial(location) ? ['--filter=blob:none'] : [];
  const cloning = isPartial(location) ? {} : { timeoutMilliseconds: WHOLE_TIMEOUT_MILLISECONDS };

  const askWith = (token: string | undefined, args: readonly string[], call: GitCall) => {
    const limits = { timeoutMilliseconds: TIMEOUT_MILLISECONDS };
    const always = mergedCall(fixed, proving(options, token));
    return reach(options, always, (way) => git.run(args, { ...limits, ...mergedCall(way, call), gitDir }));
  };
  /** A token that was got may be refused before its time: nothing was done then, and another one is asked with, once. */
  const ask = async (args: readonly string[], call: GitCall = {}) => {
    if (!tokens) return askWith(options.credentials.token, args, call);
    const token = await tokens.token();
    const result = await askWith(token, args, call);
    if (result.code === 0 || !isUnauthorized(result)) return result;
    return askWith(await tokens.renewed(token), args, call);
  };
  const explain = (error: unknown, about: string): unknown => {
    if (!(error instanceof GitError)) return error;
    const failure = classifyFailure(error);
    return failure ? repositoryError(failure, location.url, about, error) : error;
  };
  const demand = async (args: readonly string[], call?: GitCall, about = branch) => {
    try {
      const { code, stderr, stdout } = await ask(args, call);
      if (code !== 0) throw new GitError(`git ${args[0]} failed: ${stderr}`, { code, stderr });
      return stdout.toString('utf8');
    } catch (error) {
      throw explain(error, about);
    }
  };
  return {
    call: () => mergedCall(fixed, proving(options, tokens ? tokens.held() : options.credentials.token)),
    async fetchBranch(signal) {
      const refspec = `+refs/heads/${branch}:refs/heads/${branch}`;
      await demand([...FETCH, ...filter, '--end-of-options', 'origin', refspec], { ...cloning, signal });
    },
    async fetchOther(name, signal) {
      await demand(
        [...FETCH, ...filter, '--end-of-options', 'origin', `refs/heads/${name}`],
        { ...cloning, signal },
        name,
      );
    },
    async fetchObjects(ids, signal) {
      const config = { 'fetch.negotiationAlgorithm': 'noop' };
      const call = { input: ids.join('\n'), config, signal };
      await demand([...FETCH, ...filter, '--stdin', '--end-of-options', 'origin'], call);
    },
    async remoteRefs(patterns) {
      return refsIn(await demand(['ls-remote', '--refs', '--end-of-options', 'origin', ...patterns]));
    },
    async defaultBranch() {
      const listed = await demand(['ls-remote', '--symref', '--end-of-options', 'origin', 'HEAD']);
      return /^ref: refs\/heads\/(?<branch>\S+)\tHEAD$/m.exec(listed)?.groups?.branch;
    },
    async push(args, refs) {
      try {
        const answer = await ask([
          'push',
          '--porcelain',
          '--no-verify',
          ...args,
          '--end-of-options',
          'origin',
          ...refs,
        ]);
        return { code: answer.code, stdout: answer.stdout.toString('utf8'), stderr: answer.stderr, timedOut: false };
      } catch (error) {
        if (!(error instanceof GitError)) throw error;
        return { code: -1, stdout: '', stderr: error.message, timedOut: error.timedOut };
      }
    },
  };
}
