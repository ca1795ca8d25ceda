import type { Condition, Pod } from '../../api/kubernetes.ts';
import { fraction, timestamp } from './objects.ts';
import type { WorkloadSettings } from './settings.ts';

export type PodStatus = NonNullable<Pod['status']>;
type ContainerStatus = NonNullable<PodStatus['containerStatuses']>[number];

/** What a pod's status should be at a moment, and when that will next be something else (world time, milliseconds). */
export interface Moment {
  status: PodStatus;
  next?: number;
}

export interface PodBirth {
  /** When the kubelet first saw it, world time in milliseconds. */
  seen: number;
  ip: string;
}

const CRASH_AFTER = 1000;
const FIRST_BACK_OFF = 10_000;
const LONGEST_BACK_OFF = 300_000;

/** The whole life of a pod as a function of time. */
export function podAt(pod: Pod, { seen, ip }: PodBirth, now: number, settings: WorkloadSettings): Moment {
  const { least, most } = settings.startDelay;
  const started = seen + least + Math.floor(fraction(pod.metadata.name) * (most - least + 1));
  const scheduled = { conditionsAt: seen, ip };
  const broken = pod.spec.containers.map(({ image = '' }) => settings.start(image)).find((each) => each !== 'starts');
  if (now < started) return { status: waiting(pod, scheduled, 'ContainerCreating'), next: started };
  if (broken === 'cannotPull') return { status: waiting(pod, scheduled, 'ImagePullBackOff') };
  if (broken === 'crashes') return crashing(pod, { seen: started, ip }, now);
  const exit = exitOf(pod);
  if (exit) return finishing(pod, { started, ip, now, ...exit });
  const ready = started + readinessDelay(pod);
  const status = running(pod, { started, ip, readyAt: now >= ready ? ready : undefined });
  return now >= ready ? { status } : { status, next: ready };
}

function readinessDelay(pod: Pod): number {
  const delays = pod.spec.containers.map((container) => {
    const probe = container.readinessProbe as { initialDelaySeconds?: number } | undefined;
    return (probe?.initialDelaySeconds ?? 0) * 1000;
  });
  return Math.max(0, ...delays);
}

function conditions(scheduledAt: number, ready: boolean, changedAt: number): Condition[] {
  const at = (type: string, holds: boolean, time: number) => ({
    type,
    status: holds ? 'True' : 'False',
    lastTransitionTime: timestamp(time),
    ...(!holds && { reason: 'ContainersNotReady' }),
  });
  return [
    at('PodScheduled', true, scheduledAt),
    at('Initialized', true, scheduledAt),
    at('ContainersReady', ready, changedAt),
    at('Ready', ready, changedAt),
  ];
}

function containers(pod: Pod, detail: Omit<ContainerStatus, 'name' | 'image'>): ContainerStatus[] {
  return pod.spec.containers.map(({ name, image = '' }) => ({ name, image, imageID: image, ...detail }));
}

function waiting(pod: Pod, { conditionsAt, ip }: { conditionsAt: number; ip: string }, reason: string): PodStatus {
  const pulling = reason === 'ImagePullBackOff';
  const message = pulling ? { message: `Back-off pulling image "${pod.spec.containers[0]?.image}"` } : {};
  return {
    phase: 'Pending',
    startTime: timestamp(conditionsAt),
    ...(pulling && { podIP: ip }),
    conditions: conditions(conditionsAt, false, conditionsAt),
    containerStatuses: containers(pod, { ready: false, restartCount: 0, state: { waiting: { reason, ...message } } }),
  };
}

function running(
  pod: Pod,
  { started, ip, readyAt }: { started: number; ip: string; readyAt: number | undefined },
): PodStatus {
  const ready = readyAt !== undefined;
  return {
    phase: 'Running',
    startTime: timestamp(started),
    podIP: ip,
    conditions: conditions(started, ready, readyAt ?? started),
    containerStatuses: containers(pod, {
      ready,
      restartCount: 0,
      state: { running: { startedAt: timestamp(started) } },
    }),
  };
}

/** Lives one second, falls over, and is tried again after 10 s, 20 s, 40 s, up to five minutes. */
function crashing(pod: Pod, { seen, ip }: PodBirth, now: number): Moment {
  let restarts = 0;
  let alive = seen;
  const backOff = () => Math.min(FIRST_BACK_OFF * 2 ** restarts, LONGEST_BACK_OFF);
  while (now >= alive + CRASH_AFTER + backOff()) {
    alive += CRASH_AFTER + backOff();
    restarts++;
  }
  const fallen = now >= alive + CRASH_AFTER;
  const state = fallen
    ? { waiting: { reason: 'CrashLoopBackOff', message: 'back-off restarting failed container' } }
    : { running: { startedAt: timestamp(alive) } };
  const status = {
    phase: 'Running',
    startTime: timestamp(seen),
    podIP: ip,
    conditions: conditions(seen, false, seen),
    containerStatuses: containers(pod, { ready: false, restartCount: restarts, state }),
  };
  return { status, next: alive + CRASH_AFTER + (fallen ? backOff() : 0) };
}

interface Exit {
  code: number;
  /** Milliseconds. */
  after: number;
}

/** What a pod that runs to completion does: `sleep N` and `exit M` are looked for in its command. */
function exitOf(pod: Pod): Exit | undefined {
  if (pod.spec.restartPolicy !== 'Never' && pod.spec.restartPolicy !== 'OnFailure') return undefined;
  const [container] = pod.spec.containers;
  const words = [container?.command, container?.args].flat().filter((word) => typeof word === 'string');
  const text = words.join(' ');
  const [, seconds = '0'] = /\bsleep\s+(\d+(?:\.\d+)?)/.exec(text) ?? [];
  const [, code] = /\bexit\s+(\d+)/.exec(text) ?? [];
  return { after: Number(seconds) * 1000, code: Number(code ?? (/(?:^|[\s/])false$/.test(text) ? 1 : 0)) };
}

function finishing(pod: Pod, life: Exit & { started: number; ip: string; now: number }): Moment {
  const { started, ip, now, after, code } = life;
  const end = started + after;
  if (now < end) return { status: running(pod, { started, ip, readyAt: started }), next: end };
  const reason = code === 0 ? 'Completed' : 'Error';
  return {
    status: {
      phase: code === 0 ? 'Succeeded' : 'Failed',
      startTime: timestamp(started),
      podIP: ip,
      conditions: conditions(started, false, end),
      containerStatuses: containers(pod, {
        ready: false,
        restartCount: 0,
        state: { terminated: { reason, exitCode: code } },
      }),
    },
  };
}
