/** A document of a file, or one object of a `List`. */
export interface DocumentName {
  /** For people: `Rollout shop/web`, or `document 2`, counted from 1. */
  label: string;
  /** Where it is a Kubernetes object; the namespace is '' where it names none. */
  object?: { group: string; kind: string; namespace: string; name: string } | undefined;
}

/**
 * Keys from the document's root on. An item of a list is named by its merge key, as in `[name=web]`, and by its index, as
 * in `[0]`, only where it has none.
 */
export type Path = readonly string[];

export interface SpliceRequest {
  /** The file at the culprit's parent: what is good. A byte order mark is part of the text, as in all three. */
  before: string;
  /** The file at the culprit: what is bad. */
  after: string;
  /** The file as it is now. */
  head: string;
  /** Which of the changed fields are to be taken back; all where it is not given. Must be pure. */
  wanted?: ((document: DocumentName, path: Path) => boolean) | undefined;
}

export interface PlaceInFile {
  document: DocumentName;
  /** As in `spec.template.spec.containers[name=web].image`; '' for the document itself. */
  path: string;
}

/** As the file spells both, on one line of at most 100 characters; undefined where the key was or is to be absent. */
export interface SplicedField extends PlaceInFile {
  from: string | undefined;
  to: string | undefined;
}

export type SpliceReason =
  /** More than scalars changed: a wider way can take it back. */
  | 'structural'
  /** The head holds neither the bad nor the good value. */
  | 'changedSince'
  /** What the change belongs to cannot be told: two documents or items of one name. */
  | 'ambiguous'
  /** An alias, an anchor or a merge key on the path: other places share the value. */
  | 'alias'
  | 'tag'
  /** A value of several lines would have to be indented or broken anew. */
  | 'multiLine'
  | 'duplicateKey'
  | 'unparsable'
  | 'tabs'
  | 'directive'
  /** Helm's or ytt's: not YAML until it is rendered. */
  | 'template'
  /** A SOPS file: its checksum covers every value. */
  | 'encrypted'
  | 'lfs'
  | 'notText'
  | 'tooLarge'
  /** The result, parsed again, is not what was planned. */
  | 'unproved';

export interface SpliceRefusal {
  kind: 'refused';
  reason: SpliceReason;
  /** What keeps it from being taken back, and where. Holds values of the file, at most 100 characters of each. */
  message: string;
}

export interface Untouched {
  /** Changed fields that hold the good value again. */
  already: PlaceInFile[];
  /** Changed fields that were not wanted. */
  left: PlaceInFile[];
}

export type Splice =
  | ({ kind: 'spliced'; content: string; fields: SplicedField[] } & Untouched)
  /** The head holds nothing of the change that was to be taken back. */
  | ({ kind: 'unchanged' } & Untouched)
  | SpliceRefusal;

export function refused(reason: SpliceReason, message: string): SpliceRefusal {
  return { kind: 'refused', reason, message };
}
