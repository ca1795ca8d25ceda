/**
 * metadata.managedFields after a Scale was written.
 *
 * The server makes a Scale of the object, with the entries of those who own the number of replicas; enters the writer
 * there; and carries the result back. On the way the entries of updates lose their identity, since it includes the API
 * version: what they own of the object itself stays under an entry without the number, beside one for the number alone.
 */
import type { KindInfo } from './kinds.ts';
import { type Manager, readManagers, type Writer, writeManagers } from './managed-fields.ts';
import { type Fields, valueAt } from './objects.ts';
import type { ApiObject } from './types.ts';

function fieldOf(path: string): string {
  const keys = path.split('.').filter((key) => key !== '');
  return keys.map((key) => `f:${key}`).join('\u0000');
}

/** To a Scale none and nothing are the same. */
function replicasOf(object: ApiObject, path: string): number {
  return Number(valueAt(object, ...path.split('.').slice(1)) ?? 0);
}

function isApplier({ operation }: Manager): boolean {
  return operation === 'Apply';
}

export function trackScale(before: ApiObject, after: ApiObject, kind: KindInfo, writer: Writer): Fields[] {
  const path = kind.scale?.specReplicasPath ?? '';
  const replicas = fieldOf(path);
  const managers = readManagers(before);
  const owners = managers.filter(({ fields }) => fields.has(replicas));
  const wanted = replicasOf(after, path);
  const isSame = wanted === replicasOf(before, path);
  const without = (manager: Manager) => ({
    ...manager,
    fields: new Set([...manager.fields].filter((field) => field !== replicas)),
  });
  const numberOnly = (manager: Manager): Manager => ({ ...manager, time: '', fields: new Set([replicas]) });
  if (isSame) {
    // Those who applied are recognised by their name.
    const kept = managers.map((manager) => (isApplier(manager) ? manager : without(manager)));
    return writeManagers([...kept, ...owners.filter((owner) => !isApplier(owner)).map(numberOnly)]);
  }
  const rest = managers.map(without);
  // Where nobody owns the number, nobody is entered; and nobody owns what is not there.
  if (owners.length === 0 || wanted === 0) return writeManagers(rest);
  const { manager, subresource } = writer;
  const own = { manager, subresource, operation: 'Update', apiVersion: after.apiVersion, time: '' };
  return writeManagers([...rest, { ...own, fields: new Set([replicas]) }]);
}
