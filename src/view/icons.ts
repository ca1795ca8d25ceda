import type { Colour, Paint } from './text.ts';

const ok = '✔';
const bad = '✖';
const warning = '⚠';
const unknown = '?';
const progressing = '◌';
const waiting = '◷';
const paused = '॥';
const neutral = '•';

export const icons = { ok, bad, warning, unknown, progressing, waiting, paused, neutral };

/** What stands before an object's name, by its kind. */
export const kindIcons = {
  rollout: '⟳',
  revision: '#',
  replicaSet: '⧉',
  pod: '□',
  run: 'α',
  experiment: 'Σ',
  revert: '⎌',
};

const colours: Record<string, Colour> = {
  [ok]: 'green',
  [bad]: 'red',
  [warning]: 'red',
  [unknown]: 'yellow',
  [waiting]: 'yellow',
  [progressing]: 'blueBright',
};

const byStatus: Record<string, string> = {
  Healthy: ok,
  Running: ok,
  Completed: ok,
  Successful: ok,
  Done: ok,
  Degraded: bad,
  Failed: bad,
  ReplicaFailure: bad,
  CrashLoopBackOff: bad,
  InvalidImageName: bad,
  Error: warning,
  ImagePullBackOff: warning,
  RegistryUnavailable: warning,
  NeedsHuman: warning,
  Inconclusive: unknown,
  Unknown: unknown,
  Paused: paused,
  ScaledDown: neutral,
  Skipped: neutral,
  Vetoed: neutral,
  Superseded: neutral,
  DryRun: neutral,
  Progressing: progressing,
  Pending: progressing,
  Terminating: progressing,
  ContainerCreating: progressing,
};

/** The icon of a status word of any kind of object. A run that is Running is under way; a pod that is Running is well. */
export function statusIcon(status: string, underWay: readonly string[] = []): string {
  if (underWay.includes(status) || status.startsWith('Init:')) return progressing;
  if (status.startsWith('Signal:') || status.startsWith('ExitCode:')) return bad;
  return byStatus[status] ?? (status.endsWith('Error') || status.startsWith('Err') ? warning : ' ');
}

export function painted(icon: string, paint: Paint): string {
  return paint(colours[icon], icon);
}
