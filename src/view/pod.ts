import type { Pod } from '../api/index.ts';

/** One word for how a pod is, and how many of its containers are ready, as kubectl shows them. */
export interface PodState {
  status: string;
  ready: string;
  restarts: number;
}

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];

export function podState(pod: Pod): PodState {
  const containers = pod.status?.containerStatuses ?? [];
  const ready = containers.filter((container) => container.ready && container.state?.running !== undefined);
  return {
    status: statusOf(pod, containers),
    ready: `${ready.length}/${pod.spec.containers.length}`,
    restarts: containers.reduce((sum, container) => sum + container.restartCount, 0),
  };
}

function statusOf(pod: Pod, containers: ContainerStatus[]): string {
  const { phase = 'Unknown', reason } = pod.status ?? {};
  if (pod.metadata.deletionTimestamp !== undefined) return reason === 'NodeLost' ? 'Unknown' : 'Terminating';
  const halted = containers.map(haltOf).find((halt) => halt !== undefined);
  const running = containers.some((container) => container.state?.running !== undefined);
  if (halted === 'Completed' && running) return 'Running';
  return halted ?? reason ?? phase;
}

function haltOf({ state }: ContainerStatus): string | undefined {
  if (state?.waiting?.reason) return state.waiting.reason;
  if (state?.terminated === undefined) return undefined;
  return state.terminated.reason || `ExitCode:${state.terminated.exitCode ?? 0}`;
}
