/** Whether an object has the shape of its schema. */

import { type Fields, isFields } from './fields.ts';
import { kinds } from './kinds.ts';
import type { KubeObject } from './kubernetes.ts';
import { inside, listed, type Problem, problem, show } from './problems.ts';

/** A schema as the JSON that it is. */
export interface Shape {
  type?: string;
  description?: string;
  format?: string;
  default?: unknown;
  properties?: Record<string, Shape>;
  required?: string[];
  items?: Shape;
  additionalProperties?: Shape | boolean;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-map-type'?: string;
  'x-kubernetes-validations'?: { rule: string; message: string }[];
  'x-headgate-words'?: string[];
  'x-headgate-secret'?: boolean;
}

const INT32 = 2_147_483_647;

/** A value as it may be shown: what could be a secret never is. */
function display(shape: Shape, value: unknown): string {
  return shape['x-headgate-secret'] === true ? 'the value' : show(value);
}

function wrong(path: string, shape: Shape, value: unknown, wanted: string): Problem[] {
  return [problem(path, `${display(shape, value)} is not ${wanted}`)];
}

function textProblems(path: string, shape: Shape, value: unknown): Problem[] {
  if (typeof value !== 'string') return wrong(path, shape, value, 'text: put it in quotes');
  const words = shape.enum ?? shape['x-headgate-words'];
  if (words !== undefined && value !== '' && !words.includes(value)) {
    return wrong(path, shape, value, `known here: use ${listed(words, 'or')}`);
  }
  if (shape.format === 'date-time' && Number.isNaN(Date.parse(value))) {
    return wrong(path, shape, value, 'an instant: use RFC 3339, as in 2026-01-31T12:00:00Z');
  }
  return [];
}

function numberProblems(path: string, shape: Shape, value: unknown): Problem[] {
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    return wrong(path, shape, value, 'a whole number: write it without quotes and without a fraction');
  }
  const least = shape.minimum ?? (shape.format === 'int32' ? -INT32 - 1 : Number.MIN_SAFE_INTEGER);
  const most = shape.maximum ?? (shape.format === 'int32' ? INT32 : Number.MAX_SAFE_INTEGER);
  return value < least || value > most
    ? wrong(path, shape, value, `between ${least} and ${most}: choose a number there`)
    : [];
}

function listProblems(path: string, shape: Shape, value: unknown): Problem[] {
  if (!Array.isArray(value)) return wrong(path, shape, value, 'a list: begin each item with a dash');
  const { maxItems: most = Number.POSITIVE_INFINITY } = shape;
  if (value.length > most) return [problem(path, `has ${value.length} items: list at most ${most}`)];
  const problems = value.flatMap((item, index) => itemProblems(`${path}[${index}]`, shape.items ?? {}, item));
  return [...problems, ...repeatedKeys(path, shape, value)];
}

function itemProblems(path: string, shape: Shape, item: unknown): Problem[] {
  if (item === null) return [problem(path, 'the item is empty: fill it in or remove it')];
  return problemsAt(path, shape, item);
}

/** Items of a list that is merged by key must differ in their keys. */
function repeatedKeys(path: string, shape: Shape, items: unknown[]): Problem[] {
  const keys = shape['x-kubernetes-list-map-keys'] ?? [];
  const identity = (item: unknown) =>
    keys.map((key) => (isFields(item) ? item[key] : undefined) ?? shape.items?.properties?.[key]?.default);
  const seen = new Set<string>();
  return items.flatMap((item, index) => {
    const mark = JSON.stringify(identity(item));
    if (keys.length === 0 || !seen.has(mark)) {
      seen.add(mark);
      return [];
    }
    const named = keys.map((key, at) => `${key} ${show(identity(item)[at])}`);
    return [
      problem(`${path}[${index}]`, `duplicate ${named.join(' and ')}: each may be there once; rename or remove one`),
    ];
  });
}

