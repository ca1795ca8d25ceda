import { messageOf, Stalled, Waiting } from '../errors.ts';
import { Refused } from '../net/index.ts';
import { classifyFailure, repositoryError } from './failure.ts';
import { type Git, type GitCall, GitError } from './process.ts';
import type { RepositoryLocation } from './url.ts';

const TIMEOUT_MILLISECONDS = 120_000;
/** No tags, no clean-up in the background, nothing written beside the refs that were asked for. */
const FETCH = ['fetch', '--quiet', '--no-tags', '--no-auto-gc', '--no-write-fetch-head', '--no-recurse-submodules'];

export interface Credentials {
  token?: string | undefined;
  username?: string | undefined;
}

/**
 * Where a connection to this host and port may go, as the dialer says it. Throws where it must not be reached: loopback,
 * link-local.
 */
export type LocateHost = (host: string, port: number) => Promise<{ addresses: string[]; port: number }>;

export interface TransportOptions {
  git: Git;
  gitDir: string;
  location: RepositoryLocation;
  branch: string;
  credentials: Credentials;
  locateHost?: LocateHost | undefined;
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
  readonly call: GitCall;
  fetchBranch(): Promise<void>;
  fetchObjects(ids: readonly string[]): Promise<void>;
  remoteRef(ref: string): Promise<string | undefined>;
  defaultBranch(): Promise<string | undefined>;
  push(args: readonly string[], refs: readonly string[]): Promise<PushReport>;
}

/** The clone addresses of Bitbucket Data Center, which takes a token as a bearer token, or with the name of its owner. */
const TAKES_BEARER = /\/scm\/[^/]+\/[^/]+\/?$/;

/** What every call to this repository carries. The header is bound to the repository's own address. */
function callFor(location: RepositoryLocation, { token, username }: Credentials): GitCall {
  if (location.kind === 'local' || !token) return {};
  const basic = Buffer.from(`${username ?? 'x-access-token'}:${token}`).toString('base64');
  const isBearer = username === undefined && TAKES_BEARER.test(location.url);
  const authorization = isBearer ? `Bearer ${token}` : `Basic ${basic}`;
  return {
    config: { [`http.${location.url}.extraHeader`]: `Authorization: ${authorization}` },
    secrets: [token, basic],
  };
}

/** Binds the transfer to addresses that were checked, so that a second look-up cannot answer otherwise. */
async function pinned(location: RepositoryLocation, locateHost: LocateHost | undefined): Promise<GitCall['config']> {
  if (!locateHost || location.kind === 'local') return {};
  const { hostname, port, protocol } = new URL(location.url);
  const wanted = Number(port || (protocol === 'https:' ? 443 : 80));
  const target = await allowed(locateHost, hostname.replace(/^\[|\]$/g, ''), wanted);
  if (target.port !== wanted) {
    throw new Stalled('AddressRefused', `${hostname}:${wanted} is sent to another port, which git cannot be told`);
  }
  return { 'http.curloptResolve': `${hostname}:${wanted}:${target.addresses.join(',')}` };
}

async function allowed(locateHost: LocateHost, host: string, port: number) {
  try {
    return await locateHost(host, port);
  } catch (error) {
    if (error instanceof Refused) throw new Stalled('AddressRefused', error.message, { cause: error });
    throw new Waiting('RepositoryUnreachable', messageOf(error), 30, { cause: error });
  }
}

export function createTransport(options: TransportOptions): Transport {
  const { git, gitDir, location, branch, credentials, locateHost } = options;
  const fixed = callFor(location, credentials);
  const filter = location.kind === 'local' ? [] : ['--filter=blob:none'];

  const ask = async (args: readonly string[], call: GitCall = {}) => {
    const config = { ...fixed.config, ...(await pinned(location, locateHost)), ...call.config };
    return git.run(args, { ...fixed, timeoutMilliseconds: TIMEOUT_MILLISECONDS, ...call, gitDir, config });
  };
  const explain = (error: unknown): unknown => {
    if (!(error instanceof GitError)) return error;
    const failure = classifyFailure(error);
    return failure ? repositoryError(failure, location.url, branch, error) : error;
  };
  const demand = async (args: readonly string[], call?: GitCall) => {
    try {
      const { code, stderr, stdout } = await ask(args, call);
      if (code !== 0) throw new GitError(`git ${args[0]} failed: ${stderr}`, { code, stderr });
      return stdout.toString('utf8');
    } catch (error) {
      throw explain(error);
    }
  };
  return {
    call: fixed,
    async fetchBranch() {
      const refspec = `+refs/heads/${branch}:refs/heads/${branch}`;
      await demand([...FETCH, ...filter, '--end-of-options', 'origin', refspec]);
    },
    async fetchObjects(ids) {
      const config = { 'fetch.negotiationAlgorithm': 'noop' };
      await demand([...FETCH, ...filter, '--stdin', '--end-of-options', 'origin'], { input: ids.join('\n'), config });
    },
    async remoteRef(ref) {
      const listed = await demand(['ls-remote', '--refs', '--end-of-options', 'origin', ref]);
      return listed
        .split('\n')
        .find((line) => line.endsWith(`\t${ref}`))
        ?.split('\t')[0];
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
