import type { Rollout } from '../src/api/index.ts';
import type { KubeObject } from '../src/api/kubernetes.ts';
import { machineClock } from '../src/clock.ts';
import type { AuditEntry } from '../src/sandbox/api/index.ts';
import { createWorld, type World } from '../src/sandbox/world.ts';
import { type ApplicationOptions, application, image } from './manifests.ts';

/** A sandbox without users whose pods and routes are ready at once: only the controller takes time. */
export interface Stage extends World {
  install(options: ApplicationOptions): void;
  rollout(namespace: string, name: string): Rollout;
  release(namespace: string, name: string, revision: number): void;
  /** Resolves when the condition holds, looked at after every change of a Rollout; fails after so many seconds. */
  until(what: string, condition: () => boolean, seconds: number): Promise<void>;
}

function createObjects({ api: { store } }: World, options: ApplicationOptions): void {
  const { namespace } = options;
  if (!store.get('Namespace', undefined, namespace)) store.create('Namespace', { metadata: { name: namespace } });
  const { others, rollout } = application(options);
  for (const object of [...others, rollout]) store.create((object as KubeObject & { kind: string }).kind, object);
}

function until(world: World, what: string, condition: () => boolean, seconds: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let stopWatch = () => {};
    const end = (settle: () => void) => {
      clearTimeout(timer);
      stopWatch();
      settle();
    };
    const timer = setTimeout(() => end(() => reject(new Error(`after ${seconds} s: not ${what}`))), seconds * 1000);
    stopWatch = world.api.store.watch('Rollout', () => {
      if (condition()) end(resolve);
    });
    if (condition()) end(resolve);
  });
}

export async function createStage(auditLog?: (entry: AuditEntry) => void): Promise<Stage> {
  const world = await createWorld({
    clock: machineClock(),
    requestsPerSecond: 0,
    workloads: { startDelay: { least: 0, most: 0 }, stopDelay: 0, routeDelay: 0 },
    ...(auditLog && { auditLog }),
  });
  const { store } = world.api;
  // Where the controller's lease goes.
  store.create('Namespace', { metadata: { name: 'headgate' } });
  const rollout = (namespace: string, name: string) => {
    const found = store.get<Rollout>('Rollout', namespace, name);
    if (!found) throw new Error(`no Rollout ${namespace}/${name}`);
    return found;
  };
  return {
    ...world,
    rollout,
    install: (options) => createObjects(world, options),
    release(namespace, name, revision) {
      const [first] = rollout(namespace, name).spec.template?.spec?.containers ?? [];
      const containers = [{ ...first, image: image(revision) }];
      store.patch('Rollout', { namespace, name }, { spec: { template: { spec: { containers } } } });
    },
    until: (what, condition, seconds) => until(world, what, condition, seconds),
  };
}

export function isHealthy({ status }: Rollout): boolean {
  return status?.phase === 'Healthy';
}

/** In mid-canary with traffic on the new revision, waiting for a person, judged by a background analysis that has answers. */
export function isInMidCanary({ status }: Rollout): boolean {
  const { weights, currentBackgroundAnalysisRunStatus: run } = status?.canary ?? {};
  return status?.phase === 'Paused' && weights?.canary.weight === 50 && run?.status === 'Running';
}