function mapProblems(path: string, shape: Shape, value: Fields): Problem[] {
  const { additionalProperties } = shape;
  if (typeof additionalProperties !== 'object') return [];
  return Object.entries(value).flatMap(([key, each]) => problemsAt(inside(path, key), additionalProperties, each));
}

function objectProblems(path: string, shape: Shape, value: unknown): Problem[] {
  if (!isFields(value)) return wrong(path, shape, value, 'an object: give its fields, indented, one per line');
  const missing = (shape.required ?? []).filter((name) => value[name] === undefined || value[name] === null);
  const properties = shape.properties ?? {};
  return [
    ...missing.map((name) =>
      problem(inside(path, name), `${name} is required: ${properties[name]?.description ?? 'set it'}`),
    ),
    ...Object.entries(properties).flatMap(([name, each]) => problemsAt(inside(path, name), each, value[name])),
    ...mapProblems(path, shape, value),
  ];
}

function intOrStringProblems(path: string, shape: Shape, value: unknown): Problem[] {
  if (typeof value === 'string' || Number.isInteger(value)) return [];
  return wrong(path, shape, value, 'a whole number or text');
}

function boolProblems(path: string, shape: Shape, value: unknown): Problem[] {
  return typeof value === 'boolean' ? [] : wrong(path, shape, value, 'true or false: write it without quotes');
}

const byType: Record<string, (path: string, shape: Shape, value: unknown) => Problem[]> = {
  string: textProblems,
  integer: numberProblems,
  boolean: boolProblems,
  array: listProblems,
  object: objectProblems,
};

/** What is wrong with the types of a value; null counts as not there, as it does for the API server. */
function problemsAt(path: string, shape: Shape, value: unknown): Problem[] {
  if (value === undefined || value === null) return [];
  if (shape['x-kubernetes-int-or-string'] === true) return intOrStringProblems(path, shape, value);
  return byType[shape.type ?? '']?.(path, shape, value) ?? [];
}

function unknownAt(path: string, shape: Shape, value: unknown): Problem[] {
  if (Array.isArray(value))
    return value.flatMap((item, index) => unknownAt(`${path}[${index}]`, shape.items ?? {}, item));
  if (!isFields(value)) return [];
  const properties = shape.properties ?? {};
  const others = typeof shape.additionalProperties === 'object' ? shape.additionalProperties : undefined;
  return Object.entries(value).flatMap(([name, each]) => {
    const known = Object.hasOwn(properties, name) ? properties[name] : others;
    if (known !== undefined) return unknownAt(inside(path, name), known, each);
    if (shape['x-kubernetes-preserve-unknown-fields'] === true) return [];
    return [problem(inside(path, name), `${show(name)} is no field here: ${knownFields(properties)}`)];
  });
}

function knownFields(properties: Record<string, Shape>): string {
  const names = Object.keys(properties);
  return names.length === 0 ? 'nothing may be set; remove it' : `known are ${listed(names)}; correct or remove it`;
}

/** The schema of a whole object, without its metadata; undefined for kinds that are not Headgate's. */
export function shapeOf(object: Partial<KubeObject>): Shape | undefined {
  const descriptor = kinds.find(
    (kind) => `${kind.group}/${kind.version}` === object.apiVersion && kind.kind === object.kind,
  );
  if (descriptor === undefined) return undefined;
  const text = { type: 'string' };
  const metadata = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const properties = { apiVersion: text, kind: text, metadata, ...(descriptor.schema as Record<string, Shape>) };
  return { type: 'object', required: ['metadata', 'spec'], properties };
}

/** What is wrong with the types of an object's fields: missing, or not of the kind that the schema wants. */
export function typeProblems(object: Partial<KubeObject>): Problem[] {
  const shape = shapeOf(object);
  return shape === undefined ? [] : problemsAt('', shape, object);
}

/** Fields that the schema does not know: the API server drops them. */
export function unknownFields(object: Partial<KubeObject>): Problem[] {
  const shape = shapeOf(object);
  return shape === undefined ? [] : unknownAt('', shape, object);
}
