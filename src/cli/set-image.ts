import type { Container } from '../api/index.ts';
import { rollouts } from '../kube/resources.ts';
import type { Cluster } from './cluster.ts';
import { readRollout } from './picture.ts';
import { clusterFlags, UsageError, type Verb, withCluster } from './verb.ts';
import { type Operation, patchWorkload, readWorkload, type Workload } from './workload.ts';

interface ImageChange {
  /** `*` stands for all. */
  container: string;
  image: string;
}

const MOST_ATTEMPTS = 5;

export const setImage: Verb = {
  name: 'set',
  noun: ['image'],
  operands: 'NAME CONTAINER=IMAGE...',
  completes: rollouts,
  summary: "change images in a Rollout's pod template; * as CONTAINER means all containers",
  flags: clusterFlags,
  async run(invocation) {
    const [name, ...changes] = invocation.names;
    if (name === undefined || changes.length === 0) {
      throw new UsageError('set image needs the name of a Rollout, and at least one CONTAINER=IMAGE', setImage);
    }
    const images = changes.map(changeOf);
    return withCluster(invocation, async (cluster) => {
      const { resource, name: changed } = await write(cluster, name, images);
      invocation.world.stdout(`${resource.kind.toLowerCase()} "${changed}" image updated\n`);
      return 0;
    });
  },
};

function changeOf(text: string): ImageChange {
  const [, container, image] = /^([^=]+)=([^=]+)$/.exec(text) ?? [];
  if (container !== undefined && image !== undefined) return { container, image };
  throw new UsageError(`"${text}" is not CONTAINER=IMAGE, as in web=registry.example/web:1.2.3`, setImage);
}

/** A template that others change meanwhile is read again: only the images named are changed in it. */
async function write(cluster: Cluster, rollout: string, changes: ImageChange[]): Promise<Workload> {
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
    const workload = await readWorkload(cluster, await readRollout(cluster, rollout));
    const operations = changes.flatMap((change) => operationsOf(workload, change));
    if (await patchWorkload(cluster, workload, operations)) return workload;
  }
  throw new Error(`others keep changing rollout "${rollout}", so nothing was written; try again`);
}

const lists = ['initContainers', 'containers', 'ephemeralContainers'];

function operationsOf({ template, pointer }: Workload, { container, image }: ImageChange): Operation[] {
  const containers = lists.flatMap((list) =>
    containersIn(template.spec?.[list]).map(({ name }, index) => ({
      name,
      path: `${pointer}/spec/${list}/${index}/image`,
    })),
  );
  const found = containers.filter(({ name }) => container === '*' || container === name);
  if (found.length > 0) return found.map(({ path }) => ({ op: 'add', path, value: image }));
  const known = [...new Set(containers.map(({ name }) => name))].join(', ') || 'none';
  throw new Error(`unable to find container named "${container}"; known are ${known}`);
}

function containersIn(list: unknown): Container[] {
  return Array.isArray(list) ? list : [];
}
