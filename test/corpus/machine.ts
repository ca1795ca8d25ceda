import { type ChildProcess, execFile, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createGit, type Git, type GitCall, GitError } from '../../src/git/process.ts';
import { createRenderer, type Job, type Renderer, type Tool } from '../../src/git/render/renderer.ts';
import { createLog } from '../../src/log.ts';

/**
 * A small process that starts all others. A process is started by copying what its parent holds, which is nearly all that git
 * takes of a large one, such as one that runs tests. What runs there is Headgate's own git and renderer, and plain programs.
 */
export interface Machine {
  git: Git;
  renderer: Renderer;
  /** Rejects where the program ends with anything but 0. */
  run(program: string, args: readonly string[], call?: RunCall): Promise<Buffer>;
  /** Resolves once it has ended. */
  close(): Promise<void>;
}

export interface RunCall {
  input?: string | Buffer;
  /** Besides that of this process. */
  env?: Readonly<Record<string, string>>;
}

type Programs = Partial<Record<Tool, string>>;
type Asked =
  | { what: 'run'; program: string; args: readonly string[]; call: RunCall }
  | { what: 'git'; args: readonly string[]; call: GitCall | undefined }
  | { what: 'text'; args: readonly string[]; call: GitCall | undefined }
  | { what: 'availability'; tool: Tool }
  | { what: 'render'; job: Job };
type Answer = { id: number } & ({ value: unknown } | { error: string; git?: { code: number; stderr: string } });

const HERE = fileURLToPath(import.meta.url);
const MOST_BYTES = 64 * 1024 * 1024;

function execute(program: string, args: readonly string[], { input = '', env }: RunCall): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { maxBuffer: MOST_BYTES, encoding: 'buffer' as const, env: { ...process.env, ...env } };
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${program} ${args.join(' ')}: ${stderr}`));
      else resolve(stdout);
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

function serve(programs: Programs) {
  const git = createGit({ protocols: ['file'], environment: process.env });
  const renderer = createRenderer({ programs, environment: process.env, log: createLog({ level: 'silent' }) });
  const answer = (asked: Asked): Promise<unknown> => {
    if (asked.what === 'run') return execute(asked.program, asked.args, asked.call);
    if (asked.what === 'git') return git.run(asked.args, asked.call);
    if (asked.what === 'text') return git.text(asked.args, asked.call);
    return asked.what === 'availability' ? renderer.availability(asked.tool) : renderer.render(asked.job);
  };
  process.on('message', async ({ id, asked }: { id: number; asked: Asked }) => {
    const said = await answer(asked).then(
      (value): Answer => ({ id, value }),
      (error: Error): Answer => {
        const known = error instanceof GitError && { git: { code: error.code, stderr: error.stderr } };
        return { id, error: error.message, ...known };
      },
    );
    process.send?.(said);
  });
}

interface Waiting {
  resolve(value: never): void;
  reject(error: Error): void;
}

function hear(child: ChildProcess, waiting: Map<number, Waiting>) {
  child.on('message', (said: Answer) => {
    const one = waiting.get(said.id);
    waiting.delete(said.id);
    if ('value' in said) one?.resolve(said.value as never);
    else one?.reject(said.git ? new GitError(said.error, said.git) : new Error(said.error));
  });
  child.on('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error('the process that starts others has ended'));
  });
}

export function openMachine(programs: Programs): Machine {
  const child = fork(HERE, ['--serve', JSON.stringify(programs)], { serialization: 'advanced', execArgv: [] });
  const waiting = new Map<number, Waiting>();
  hear(child, waiting);
  let last = 0;
  const ask = <T>(asked: Asked): Promise<T> =>
    new Promise((resolve, reject) => {
      const id = ++last;
      waiting.set(id, { resolve, reject });
      child.send({ id, asked });
    });
  // A signal does not pass to another process; no clone here grows so that it would have to be stopped.
  const sendable = (call?: GitCall): GitCall | undefined => call && { ...call, signal: undefined };
  return {
    git: {
      run: (args, call) => ask({ what: 'git', args, call: sendable(call) }),
      text: (args, call) => ask({ what: 'text', args, call: sendable(call) }),
    },
    renderer: {
      availability: (tool) => ask({ what: 'availability', tool }),
      render: (job) => ask({ what: 'render', job }),
    },
    run: (program, args, call = {}) => ask({ what: 'run', program, args, call }),
    close: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.disconnect();
      }),
  };
}

if (process.argv[1] === HERE && process.argv[2] === '--serve') serve(JSON.parse(process.argv[3] ?? '{}') as Programs);
