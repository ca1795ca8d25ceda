/** The place where a story of the loop is played: the same in every world. */
import { parseAllDocuments } from 'yaml';
import type { KubeObject, Rollout } from '../../src/api/index.ts';
import type { KubeClient, Resource } from '../../src/kube/client.ts';
import * as resources from '../../src/kube/resources.ts';
import type { ControllerOptions } from './controller.ts';

/** The Prometheus that every story's templates name; each world knows where that is. */
export const PROMETHEUS = 'prometheus.monitoring.svc.cluster.local:9090';

/** What the gateway makes of a story's routes. */
export type GatewayAttitude = 'accepts' | 'refuses' | 'ignores';

/** The requests of a story's users so far. */
export interface Requests {
  /** By the tag of the image that answered. */
  served: Record<string, number>;
  /** Those that found no pod. */
  unserved: number;
}

/** What a story may say of the controller that starts: as `--observe-only`, and where it logs to. */
export type RestartOptions = Pick<ControllerOptions, 'observeOnly' | 'log'>;

/** A cluster with a controller, and users who send some twenty requests a second to the host of each of its routes. */
export interface TestWorld {
  readonly name: 'sandbox' | 'real';
  /** Everything of the story is in here. */
  readonly namespace: string;
  /** A person with every right. */
  readonly client: KubeClient;
  /** The parent of every route. */
  readonly gateway: { namespace: string; name: string };
  /** Of the story alone; the controller may read and write the Git repositories below. */
  readonly folder: string;
  /** Seconds for which a quiet world is watched. */
  readonly longQuiet: number;
  /** Creates every document of a YAML text, in the story's namespace. */
  create(yaml: string): Promise<void>;
  rollout(name: string): Promise<Rollout>;
  /** Throws where there is none. */
  get<T extends KubeObject>(resource: Resource<T>, name: string): Promise<T>;
  list<T extends KubeObject>(resource: Resource<T>): Promise<T[]>;
  /** A merge patch. */
  patch<T extends KubeObject>(resource: Resource<T>, name: string, change: object): Promise<T>;
  /** A person's merge patch of a Rollout's status. */
  patchStatus(name: string, status: object): Promise<void>;
  /** Changes the image of the Rollout's first container. */
  setImage(name: string, image: string): Promise<void>;
  /**
   * Lets time pass until the controller has seen the Rollout's spec as it is now and the condition holds; fails after
   * `seconds`. Every state that is written is looked at; the first that fits is answered.
   */
  until(name: string, condition: (rollout: Rollout) => boolean, seconds: number): Promise<Rollout>;
  /** Lets time pass until the check answers true; fails after `seconds`. */
  untilTrue(check: () => Promise<boolean>, seconds: number): Promise<void>;
  /** Lets time pass. */
  pass(seconds: number): Promise<void>;
  /** The controller ends without a word, and one with these options starts. */
  restart(options?: RestartOptions): Promise<void>;
  requests(): Requests;
  /** The tags of the images that answer such requests to the host of the route `shop` at this moment. */
  answers(request: { path?: string; headers?: Record<string, string> }): Promise<string[]>;
  /** What the controller has written so far, Events aside. */
  writes(): Promise<string[]>;
  /** What the controller asked for so far and the API server called malformed, forbidden or invalid. */
  refused(): Promise<string[]>;
  setGateway(attitude: GatewayAttitude): Promise<void>;
  /** Whether the controller can reach Prometheus. */
  setPrometheus(state: 'up' | 'down'): Promise<void>;
  /** Milliseconds since the epoch. */
  now(): number;
  stop(): Promise<void>;
}

/** One request of the controller, answered. */
interface Answered {
  verb: string;
  resource: string;
  path: string;
  code: number;
}

const WRITES = new Set(['create', 'update', 'patch', 'delete']);
const REFUSALS = new Set([400, 403, 405, 415, 422]);

