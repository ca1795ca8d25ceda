import type { HelmOptions } from '../render/helm-graph.ts';

/** Where a revision came from. */
export interface Provenance {
  repository: string;
  branch: string;
  /** The app's folder; '' for the root. */
  path: string;
  /** 40 hex digits. */
  commit: string;
  /** `annotations`: written by hand, or by a tool that Headgate does not know. */
  learnt: 'GitSource' | 'ArgoCD' | 'Flux' | 'annotations';
  /**
   * The GitSource, Application or Kustomization that claims it. Of a GitSource, whether it exists and says the same is for the
   * reader to check; the others were read.
   */
  source?: { namespace: string; name: string };
  /** Paths from the repository's root that are known to be read besides the app's folder, and the folder itself. May hold globs. */
  inputs?: string[];
  /** How a chart in the folder is rendered, where an Application says so. */
  helm?: HelmOptions;
  /** The very file that holds the object, from the repository's root. */
  file?: string;
  /**
   * What shapes the object besides that place in Git, as in `Application argocd/web spec.source.kustomize.images`: the image
   * may come from there.
   */
  overrides?: string[];
  /** The bot that is set to write images to Git for the Application. `images`: as it spells them, without aliases. */
  imageBot?: { application: string; images: string[] };
  /** One line for people: who says so. */
  evidence: string;
}

export type ProvenanceAnswer = { known: true; provenance: Provenance } | { known: false; why: string };

/**
 * What one source has to say. `notYet`: it will, once it has finished what it is at; `unknown`: it will not, until a person
 * changes something; `silent`: nothing on the object speaks of it.
 */
export type Finding =
  | { kind: 'known'; provenance: Provenance }
  | { kind: 'notYet'; why: string }
  | { kind: 'unknown'; why: string }
  | { kind: 'silent' };

/** One source that was looked at. */
export interface Look {
  /** As people call it: `annotations`, `Argo CD`, `Flux`. */
  source: string;
  finding: Finding;
}

/** What all sources together come to. */
export type Answer = (
  | { known: true; provenance: Provenance }
  /** `NotYet`: to be asked again later. `why` lists what was looked at and what each said. */
  | { known: false; reason: 'ProvenanceUnknown' | 'ProvenanceContradicts' | 'NotYet'; why: string }
) & { looks: Look[] };
