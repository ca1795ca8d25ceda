import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { machineNow } from '../../../src/clock.ts';
import type { KubeClient, Resource } from '../../../src/kube/client.ts';
import type { AnyObject } from '../../../src/kube/resources.ts';

export type Manifest = Pick<AnyObject, 'apiVersion' | 'kind' | 'metadata'> & { kind: string; apiVersion: string };

function pluralOf(kind: string): string {
  const word = kind.toLowerCase();
  if (/[^aeiou]y$/.test(word)) return `${word.slice(0, -1)}ies`;
  return word.endsWith('s') ? `${word}es` : `${word}s`;
}

/** Where a manifest's kind lives. What lives in a namespace says in which. */
export function resourceOf({ apiVersion, kind, metadata }: Manifest): Resource<AnyObject> {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  return { group, version, plural: pluralOf(kind), kind, namespaced: metadata.namespace !== undefined };
}

/** Every object of a file, or of the YAML files right below a folder. */
export async function readManifests(path: string): Promise<Manifest[]> {
  const isFolder = (await stat(path)).isDirectory();
  const names = isFolder ? (await readdir(path)).filter((name) => name.endsWith('.yaml')).sort() : [];
  const files = isFolder ? names.map((name) => join(path, name)) : [path];
  const objects: Manifest[] = [];
  for (const file of files) {
    for (const document of parseAllDocuments(await readFile(file, 'utf8'))) {
      const object = document.toJS() as Manifest | null;
      // A folder's own list of its files is for tools, not for the server.
      if (object?.kind && object.kind !== 'Kustomization') objects.push(object);
    }
  }
  return objects;
}

const LONGEST_WAIT = 20_000;

interface Definition {
  spec: { group: string; names: { plural: string; kind: string }; versions: { name: string; served: boolean }[] };
}

/** Lists what a definition defines: that succeeds once the API server serves it. */
async function listDefined(client: KubeClient, { spec }: Definition): Promise<void> {
  const { group, names, versions } = spec;
  for (const { name: version } of versions.filter(({ served }) => served))
    await client.list({ group, version, plural: names.plural, kind: names.kind, namespaced: true });
}

/** Server-side apply of each, in order. The API server may still be reading its roles or a kind's definition: it is waited for. */
export async function applyManifests(client: KubeClient, objects: Manifest[]): Promise<void> {
  const deadline = machineNow() + LONGEST_WAIT;
  for (const object of objects) {
    for (;;) {
      try {
        await client.apply(resourceOf(object), object, { fieldManager: 'stage', force: true });
        if (object.kind === 'CustomResourceDefinition') await listDefined(client, object as unknown as Definition);
        break;
      } catch (error) {
        if (machineNow() > deadline) throw new Error(`${object.kind} ${object.metadata.name}`, { cause: error });
        await sleep(100);
      }
    }
  }
}
