import { type ChildProcess, spawn } from 'node:child_process';

const STDERR_CHARACTERS = 64 * 1024;

export interface ChildCall {
  args: readonly string[];
  /** The whole environment: nothing is inherited. */
  env: Readonly<Record<string, string>>;
  cwd: string;
  input?: string | Buffer | undefined;
  timeoutMilliseconds: number;
  maxOutputBytes: number;
  /** Stops it; the reason says why, as in `took longer than 10 s`. */
  signal?: AbortSignal | undefined;
}

export interface ChildResult {
  /** The exit code; -1 where the process was ended by a signal. */
  code: number;
  stdout: Buffer;
  stderr: string;
  /** Why it had to be stopped, where it had to. */
  stopped?: { why: string; timedOut: boolean };
}

function killGroup(child: ChildProcess) {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}

/**
 * Runs a program by a fixed argument vector, within a time and an amount of output: whatever goes beyond is stopped with all
 * that it started. Rejects only where the program cannot be started.
 */
export function runChild(program: string, call: ChildCall): Promise<ChildResult> {
  const { args, env, cwd, timeoutMilliseconds, maxOutputBytes, signal } = call;
  return new Promise((resolve, reject) => {
    // In a group of its own, so that the helpers it starts end with it.
    const child = spawn(program, args, { env, cwd, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    const stdout: Buffer[] = [];
    let bytes = 0;
    let stderr = '';
    let stopped: ChildResult['stopped'];
    const stop = (why: string, timedOut = false) => {
      stopped ??= { why, timedOut };
      killGroup(child);
    };
    const timer = setTimeout(() => stop(`took longer than ${timeoutMilliseconds / 1000} s`, true), timeoutMilliseconds);
    const onAbort = () => stop(String(signal?.reason));
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort);
    const settled = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxOutputBytes) stop(`answered with more than ${maxOutputBytes} bytes`);
      else stdout.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      if (stderr.length < STDERR_CHARACTERS) stderr += chunk.toString('utf8');
    });
    child.on('error', (error) => {
      settled();
      reject(error);
    });
    child.on('close', (code) => {
      settled();
      resolve({ code: code ?? -1, stdout: Buffer.concat(stdout), stderr, ...(stopped && { stopped }) });
    });
    // A process that ends before it has read everything is reported by its exit code.
    child.stdin.on('error', () => {});
    child.stdin.end(call.input ?? '');
  });
}
