import { type Fields, fieldsOf, listOf, textOf } from '../../api/fields.ts';
import type { KubeObject } from '../../api/index.ts';
import { groupKindOf } from './kinds.ts';

/** What a CustomResourceDefinition defines, as in `example.com/Widget`; undefined where the object is none. */
export function definedBy(object: KubeObject): string | undefined {
  if (groupKindOf(object) !== 'apiextensions.k8s.io/CustomResourceDefinition') return undefined;
  const { group, names } = fieldsOf((object as KubeObject & { spec?: unknown }).spec);
  const kind = textOf(fieldsOf(names).kind);
  return typeof group === 'string' && kind !== undefined ? `${group}/${kind}` : undefined;
}

/** The condition of that type that an object shows. */
export function conditionOf(object: KubeObject, type: string): Fields | undefined {
  const { conditions } = fieldsOf((object as KubeObject & { status?: unknown }).status);
  return listOf(conditions)
    .map(fieldsOf)
    .find((condition) => condition.type === type);
}

/** Whether objects of the kind that it defines can be made. */
export function isEstablished(definition: KubeObject): boolean {
  return conditionOf(definition, 'Established')?.status === 'True';
}
