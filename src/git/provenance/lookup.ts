import { type Fields, fieldsOf, textOf } from '../../api/fields.ts';
import type { KubeObject } from '../../api/kubernetes.ts';
import { Stalled, Waiting } from '../../errors.ts';
import type { Finding, Provenance } from './provenance.ts';

/** Something that a source leads to and that must be read: an object, or which branch of a repository is its default. */
export type Reference =
  | { kind: 'Application' | 'Kustomization' | 'HelmRelease' | 'GitRepository'; namespace: string; name: string }
  | { kind: 'DefaultBranch'; repository: string };

export type ObjectReference = Exclude<Reference, { kind: 'DefaultBranch' }>;

/** What came of it. `problem` goes on after the object's name, as in `is not there`. */
export type Reading = { object: KubeObject } | { branch: string } | { problem: string };

/** All that was read, by `referenceKey`. */
export type Found = ReadonlyMap<string, Reading>;

export function referenceKey(reference: Reference): string {
  if (reference.kind === 'DefaultBranch') return `${reference.kind} ${reference.repository}`;
  return `${reference.kind} ${reference.namespace}/${reference.name}`;
}

/** Looks into what was found. What was not read yet ends the look: it is read, and the look begins anew. */
export interface Lookup {
  object(reference: ObjectReference): Fields;
  defaultBranch(repository: string): string;
}

class Missing extends Error {
  readonly reference: Reference;

  constructor(reference: Reference) {
    super(`${referenceKey(reference)} was not read`);
    this.name = 'Missing';
    this.reference = reference;
  }
}

/** Nothing will be known from this source until a person changes something. */
export function unknown(why: string): Stalled {
  return new Stalled('ProvenanceUnknown', why);
}

const LOOK_AGAIN_SECONDS = 10;

/** The source has not finished: ask again later. */
export function notYet(why: string): Waiting {
  return new Waiting('NotYet', why, LOOK_AGAIN_SECONDS);
}

/** Whether an object may be called so: it becomes a part of the address that is asked. */
export function isName(text: string): boolean {
  return text.length <= 253 && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(text);
}

export function lookupIn(found: Found): Lookup {
  const read = (reference: Reference): Reading => {
    const reading = found.get(referenceKey(reference));
    if (!reading) throw new Missing(reference);
    return reading;
  };
  return {
    object(reference) {
      if (!isName(reference.name) || !isName(reference.namespace))
        throw unknown(`${shown(referenceKey(reference))} is not the name of an object`);
      const reading = read(reference);
      if ('object' in reading) return fieldsOf(reading.object);
      throw unknown(`${referenceKey(reference)} ${'problem' in reading ? reading.problem : 'was not read'}`);
    },
    defaultBranch(repository) {
      const reading = read({ kind: 'DefaultBranch', repository });
      if ('branch' in reading) return reading.branch;
      throw unknown(`the default branch of ${repository} ${'problem' in reading ? reading.problem : 'is not known'}`);
    },
  };
}

/** What a look comes to: a finding, or what it still lacks. Answers undefined where nothing speaks of the source. */
export function look(claim: () => Provenance | undefined): Finding | { kind: 'lacks'; reference: Reference } {
  try {
    const provenance = claim();
    return provenance ? { kind: 'known', provenance } : { kind: 'silent' };
  } catch (error) {
    if (error instanceof Missing) return { kind: 'lacks', reference: error.reference };
    if (error instanceof Waiting) return { kind: 'notYet', why: error.message };
    if (error instanceof Stalled) return { kind: 'unknown', why: error.message };
    throw error;
  }
}

/** Who an object is, in the words of Argo CD and Flux. */
export interface Identity {
  group: string;
  kind: string;
  namespace: string;
  name: string;
}

export function identify(object: unknown): Identity {
  const { apiVersion, kind, metadata } = fieldsOf(object);
  const { namespace, name } = fieldsOf(metadata);
  const version = textOf(apiVersion) ?? '';
  return {
    group: version.includes('/') ? (version.split('/')[0] ?? '') : '',
    kind: textOf(kind) ?? '',
    namespace: textOf(namespace) ?? '',
    name: textOf(name) ?? '',
  };
}

/** As people read it: `Rollout shop/web`. */
export function nameOf({ kind, namespace, name }: Identity): string {
  return `${kind} ${namespace}/${name}`;
}

/** Only what is text: whoever wrote them. */
export function textsOf(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fieldsOf(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

export function annotationsOf(object: unknown): Record<string, string> {
  return textsOf(fieldsOf(fieldsOf(object).metadata).annotations);
}

export function labelsOf(object: unknown): Record<string, string> {
  return textsOf(fieldsOf(fieldsOf(object).metadata).labels);
}

/** A text from outside, as it may stand in a sentence. */
export function shown(value: unknown): string {
  return JSON.stringify(typeof value === 'string' ? value.slice(0, 120) : value)?.slice(0, 160) ?? 'nothing';
}
