/** CustomResourceDefinitions, from the descriptors of the kinds. */
import { stringify } from 'yaml';
import type { KindDescriptor } from './kinds.ts';
import type { Shape } from './shape.ts';

/** A schema as OpenAPI v3 has it, without Headgate's own keywords. */
export function structural(shape: object): Shape {
  return JSON.parse(JSON.stringify(shape, (key, value) => (key.startsWith('x-headgate-') ? undefined : value)));
}

/** The schema of whole objects of a kind, checks of the API server included. */
export function objectSchema(kind: KindDescriptor): Shape {
  return {
    type: 'object',
    description: kind.description,
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string', description: 'The version of the API.' },
      kind: { type: 'string', description: 'The kind of the object.' },
      metadata: { type: 'object' },
      spec: structural(kind.schema.spec),
      ...(kind.schema.status ? { status: structural(kind.schema.status) } : {}),
    },
  };
}

/** The CustomResourceDefinition of a kind. */
export function crd(kind: KindDescriptor) {
  const { group, plural, singular, shortNames, categories, scope, version, subresources, printerColumns } = kind;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}`, labels: { 'app.kubernetes.io/part-of': 'headgate' } },
    spec: {
      group,
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural,
        singular,
        ...(shortNames.length > 0 ? { shortNames } : {}),
        ...(categories.length > 0 ? { categories } : {}),
      },
      scope,
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: objectSchema(kind) },
          subresources,
          additionalPrinterColumns: printerColumns,
        },
      ],
    },
  };
}

const HEADER = '# Generated from src/api by `npm run generate`. Apply with `kubectl apply --server-side -f crds`.\n';

/** Where a kind's CustomResourceDefinition lies, and its text. */
export function crdFile(kind: KindDescriptor): { path: string; content: string } {
  const content = HEADER + stringify(crd(kind), { lineWidth: 0, aliasDuplicateObjects: false });
  return { path: `crds/${kind.group}_${kind.plural}.yaml`, content };
}
