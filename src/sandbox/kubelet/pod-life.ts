import type { Condition, Pod } from '../../api/kubernetes.ts';
import { condition, fraction, timestamp } from '../workloads/objects.ts';
import { type Exit, exitOf, isTriedAgain } from './exit.ts';
import type { KubeletSettings } from './settings.ts';
import type { PodStatus } from './status.ts';

/** What a pod's status should be at a moment, and when that will next be something else (world time, milliseconds). */
export interface Moment {
  status: PodStatus;
  /** Whether its containers run and stay. */
  serves: boolean;
  next?: number;
}

export interface PodBirth {
  /** When a kubelet first saw it, world time in milliseconds. */
  seen: number;
  /** When its containers start or started. */
  started: number;
  ip: string;
}

type ContainerDetail = { ready: boolean; restartCount: number; state: object; lastState?: object };

const CRASH: Exit = { after: 1000, code: 1 };
/** What it takes to see that a container has ended, and to start it again. */
const RESTART = 1000;
const FIRST_BACK_OFF = 10_000;
const LONGEST_BACK_OFF = 300_000;
/** To a container that has run for so long, no earlier crash is held against it. */
const FORGIVEN = 600_000;

/** Begins now, unless an earlier kubelet has begun with this pod and said so in its status. */
export function birthOf({ metadata, status }: Pod, ip: string, now: number, settings: KubeletSettings): PodBirth {
  const { least, most } = settings.startDelay;
  const seen = status?.startTime ? Date.parse(status.startTime) : now;
  const [container] = status?.containerStatuses ?? [];
  // Of one that was restarted, this would be the latest start, not the first.
  const running = container?.restartCount === 0 ? (container.state?.running as { startedAt?: string }) : undefined;
  const delay = least + Math.floor(fraction(metadata.name) * (most - least + 1));
  return { seen, started: running?.startedAt ? Date.parse(running.startedAt) : seen + delay, ip };
}

/** The whole life of a pod as a function of time. */
export function podAt(pod: Pod, birth: PodBirth, now: number, settings: KubeletSettings): Moment {
  if (now < birth.started) {
    return { status: waiting(pod, birth, { reason: 'ContainerCreating' }), serves: false, next: birth.started };
  }
  const broken = pod.spec.containers.map(({ image = '' }) => settings.start(image)).find((each) => each !== 'starts');
  if (broken === 'cannotPull') {
    const message = `Back-off pulling image "${pod.spec.containers[0]?.image}"`;
    return { status: waiting(pod, birth, { reason: 'ImagePullBackOff', message }), serves: false };
  }
  const exit = broken === 'crashes' ? CRASH : exitOf(pod);
  if (exit && !isTriedAgain(pod, exit)) return finishing(pod, birth, exit, now);
  // What crashes never gets as far as being ready; what ends is ready until then, unless a probe says otherwise.
  if (exit) return failing(pod, birth, exit, now, broken === 'crashes' ? exit.after : readinessDelay(pod));
  return serving(pod, birth, now);
}

/** The last status of a pod that was deleted: its containers have ended. */
export function stopped(pod: Pod, { started, ...birth }: PodBirth, now: number): PodStatus {
  const ends = pod.spec.restartPolicy === 'Never' || pod.spec.restartPolicy === 'OnFailure';
  const code = ends ? 143 : 0;
  return {
    ...base(pod, { ...birth, started }, code === 0 ? 'Succeeded' : 'Failed'),
    conditions: conditions(pod, false, 'PodCompleted'),
    containerStatuses: containers(pod, { ready: false, restartCount: 0, state: terminated(code, started, now) }),
  };
}

function serving(pod: Pod, birth: PodBirth, now: number): Moment {
  const readyAt = birth.started + readinessDelay(pod);
  const ready = now >= readyAt;
  return { status: running(pod, birth, ready), serves: true, ...(!ready && { next: readyAt }) };
}

function readinessDelay(pod: Pod): number {
  const delays = pod.spec.containers.map((container) => {
    const probe = container.readinessProbe as { initialDelaySeconds?: number } | undefined;
    return (probe?.initialDelaySeconds ?? 0) * 1000;
  });
  return Math.max(0, ...delays);
}

/** A pod is ready when its containers are and everyone named in its readiness gates agrees. */
function conditions(pod: Pod, ready: boolean, why: string): Condition[] {
  const gates = (pod.spec.readinessGates ?? []) as { conditionType: string }[];
  const closed = gates.find(({ conditionType }) => condition(pod, conditionType)?.status !== 'True');
  const gate = closed && {
    reason: 'ReadinessGatesNotReady',
    message: `corresponding condition of pod readiness gate "${closed.conditionType}" is not True.`,
  };
  const refused = ready ? gate : { reason: why };
  return [
    { type: 'PodScheduled', status: 'True' },
    { type: 'Initialized', status: 'True' },
    { type: 'ContainersReady', status: ready ? 'True' : 'False', ...(!ready && { reason: why }) },
    { type: 'Ready', status: refused ? 'False' : 'True', ...refused },
  ];
}

