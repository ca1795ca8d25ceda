import { readFileSync } from 'node:fs';

/** A real world that is up, as those see it who tell stories in it. Paths are absolute. */
export interface RealWorldState {
  /** For all that the world keeps; goes with the world. */
  folder: string;
  /** Of the process that holds the world and its network namespace. */
  pid: number;
  /** When it began, as `processBegin` tells: another process may have its number by now. */
  begin: string;
  /** May do everything. */
  kubeconfig: string;
  /** The ServiceAccount that deploy/ gives to the controller, and what deploy/ allows it. */
  controllerKubeconfig: string;
  apiServer: string;
  auditLog: string;
  prometheus: { url: string };
  /** Left out where the world was started without it. */
  gitea?: { url: string; admin: { name: string; token: string } };
  /** Where Envoy listens, and the Gateway that routes name as their parent. */
  gateway: { address: string; namespace: string; name: string };
  /** POST {"part": "etcd", "action": "kill" | "stop" | "start" | "pause" | "resume"}; answers when it is done. */
  control: string;
  parts: Record<
    string,
    {
      version: string;
      buildSeconds: number;
      startSeconds: number;
      binaries: Record<string, string>;
      /** Folders with files of its modules, by module. */
      files: Record<string, string>;
    }
  >;
}

/** When a process began, in ticks since the machine did; undefined where there is none of that number. */
export function processBegin(pid: number): string | undefined {
  try {
    const told = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Its second field is the program's name, which may hold anything.
    return told.slice(told.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

/** The world that HEADGATE_REAL_WORLD, a path, speaks of; undefined where there is none. */
export function readRealWorld(): RealWorldState | undefined {
  const path = process.env.HEADGATE_REAL_WORLD;
  return path ? (JSON.parse(readFileSync(path, 'utf8')) as RealWorldState) : undefined;
}

export type PartAction = 'kill' | 'stop' | 'start' | 'pause' | 'resume';

/** Breaks or mends a server of the world; resolves once that has happened. */
export async function actOn({ control }: RealWorldState, part: string, action: PartAction): Promise<void> {
  const answer = await fetch(control, { method: 'POST', body: JSON.stringify({ part, action }) });
  if (!answer.ok) throw new Error(`${action} ${part}: ${await answer.text()}`);
}
