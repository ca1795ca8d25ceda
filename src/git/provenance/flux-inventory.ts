import { type Fields, fieldsOf, listOf } from '../../api/fields.ts';
import type { Identity } from './lookup.ts';

/** As Flux lists what it has applied. */
function inventoryId({ group, kind, namespace, name }: Identity): string {
  return `${namespace}_${name.replaceAll(':', '__')}_${group}_${kind}`;
}

/** Whether the status of a Kustomization or HelmRelease lists the object. */
export function isListed(owner: Fields, identity: Identity): boolean {
  const entries = listOf(fieldsOf(fieldsOf(owner.status).inventory).entries).map(fieldsOf);
  return entries.some(({ id }) => id === inventoryId(identity));
}
