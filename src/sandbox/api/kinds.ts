import { kinds as headgateKinds } from '../../api/index.ts';
import { components, gatewaySchemas, OBJECT_META, REFERENCE, type Schema } from './schema.ts';

export interface ScalePaths {
  specReplicasPath: string;
  statusReplicasPath: string;
  labelSelectorPath?: string;
}

export interface PrinterColumn {
  name: string;
  type: string;
  jsonPath: string;
  description?: string;
  priority?: number;
  format?: string;
}

/** One kind that the server serves. */
export interface KindInfo {
  group: string;
  version: string;
  kind: string;
  plural: string;
  singular: string;
  shortNames: readonly string[];
  categories: readonly string[];
  namespaced: boolean;
  /** Defined by a CustomResourceDefinition: defaults and validation from the schema, no strategic merge patch. */
  custom: boolean;
  hasStatus: boolean;
  scale: ScalePaths | undefined;
  /** Questions such as SubjectAccessReview are answered, not stored. */
  stored: boolean;
  /** A PUT makes what is not there yet. */
  createsOnUpdate: boolean;
  /** A PUT needs no resourceVersion. */
  updatesBlindly: boolean;
  /** Counts the changes of spec in metadata.generation. */
  hasGeneration: boolean;
  schema: Schema;
  /** The schema's name in OpenAPI. */
  schemaName: string;
  columns: readonly PrinterColumn[];
  /** Paths that a fieldSelector may name, besides metadata.name and metadata.namespace. */
  selectable: readonly string[];
}

type Options = Partial<
  Pick<
    KindInfo,
    | 'shortNames'
    | 'categories'
    | 'hasStatus'
    | 'hasGeneration'
    | 'selectable'
    | 'scale'
    | 'createsOnUpdate'
    | 'updatesBlindly'
  >
> & {
  cluster?: boolean;
  stored?: boolean;
  singular?: string;
};

function describe(
  base: Pick<KindInfo, 'group' | 'version' | 'kind' | 'plural' | 'schema' | 'schemaName'>,
  options: Options,
) {
  const { cluster = false, stored = true, singular = base.kind.toLowerCase(), ...given } = options;
  return {
    ...base,
    singular,
    shortNames: [],
    categories: [],
    namespaced: !cluster,
    custom: false,
    hasStatus: false,
    scale: undefined,
    stored,
    hasGeneration: false,
    createsOnUpdate: false,
    updatesBlindly: true,
    columns: [],
    selectable: [],
    ...given,
  } satisfies KindInfo;
}

const SCHEMA_PREFIX: Record<string, string> = {
  '': 'io.k8s.api.core.v1',
  apps: 'io.k8s.api.apps.v1',
  batch: 'io.k8s.api.batch.v1',
  policy: 'io.k8s.api.policy.v1',
  'networking.k8s.io': 'io.k8s.api.networking.v1',
  'discovery.k8s.io': 'io.k8s.api.discovery.v1',
  'coordination.k8s.io': 'io.k8s.api.coordination.v1',
  'rbac.authorization.k8s.io': 'io.k8s.api.rbac.v1',
  'authorization.k8s.io': 'io.k8s.api.authorization.v1',
  'apiextensions.k8s.io': 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1',
};

function builtIn(group: string, kind: string, plural: string, options: Options = {}): KindInfo {
  const schemaName = `${SCHEMA_PREFIX[group]}.${kind}`;
  const schema = components[schemaName];
  if (!schema) throw new Error(`no schema for ${schemaName}: add it to schemas/generate.ts`);
  return describe({ group, version: 'v1', kind, plural, schema, schemaName }, options);
}

function withMetadata(schema: Schema): Schema {
  const properties = {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    ...schema.properties,
    metadata: { $ref: `${REFERENCE}${OBJECT_META}` },
  };
  return { ...schema, properties };
}

/** `gateway.networking.k8s.io` as in `io.k8s.networking.gateway.v1.HTTPRoute`. */
function customSchemaName(group: string, version: string, kind: string): string {
  return `${group.split('.').reverse().join('.')}.${version}.${kind}`;
}

function gateway(kind: string, plural: string, version: string, options: Options): KindInfo {
  const group = 'gateway.networking.k8s.io';
  const schema = withMetadata(gatewaySchemas[kind] ?? {});
  const base = { group, version, kind, plural, schema, schemaName: customSchemaName(group, version, kind) };
  return {
    ...describe(base, { categories: ['gateway-api'], ...options, hasGeneration: true, updatesBlindly: false }),
    custom: true,
  };
}

const SCALE: ScalePaths = {
  specReplicasPath: '.spec.replicas',
  statusReplicasPath: '.status.replicas',
  labelSelectorPath: '.status.selector',
};

const EVENT_FIELDS = [
  ...['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map(
    (name) => `involvedObject.${name}`,
  ),
  ...['reason', 'reportingComponent', 'source', 'type'],
];

const POD_FIELDS = [
  ...['nodeName', 'restartPolicy', 'schedulerName', 'serviceAccountName', 'hostNetwork'].map((name) => `spec.${name}`),
  ...['phase', 'podIP', 'nominatedNodeName'].map((name) => `status.${name}`),
];

const ALL = ['all'];
const WORKLOAD = { categories: ALL, hasStatus: true, hasGeneration: true };

