import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

const MiB = 1024 * 1024;
/** Of addresses, of which a Go program reserves far more than it uses, and of memory that it writes to. */
const MOST_ADDRESS_BYTES = 2048 * MiB;
const MOST_DATA_BYTES = 512 * MiB;
/** Go's own collector tries to stay below. */
const GO_MEMORY = '384MiB';
const MOST_PROCESSOR_SECONDS = 60;
/** Nothing listens there: whatever is asked of it is refused at once. */
const DEAD_PROXY = 'http://127.0.0.1:1';

/** The part of a command line before the program, which takes something away from it. */
export interface Wrapper {
  /** What it takes away, for the log. */
  limits: 'memory' | 'network' | 'privileges';
  program: string;
  args: readonly string[];
}

const WRAPPERS: readonly Wrapper[] = [
  {
    limits: 'memory',
    program: 'prlimit',
    args: [
      `--as=${MOST_ADDRESS_BYTES}`,
      `--data=${MOST_DATA_BYTES}`,
      `--cpu=${MOST_PROCESSOR_SECONDS}`,
      '--core=0',
      '--',
    ],
  },
  // A user namespace lets anyone have a network of his own; where they are forbidden, only root may.
  { limits: 'network', program: 'unshare', args: ['--user', '--map-current-user', '--net', '--'] },
  { limits: 'network', program: 'unshare', args: ['--net', '--'] },
  { limits: 'privileges', program: 'setpriv', args: ['--no-new-privs', '--'] },
];

type Environment = Readonly<Record<string, string | undefined>>;

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** The whole path of a program: itself where it is one, else the first on the PATH. */
export async function locateProgram(name: string, { PATH = '' }: Environment): Promise<string | undefined> {
  const paths = isAbsolute(name)
    ? [name]
    : PATH.split(delimiter)
        .filter(isAbsolute)
        .map((each) => join(each, name));
  for (const path of paths) if (await isExecutable(path)) return path;
  return undefined;
}

/**
 * The environment of a program that renders: nothing of the machine's, no credentials, no search path, every folder of its own
 * below `home`.
 */
export function isolatedEnvironment(home: string): Record<string, string> {
  return {
    HOME: home,
    TMPDIR: home,
    PATH: join(home, 'no-programs'),
    LC_ALL: 'C',
    TZ: 'UTC',
    GOMEMLIMIT: GO_MEMORY,
    GOMAXPROCS: '2',
    HTTP_PROXY: DEAD_PROXY,
    HTTPS_PROXY: DEAD_PROXY,
    http_proxy: DEAD_PROXY,
    https_proxy: DEAD_PROXY,
    ALL_PROXY: DEAD_PROXY,
    NO_PROXY: '',
    GIT_ALLOW_PROTOCOL: '',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_CACHE_HOME: join(home, 'cache'),
    XDG_DATA_HOME: join(home, 'data'),
    KUBECONFIG: join(home, 'no-cluster'),
    KUSTOMIZE_PLUGIN_HOME: join(home, 'no-plugins'),
    HELM_PLUGINS: join(home, 'no-plugins'),
    HELM_NO_PLUGINS: '1',
    SOPS_DISABLE_VERSION_CHECK: '1',
  };
}

/** A command line: the program, and what comes before it. */
export function wrapped(wrappers: readonly Wrapper[], program: string, args: readonly string[]) {
  const [first, ...line] = [...wrappers.flatMap((each) => [each.program, ...each.args]), program, ...args];
  return { program: first as string, args: line };
}

/** Those of the wrappers with which `works` holds, each kind once, from the outermost inwards. */
export async function usableWrappers(
  environment: Environment,
  works: (wrappers: readonly Wrapper[]) => Promise<boolean>,
): Promise<Wrapper[]> {
  const usable: Wrapper[] = [];
  for (const wrapper of WRAPPERS) {
    if (usable.some(({ limits }) => limits === wrapper.limits)) continue;
    const program = await locateProgram(wrapper.program, environment);
    const more = program === undefined ? undefined : [...usable, { ...wrapper, program }];
    if (more && (await works(more))) usable.push(...more.slice(usable.length));
  }
  return usable;
}
