import builtIn from './schemas/built-in.json' with { type: 'json' };

/** The part of OpenAPI's schema language that Kubernetes uses. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  patternProperties?: Record<string, Schema>;
  items?: Schema;
  required?: string[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  nullable?: boolean;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number | boolean;
  exclusiveMaximum?: number | boolean;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  minProperties?: number;
  maxProperties?: number;
  uniqueItems?: boolean;
  pattern?: string;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  not?: Schema;
  description?: string;
  /** Of built-in kinds: whether an empty value is written or left out; without it, as it was given. */
  'x-go-zero'?: 'shown' | 'dropped';
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-embedded-resource'?: boolean;
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-map-type'?: string;
  'x-kubernetes-patch-merge-key'?: string;
  'x-kubernetes-patch-strategy'?: string;
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }[];
}

export const REFERENCE = '#/components/schemas/';
export const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

const data = builtIn as unknown as { schemas: Record<string, Schema>; gateway: Record<string, Schema> };

/** Named schemas of the built-in kinds. */
export const components: Readonly<Record<string, Schema>> = data.schemas;

/** Whole-object schemas of the Gateway API's kinds. */
export const gatewaySchemas: Readonly<Record<string, Schema>> = data.gateway;

const resolved = new WeakMap<Schema, Schema>();

/** The schema itself, with what it refers to in place; what stands beside a reference wins. */
export function resolve(schema: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  const known = resolved.get(schema);
  if (known) return known;
  const { $ref, ...beside } = schema;
  const target = components[$ref.slice(REFERENCE.length)];
  if (!target) throw new Error(`schema ${$ref} is not among the built-in ones`);
  const whole = { ...resolve(target), ...beside };
  resolved.set(schema, whole);
  return whole;
}

/** The schema of a declared field. */
export function declared(schema: Schema | undefined, key: string): Schema | undefined {
  const properties = schema?.properties;
  const found = properties && Object.hasOwn(properties, key) ? properties[key] : undefined;
  return found && resolve(found);
}

/** The schema of a field, declared or of a map's values; undefined where nothing is known about it. */
export function field(schema: Schema | undefined, key: string): Schema | undefined {
  const known = declared(schema, key);
  if (known) return known;
  if (typeof schema?.additionalProperties === 'object') return resolve(schema.additionalProperties);
  const anyKey = Object.values(schema?.patternProperties ?? {})[0];
  return anyKey && resolve(anyKey);
}

export function itemOf(schema: Schema | undefined): Schema | undefined {
  return schema?.items && resolve(schema.items);
}

export function isIntOrString(schema: Schema): boolean {
  return schema['x-kubernetes-int-or-string'] === true || schema.format === 'int-or-string';
}

/** Whether a map may hold fields that no schema declares. */
export function isOpen(schema: Schema): boolean {
  if (schema['x-kubernetes-preserve-unknown-fields']) return true;
  return (
    schema.additionalProperties === true ||
    (schema.type === 'object' && !schema.properties && !schema.patternProperties)
  );
}
