/** OpenAPI documents: what kubectl asks for before it applies, explains or patches. */
import { KINDS, type KindInfo } from './kinds.ts';
import { components, REFERENCE, type Schema } from './schema.ts';

const INFO = { title: 'Kubernetes', version: 'v1.34.4-sandbox' };

function rootOf(kind: KindInfo): string {
  return kind.group === '' ? `api/${kind.version}` : `apis/${kind.group}/${kind.version}`;
}

function identity({ group, version, kind }: KindInfo): { group: string; version: string; kind: string } {
  return { group, version, kind };
}

export function openApiIndex(): object {
  const roots = [...new Set(KINDS.map(rootOf))];
  return { paths: Object.fromEntries(roots.map((root) => [root, { serverRelativeURL: `/openapi/v3/${root}` }])) };
}

function wholeSchema(kind: KindInfo): Schema {
  return { ...kind.schema, 'x-kubernetes-group-version-kind': [identity(kind)] };
}

function references(value: unknown, found: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  const reference = (value as Schema).$ref;
  if (typeof reference === 'string') found.add(reference.slice(REFERENCE.length));
  for (const item of Object.values(value)) references(item, found);
}

/** The schemas of these kinds and whatever they refer to. */
function schemasOf(kinds: readonly KindInfo[]): Record<string, Schema> {
  const schemas: Record<string, Schema> = Object.fromEntries(kinds.map((kind) => [kind.schemaName, wholeSchema(kind)]));
  const wanted = new Set<string>();
  references(schemas, wanted);
  for (const name of wanted) {
    const schema = components[name];
    if (!schema || schemas[name]) continue;
    schemas[name] = schema;
    references(schema, wanted);
  }
  return schemas;
}

const WRITE_PARAMETERS = ['dryRun', 'fieldManager', 'fieldValidation'];

function operation(kind: KindInfo, action: string, parameters: readonly string[], isV2: boolean): object {
  const schema = { type: 'string', uniqueItems: true };
  return {
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': identity(kind),
    parameters: parameters.map((name) => ({ name, in: 'query', ...(isV2 ? schema : { schema }) })),
    responses: { 200: { description: 'OK' } },
  };
}

function pathsOf(kinds: readonly KindInfo[], isV2: boolean): Record<string, object> {
  const paths: Record<string, object> = {};
  for (const kind of kinds) {
    const collection = `/${rootOf(kind)}${kind.namespaced ? '/namespaces/{namespace}' : ''}/${kind.plural}`;
    const of = (action: string, parameters: readonly string[] = []) => operation(kind, action, parameters, isV2);
    paths[collection] = { get: of('list'), post: of('post', WRITE_PARAMETERS) };
    if (!kind.stored) continue;
    paths[`${collection}/{name}`] = {
      get: of('get'),
      put: of('put', WRITE_PARAMETERS),
      patch: of('patch', [...WRITE_PARAMETERS, 'force']),
      delete: of('delete', ['dryRun']),
    };
  }
  return paths;
}

/** `root` is as in the index: `apis/apps/v1`. */
export function openApiDocument(root: string): object | undefined {
  const kinds = KINDS.filter((kind) => rootOf(kind) === root);
  if (kinds.length === 0) return undefined;
  return { openapi: '3.0.0', info: INFO, paths: pathsOf(kinds, false), components: { schemas: schemasOf(kinds) } };
}

/** The same in the older language, for clients that know no other. */
export function swagger(): object {
  const text = JSON.stringify(schemasOf(KINDS)).replaceAll(REFERENCE, '#/definitions/');
  return { swagger: '2.0', info: INFO, paths: pathsOf(KINDS, true), definitions: JSON.parse(text) };
}