const BUILT_IN: KindInfo[] = [
  builtIn('', 'Namespace', 'namespaces', {
    cluster: true,
    shortNames: ['ns'],
    hasStatus: true,
    selectable: ['status.phase'],
  }),
  builtIn('', 'Node', 'nodes', {
    cluster: true,
    shortNames: ['no'],
    hasStatus: true,
    selectable: ['spec.unschedulable'],
  }),
  builtIn('', 'Pod', 'pods', { ...WORKLOAD, shortNames: ['po'], selectable: POD_FIELDS }),
  builtIn('', 'PodTemplate', 'podtemplates', { hasGeneration: true }),
  builtIn('', 'Service', 'services', {
    categories: ALL,
    shortNames: ['svc'],
    hasStatus: true,
    createsOnUpdate: true,
    selectable: ['spec.clusterIP', 'spec.type'],
  }),
  builtIn('', 'Endpoints', 'endpoints', { createsOnUpdate: true, shortNames: ['ep'], singular: 'endpoints' }),
  builtIn('', 'ConfigMap', 'configmaps', { shortNames: ['cm'] }),
  builtIn('', 'Secret', 'secrets', { selectable: ['type'] }),
  builtIn('', 'ServiceAccount', 'serviceaccounts', { shortNames: ['sa'] }),
  builtIn('', 'Event', 'events', { createsOnUpdate: true, shortNames: ['ev'], selectable: EVENT_FIELDS }),
  builtIn('apps', 'ReplicaSet', 'replicasets', {
    ...WORKLOAD,
    shortNames: ['rs'],
    scale: SCALE,
  }),
  builtIn('apps', 'Deployment', 'deployments', { ...WORKLOAD, shortNames: ['deploy'], scale: SCALE }),
  builtIn('batch', 'Job', 'jobs', { ...WORKLOAD, selectable: ['status.successful'] }),
  builtIn('discovery.k8s.io', 'EndpointSlice', 'endpointslices', { hasGeneration: true }),
  builtIn('coordination.k8s.io', 'Lease', 'leases', { createsOnUpdate: true, updatesBlindly: false }),
  builtIn('networking.k8s.io', 'Ingress', 'ingresses', { shortNames: ['ing'], hasStatus: true, hasGeneration: true }),
  builtIn('policy', 'PodDisruptionBudget', 'poddisruptionbudgets', {
    shortNames: ['pdb'],
    hasStatus: true,
    hasGeneration: true,
  }),
  builtIn('rbac.authorization.k8s.io', 'Role', 'roles'),
  builtIn('rbac.authorization.k8s.io', 'RoleBinding', 'rolebindings'),
  builtIn('rbac.authorization.k8s.io', 'ClusterRole', 'clusterroles', { cluster: true }),
  builtIn('rbac.authorization.k8s.io', 'ClusterRoleBinding', 'clusterrolebindings', { cluster: true }),
  builtIn('authorization.k8s.io', 'SubjectAccessReview', 'subjectaccessreviews', { cluster: true, stored: false }),
  builtIn('authorization.k8s.io', 'SelfSubjectAccessReview', 'selfsubjectaccessreviews', {
    cluster: true,
    stored: false,
  }),
  builtIn('apiextensions.k8s.io', 'CustomResourceDefinition', 'customresourcedefinitions', {
    cluster: true,
    shortNames: ['crd', 'crds'],
    categories: ['api-extensions'],
    hasStatus: true,
    hasGeneration: true,
  }),
];

const GATEWAY: KindInfo[] = [
  gateway('GatewayClass', 'gatewayclasses', 'v1', { cluster: true, shortNames: ['gc'], hasStatus: true }),
  gateway('Gateway', 'gateways', 'v1', { shortNames: ['gtw'], hasStatus: true }),
  gateway('HTTPRoute', 'httproutes', 'v1', { hasStatus: true }),
  gateway('ReferenceGrant', 'referencegrants', 'v1beta1', { shortNames: ['refgrant'] }),
];

function headgate(): KindInfo[] {
  return headgateKinds.map((kind) => {
    const { group, version, plural, singular, shortNames, categories } = kind;
    const { spec, status } = kind.schema as { spec: Schema; status?: Schema };
    const schema = withMetadata({
      type: 'object',
      required: ['spec'],
      properties: { spec, ...(status && { status }) },
    });
    const base = {
      group,
      version,
      kind: kind.kind,
      plural,
      schema,
      schemaName: customSchemaName(group, version, kind.kind),
    };
    const info = describe(base, {
      cluster: kind.scope === 'Cluster',
      singular,
      shortNames,
      categories,
      hasGeneration: true,
    });
    return {
      ...info,
      custom: true,
      updatesBlindly: false,
      columns: kind.printerColumns,
      hasStatus: kind.subresources.status !== undefined,
      scale: kind.subresources.scale,
    };
  });
}

/** Every kind that is served: the one table. Kind names are unique in it. */
export const KINDS: readonly KindInfo[] = [...BUILT_IN, ...GATEWAY, ...headgate()];

const byName = new Map(KINDS.map((kind) => [kind.kind, kind]));
const byPath = new Map(KINDS.map((kind) => [`${kind.group}/${kind.version}/${kind.plural}`, kind]));

export function kindNamed(name: string): KindInfo {
  const kind = byName.get(name);
  if (!kind) throw new Error(`the sandbox serves no kind "${name}"; it serves ${[...byName.keys()].join(', ')}`);
  return kind;
}

export function kindAt(group: string, version: string, plural: string): KindInfo | undefined {
  return byPath.get(`${group}/${version}/${plural}`);
}

export function apiVersionOf(kind: { group: string; version: string }): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}