/** What the stories ask of the list of the controller's requests. */
export function told(requests: Answered[]): { writes: string[]; refused: string[] } {
  const written = requests.filter(({ verb, resource }) => WRITES.has(verb) && resource !== 'events');
  return {
    writes: written.map(({ verb, path }) => `${verb} ${path}`),
    refused: requests.filter(({ code }) => REFUSALS.has(code)).map(({ code, verb, path }) => `${code} ${verb} ${path}`),
  };
}

function namespaced(group: string, version: string, plural: string, kind: string): Resource {
  return { group, version, plural, kind, namespaced: true };
}

export const podDisruptionBudgets = namespaced('policy', 'v1', 'poddisruptionbudgets', 'PodDisruptionBudget');

const RBAC = 'rbac.authorization.k8s.io';
const KINDS: ReadonlyMap<string, Resource> = new Map(
  [
    ...Object.values(resources),
    namespaced('', 'v1', 'serviceaccounts', 'ServiceAccount'),
    podDisruptionBudgets,
    {
      ...namespaced('apiextensions.k8s.io', 'v1', 'customresourcedefinitions', 'CustomResourceDefinition'),
      namespaced: false,
    },
    namespaced(RBAC, 'v1', 'roles', 'Role'),
    namespaced(RBAC, 'v1', 'rolebindings', 'RoleBinding'),
  ].map((resource) => [resource.kind, resource as Resource]),
);

function resourceOf(kind: string): Resource {
  const resource = KINDS.get(kind);
  if (!resource) throw new Error(`the worlds know no kind ${kind}: add it to test/worlds/world.ts`);
  return resource;
}

/** The part of every world that is only requests to its API server. */
export function throughClient(client: KubeClient, namespace: string) {
  const key = (resource: Resource, name: string) => (resource.namespaced ? { namespace, name } : { name });
  const get = async <T extends KubeObject>(resource: Resource<T>, name: string): Promise<T> => {
    const found = await client.get(resource, key(resource, name));
    if (!found) throw new Error(`there is no ${resource.kind} ${name}`);
    return found;
  };
  const patch = <T extends KubeObject>(resource: Resource<T>, name: string, body: object) =>
    client.patch(resource, key(resource, name), { type: 'merge', body });
  const rollout = (name: string) => get(resources.rollouts, name);
  return {
    get,
    patch,
    rollout,
    list: <T extends KubeObject>(resource: Resource<T>) => client.list(resource, { namespace }),
    async create(yaml: string) {
      for (const document of parseAllDocuments(yaml)) {
        const object = document.toJS() as KubeObject & { kind: string };
        const resource = resourceOf(object.kind);
        const metadata = { ...(resource.namespaced && { namespace }), ...object.metadata };
        await client.create(resource, { ...object, metadata });
      }
    },
    async patchStatus(name: string, status: object) {
      const options = { type: 'merge', subresource: 'status', body: { status } } as const;
      await client.patch(resources.rollouts, { namespace, name }, options);
    },
    async setImage(name: string, image: string) {
      const [first, ...rest] = (await rollout(name)).spec.template?.spec?.containers ?? [];
      const containers = [{ ...first, image }, ...rest];
      await patch(resources.rollouts, name, { spec: { template: { spec: { containers } } } });
    },
  };
}

/** Whether the condition holds, told by a controller that has seen the spec as it is now. */
export function holds(rollout: Rollout | undefined, condition: (rollout: Rollout) => boolean): rollout is Rollout {
  const generation = String(rollout?.metadata.generation);
  return rollout?.status?.observedGeneration === generation && condition(rollout);
}

export function notYet(rollout: Rollout | undefined, seconds: number): Error {
  const { generation } = rollout?.metadata ?? {};
  return new Error(
    `after ${seconds} s, generation ${generation} stands so: ${JSON.stringify(rollout?.status, undefined, 1)}`,
  );
}

export function notTrue(check: () => unknown, seconds: number): Error {
  return new Error(`after ${seconds} s this was still not so: ${check}`);
}
