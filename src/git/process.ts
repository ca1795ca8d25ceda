import type { Clock } from '../clock.ts';
import { redact } from '../errors.ts';
import { startChild } from '../programs/starter.ts';
import { withoutCredentials } from './url.ts';

const MiB = 1024 * 1024;
const DEFAULT_TIMEOUT_MILLISECONDS = 60_000;
const DEFAULT_OUTPUT_BYTES = 32 * MiB;
const MESSAGE_CHARACTERS = 2_000;

export interface GitResult {
  /** The exit code; -1 where the process was ended by a signal. */
  code: number;
  stdout: Buffer;
  /** Without secrets, at most 2,000 characters. */
  stderr: string;
}

export interface GitCall {
  /** The bare repository. Left out only for calls that need none. */
  gitDir?: string | undefined;
  input?: string | Buffer;
  /** Further configuration, handed over in the environment, never on the command line: secrets may be in it. */
  config?: Readonly<Record<string, string>> | undefined;
  /** Further environment, such as GIT_INDEX_FILE or an author's date. */
  env?: Readonly<Record<string, string>>;
  /** Texts that must not appear in any error. */
  secrets?: readonly string[] | undefined;
  timeoutMilliseconds?: number;
  maxOutputBytes?: number;
  /** Stops it. */
  signal?: AbortSignal | undefined;
}

/** The one way to call git. `run` answers whatever the exit code is; `text` throws `GitError` unless it is 0. */
export interface Git {
  run(args: readonly string[], call?: GitCall): Promise<GitResult>;
  text(args: readonly string[], call?: GitCall): Promise<string>;
}

export interface GitOptions {
  /** Transports that git may use, as in GIT_ALLOW_PROTOCOL. */
  protocols: readonly ('https' | 'http' | 'ssh' | 'file')[];
  /** Held while a call runs, so that virtual time waits for it. */
  clock?: Clock | undefined;
  /** The process's own environment; of it git gets where programs and certificates are, and nothing else. */
  environment: Readonly<Record<string, string | undefined>>;
  /** The program. */
  program?: string;
}

/** Both in one: of what both say, the later one's word; the secrets of both. */
export function mergedCall(one: GitCall, other: GitCall): GitCall {
  return {
    ...one,
    ...other,
    config: { ...one.config, ...other.config },
    env: { ...one.env, ...other.env },
    secrets: [...(one.secrets ?? []), ...(other.secrets ?? [])],
  };
}

/** git could not be run, was stopped, or answered with an exit code that was not expected. */
export class GitError extends Error {
  readonly code: number;
  readonly stderr: string;
  /** Whether it was stopped because it took too long. */
  readonly timedOut: boolean;

  constructor(message: string, { code = -1, stderr = '', timedOut = false }: Partial<GitError> = {}) {
    super(message);
    this.name = 'GitError';
    this.code = code;
    this.stderr = stderr;
    this.timedOut = timedOut;
  }
}

/** Nothing from the machine or the user's home may change what git does, and nothing in a repository may run. */
const FIXED_CONFIG = {
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.symlinks': 'false',
  'core.quotePath': 'false',
  'credential.helper': '',
  'gc.auto': '0',
  'http.followRedirects': 'false',
  'http.lowSpeedLimit': '1000',
  'http.lowSpeedTime': '30',
  'i18n.logOutputEncoding': 'UTF-8',
  'log.showSignature': 'false',
  'maintenance.auto': 'false',
  'merge.renames': 'false',
  'merge.directoryRenames': 'false',
  'merge.conflictStyle': 'merge',
  'protocol.version': '2',
  'safe.bareRepository': 'explicit',
  'safe.directory': '*',
  'submodule.recurse': 'false',
  'transfer.fsckObjects': 'true',
  'push.gpgSign': 'false',
  'commit.gpgSign': 'false',
} as const;

const INHERITED = ['PATH', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'GIT_SSL_CAINFO', 'TMPDIR', 'SystemRoot'];

function environmentOf({ protocols, environment: own }: GitOptions, call: GitCall): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const name of INHERITED) {
    const value = own[name];
    if (value !== undefined) environment[name] = value;
  }
  const config = Object.entries({ ...FIXED_CONFIG, ...call.config });
  config.forEach(([key, value], index) => {
    environment[`GIT_CONFIG_KEY_${index}`] = key;
    environment[`GIT_CONFIG_VALUE_${index}`] = value;
  });
  return {
    ...environment,
    GIT_CONFIG_COUNT: String(config.length),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    SSH_ASKPASS: '/bin/false',
    GIT_SSH_COMMAND: '/bin/false',
    GIT_ALLOW_PROTOCOL: protocols.join(':'),
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_OPTIONAL_LOCKS: '0',
    HOME: '/nonexistent',
    LC_ALL: 'C',
    TZ: 'UTC',
    ...call.env,
  };
}

async function execute(program: string, args: readonly string[], env: Record<string, string>, call: GitCall) {
  const { input, timeoutMilliseconds = DEFAULT_TIMEOUT_MILLISECONDS, maxOutputBytes = DEFAULT_OUTPUT_BYTES } = call;
  const limits = { timeoutMilliseconds, maxOutputBytes, signal: call.signal };
  const result = await startChild(program, { args, env, cwd: '/', input, ...limits }).catch((error: Error) => {
    throw new GitError(`git cannot be run: ${error.message}. Headgate needs git 2.38 or later on its PATH.`);
  });
  const { code, stdout, stopped } = result;
  const stderr = withoutCredentials(redact(result.stderr, call.secrets ?? []))
    .trim()
    .slice(0, MESSAGE_CHARACTERS);
  if (!stopped) return { code, stdout, stderr };
  const name = `git ${args.find((arg) => /^[a-z]/.test(arg)) ?? ''}`.trim();
  throw new GitError(`${name} ${stopped.why} and was stopped.`, { stderr, timedOut: stopped.timedOut });
}

/** What git has said; throws `GitError` where it has failed. */
export function textOf(args: readonly string[], { code, stdout, stderr }: GitResult): string {
  if (code !== 0) throw new GitError(`git ${args[0]} failed (${code}): ${stderr}`, { code, stderr });
  return stdout.toString('utf8');
}

export function createGit(options: GitOptions): Git {
  const { clock, program = 'git' } = options;
  const run: Git['run'] = async (args, call = {}) => {
    const idle = clock?.busy();
    const argv = call.gitDir === undefined ? args : [`--git-dir=${call.gitDir}`, ...args];
    try {
      return await execute(program, argv, environmentOf(options, call), call);
    } finally {
      idle?.();
    }
  };
  return {
    run,
    text: async (args, call) => textOf(args, await run(args, call)),
  };
}

const OBJECT_ID = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

/** Whether the text is a whole object id, the only spelling of a commit that is handed to git. */
export function isObjectId(text: string): boolean {
  return OBJECT_ID.test(text);
}
