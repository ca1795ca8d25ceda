import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject, Rollout } from '../../src/api/index.ts';
import { gitSources, replicaSets, rollouts } from '../../src/kube/resources.ts';
import type { ApiServer } from '../../src/sandbox/api/index.ts';
import type { Loop } from './loop.ts';

/** How a loop stood at one moment: its repository, and the app in its cluster. Many loops may begin with it. */
export interface SavedLoop {
  /** A copy of the bare repository. */
  repository: string;
  url: string;
  objects: KubeObject[];
  forget(): Promise<void>;
}

function bared(object: KubeObject): KubeObject {
  const {
    resourceVersion: _,
    generation: __,
    creationTimestamp: ___,
    managedFields: ____,
    ...metadata
  } = object.metadata;
  return { ...structuredClone(object), metadata: structuredClone(metadata) };
}

export async function saveLoop({ bare, api, url }: Loop): Promise<SavedLoop> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-saved-'));
  const repository = join(folder, 'repo.git');
  await cp(bare.path, repository, { recursive: true });
  const kinds = [rollouts, replicaSets, gitSources];
  const objects = kinds.flatMap((kind) => api.store.list<KubeObject>(kind.kind)).map(bared);
  return { repository, url, objects, forget: () => rm(folder, { recursive: true, force: true }) };
}

/** Puts the app into a cluster, as it came from the repository at this address. */
export function restoreApp({ store }: ApiServer, saved: SavedLoop, url: string): void {
  const objects: KubeObject[] = JSON.parse(JSON.stringify(saved.objects).replaceAll(saved.url, url));
  const uids = new Map<string, string>();
  for (const { metadata, kind = '', ...rest } of objects) {
    const { uid: before = '', ownerReferences, ...own } = metadata;
    const owners = ownerReferences?.map((each) => ({ ...each, uid: uids.get(each.uid) ?? each.uid }));
    const object: KubeObject = { ...rest, kind, metadata: { ...own, ...(owners && { ownerReferences: owners }) } };
    const made = store.create<KubeObject>(kind, object);
    uids.set(before, made.metadata.uid ?? '');
    const { status } = object as Pick<Rollout, 'status'>;
    const { namespace, name } = own;
    if (status) store.patchStatus(kind, { name, ...(namespace !== undefined && { namespace }) }, status);
  }
}
