import { isFields } from '../api/fields.ts';
import type { KubeObject } from '../api/kubernetes.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Resource } from './client.ts';
import { apiVersionOf } from './paths.ts';

/** Takes in what a server sent. One object that makes no sense is left out; all others live on. */
export interface Intake<T extends KubeObject> {
  /** The object as the cache keeps it, or undefined where it is none. */
  accept(object: unknown): T | undefined;
  /** A line was no JSON. */
  unreadable(): void;
  readonly skipped: number;
}

export interface IntakeOptions<T extends KubeObject> {
  resource: Resource<T>;
  log: Log;
  transform: (object: T) => T;
}

const MOST_REMEMBERED = 100;

export function createIntake<T extends KubeObject>({ resource, log, transform }: IntakeOptions<T>): Intake<T> {
  const told = new Set<string>();
  let skipped = 0;
  const skip = (name: string, problem: string) => {
    skipped++;
    if (told.has(name) || told.size >= MOST_REMEMBERED) return;
    told.add(name);
    log.warn({ object: name, problem }, 'left out an object that cannot be read');
  };
  return {
    accept(object) {
      const problem = problemOf(object, resource);
      if (problem !== undefined) {
        skip(nameOf(object), problem);
        return undefined;
      }
      try {
        return transform({ ...(object as T), apiVersion: apiVersionOf(resource), kind: resource.kind });
      } catch (error) {
        skip(nameOf(object), messageOf(error));
        return undefined;
      }
    },
    unreadable: () => skip('(a line)', 'is no JSON'),
    get skipped() {
      return skipped;
    },
  };
}

function problemOf(object: unknown, { namespaced }: Resource): string | undefined {
  if (!isFields(object)) return 'is no object';
  const { metadata } = object;
  if (!isFields(metadata)) return 'metadata is no object';
  if (!isText(metadata.name)) return 'metadata.name is no text';
  if (namespaced && !isText(metadata.namespace)) return 'metadata.namespace is no text';
  if (metadata.ownerReferences !== undefined && !isListOfFields(metadata.ownerReferences)) {
    return 'metadata.ownerReferences is no list of objects';
  }
  const maps = ['labels', 'annotations'].filter((key) => metadata[key] !== undefined && !isFields(metadata[key]));
  return maps.length === 0 ? undefined : `metadata.${maps[0]} is no object`;
}

function nameOf(object: unknown): string {
  const metadata = isFields(object) && isFields(object.metadata) ? object.metadata : {};
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`.slice(0, 512);
}

function isListOfFields(value: unknown): boolean {
  return Array.isArray(value) && value.every(isFields);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
