/**
 * Writes built-in.json: the field names, types, list keys and merge keys of the built-in kinds that the sandbox serves.
 *
 *   node src/sandbox/api/schemas/generate.ts <kubernetes>/api/openapi-spec/v3 <gateway-api>/config/crd/standard <api> <apimachinery>
 *
 * The folders are (part of) the published Go modules k8s.io/kubernetes, sigs.k8s.io/gateway-api, k8s.io/api and k8s.io/apimachinery. Descriptions and CEL
 * rules are left out: the one is prose, the other cannot be evaluated here.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { goZeroes, type Zero } from './go-types.ts';

type Node = { [key: string]: unknown };

const DOCUMENTS = [
  'api__v1',
  'apis__apps__v1',
  'apis__batch__v1',
  'apis__coordination.k8s.io__v1',
  'apis__discovery.k8s.io__v1',
  'apis__networking.k8s.io__v1',
  'apis__policy__v1',
  'apis__rbac.authorization.k8s.io__v1',
  'apis__apiextensions.k8s.io__v1',
  'apis__authorization.k8s.io__v1',
];

const ROOTS =
  /^io\.k8s\.(api\.(core\.v1\.(Pod|PodTemplate|Node|Service|Endpoints|ConfigMap|Secret|Namespace|ServiceAccount|Event)|apps\.v1\.(ReplicaSet|Deployment)|batch\.v1\.Job|coordination\.v1\.Lease|discovery\.v1\.EndpointSlice|networking\.v1\.Ingress|policy\.v1\.(PodDisruptionBudget|Eviction)|rbac\.v1\.(Cluster)?Role(Binding)?|authorization\.v1\.(Self)?SubjectAccessReview)|apiextensions-apiserver\.pkg\.apis\.apiextensions\.v1\.CustomResourceDefinition|apimachinery\.pkg\.apis\.meta\.v1\.ObjectMeta)$/;

const GATEWAY_KINDS = ['gatewayclasses', 'gateways', 'httproutes', 'referencegrants'];

const DROPPED = new Set(['description', 'x-kubernetes-validations', 'x-kubernetes-unions', 'example', 'title']);

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A default that only spells out a zero value carries no information, but in a CustomResourceDefinition. */
function isZero(value: unknown): boolean {
  return value === '' || value === 0 || value === false || (isNode(value) && Object.keys(value).length === 0);
}

let keepsZeroDefaults = false;

function trimProperties(properties: Node): Node {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, trim(schema)]));
}

function trim(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map((item) => trim(item));
  if (!isNode(schema)) return schema;
  const trimmed: Node = {};
  for (const [key, value] of Object.entries(schema)) {
    if (DROPPED.has(key) || (key === 'default' && !keepsZeroDefaults && isZero(value))) continue;
    const only = key === 'allOf' && Array.isArray(value) && value.length === 1 ? value[0] : undefined;
    if (isNode(only) && '$ref' in only) trimmed.$ref = only.$ref;
    else if (key === 'properties' && isNode(value)) trimmed.properties = trimProperties(value);
    else trimmed[key] = trim(value);
  }
  return trimmed;
}

function references(schema: unknown, found: Set<string>): void {
  if (Array.isArray(schema)) for (const item of schema) references(item, found);
  if (!isNode(schema)) return;
  if (typeof schema.$ref === 'string') found.add(schema.$ref.replace('#/components/schemas/', ''));
  for (const value of Object.values(schema)) references(value, found);
}

function builtInSchemas(folder: string, api: string, apimachinery: string): Node {
  const all: Node = {};
  for (const document of DOCUMENTS) {
    const parsed = JSON.parse(readFileSync(join(folder, `${document}_openapi.json`), 'utf8')) as Node;
    Object.assign(all, (parsed.components as Node).schemas);
  }
  const wanted = new Set(Object.keys(all).filter((name) => ROOTS.test(name)));
  for (const name of wanted) references(all[name], wanted);
  const zeroes = goZeroes({ api, apimachinery, apiextensions: api });
  return Object.fromEntries(
    [...wanted].sort().map((name) => [name, withZeroes(trim(all[name]) as Node, zeroes(name))]),
  );
}

function withZeroes(schema: Node, zeroes: ReadonlyMap<string, Zero>): Node {
  if (!isNode(schema.properties)) return schema;
  const properties = Object.entries(schema.properties).map(([name, property]) => {
    const zero = zeroes.get(name);
    return [name, zero ? { ...(property as Node), 'x-go-zero': zero } : property];
  });
  return { ...schema, properties: Object.fromEntries(properties) };
}

function gatewaySchemas(folder: string): Node {
  keepsZeroDefaults = true;
  const schemas: Node = {};
  for (const plural of GATEWAY_KINDS) {
    const crd = parse(readFileSync(join(folder, `gateway.networking.k8s.io_${plural}.yaml`), 'utf8'));
    const version = crd.spec.versions.find((candidate: Node) => candidate.storage);
    schemas[crd.spec.names.kind] = trim(version.schema.openAPIV3Schema);
  }
  return schemas;
}

const [kubernetes, gateway, api, apimachinery] = process.argv.slice(2);
if (kubernetes === undefined || gateway === undefined || api === undefined || apimachinery === undefined)
  throw new Error('usage: generate.ts OPENAPI-V3-FOLDER CRD-FOLDER API-FOLDER APIMACHINERY-FOLDER');
const output = { schemas: builtInSchemas(kubernetes, api, apimachinery), gateway: gatewaySchemas(gateway) };
writeFileSync(join(import.meta.dirname, 'built-in.json'), `${JSON.stringify(output)}\n`);