function containers(pod: Pod, detail: ContainerDetail) {
  const { ready, restartCount, state, lastState = {} } = detail;
  return pod.spec.containers.map(({ name, image = '' }) => ({
    ...{ name, image, imageID: image, ready, restartCount, state, lastState },
  }));
}

/** Init containers are taken to have done their work at once, sidecars among them to run. */
function initContainers(pod: Pod, started: number) {
  const all = (pod.spec.initContainers ?? []) as { name: string; image?: string; restartPolicy?: string }[];
  return all.map(({ name, image = '', restartPolicy }) => {
    const state = restartPolicy === 'Always' ? runningSince(started) : terminated(0, started, started);
    return { name, image, imageID: image, ready: true, restartCount: 0, state };
  });
}

function base(pod: Pod, { seen, started, ip }: PodBirth, phase: string): PodStatus {
  const init = initContainers(pod, started);
  return {
    phase,
    startTime: timestamp(seen),
    podIP: ip,
    podIPs: [{ ip }],
    ...(init.length > 0 && { initContainerStatuses: init }),
  };
}

function runningSince(time: number) {
  return { running: { startedAt: timestamp(time) } };
}

function terminated(code: number, from: number, to: number) {
  const reason = code === 0 ? 'Completed' : 'Error';
  return { terminated: { reason, exitCode: code, startedAt: timestamp(from), finishedAt: timestamp(to) } };
}

function waiting(pod: Pod, { seen, ip }: PodBirth, why: { reason: string; message?: string }): PodStatus {
  return {
    phase: 'Pending',
    startTime: timestamp(seen),
    // The network comes before the image.
    ...(why.reason !== 'ContainerCreating' && { podIP: ip, podIPs: [{ ip }] }),
    conditions: conditions(pod, false, 'ContainersNotReady'),
    containerStatuses: containers(pod, { ready: false, restartCount: 0, state: { waiting: why } }),
  };
}

function running(pod: Pod, birth: PodBirth, ready: boolean): PodStatus {
  return {
    ...base(pod, birth, 'Running'),
    conditions: conditions(pod, ready, 'ContainersNotReady'),
    containerStatuses: containers(pod, { ready, restartCount: 0, state: runningSince(birth.started) }),
  };
}

/** From a container's end to its next start. */
function pauseAfter(restarts: number, lived: number): number {
  if (restarts === 0 || lived >= FORGIVEN) return RESTART;
  return Math.min(FIRST_BACK_OFF * 2 ** (restarts - 1), LONGEST_BACK_OFF);
}

/**
 * Lives for a while, falls over, and is started again: at first at once, then after 10 s, 20 s, 40 s, up to five minutes.
 * `delay` in milliseconds.
 */
function failing(pod: Pod, birth: PodBirth, { after, code }: Exit, now: number, delay: number): Moment {
  let restarts = 0;
  let alive = birth.started;
  let pause = pauseAfter(restarts, after);
  let lastState = {};
  while (now >= alive + after + pause) {
    lastState = terminated(code, alive, alive + after);
    alive += after + pause;
    restarts++;
    pause = pauseAfter(restarts, after);
  }
  const fallen = now >= alive + after;
  const ready = !fallen && now >= alive + delay;
  const end = terminated(code, alive, alive + after);
  const message = 'back-off restarting failed container';
  const backsOff = { state: { waiting: { reason: 'CrashLoopBackOff', message } }, lastState: end };
  const states = pause > RESTART ? backsOff : { state: end, lastState };
  const status = {
    ...base(pod, birth, 'Running'),
    conditions: conditions(pod, ready, 'ContainersNotReady'),
    containerStatuses: containers(pod, {
      ready,
      restartCount: restarts,
      ...(fallen ? states : { state: runningSince(alive), lastState }),
    }),
  };
  const changes = [alive + delay, alive + after, alive + after + pause];
  return { status, serves: ready, next: Math.min(...changes.filter((time) => time > now)) };
}

function finishing(pod: Pod, birth: PodBirth, { after, code }: Exit, now: number): Moment {
  const end = birth.started + after;
  if (now < end) return { status: running(pod, birth, true), serves: false, next: end };
  const status = {
    ...base(pod, birth, code === 0 ? 'Succeeded' : 'Failed'),
    conditions: conditions(pod, false, 'PodCompleted'),
    containerStatuses: containers(pod, {
      ready: false,
      restartCount: 0,
      state: terminated(code, birth.started, end),
    }),
  };
  return { status, serves: false };
}
