import type { HelmOptions } from '../../src/git/app.ts';
import type { Root } from '../../src/git/roots.ts';
import { helmLayouts } from './layouts-helm.ts';
import { overlayLayouts } from './layouts-kustomize.ts';
import { ownKustomizeLayouts } from './layouts-kustomize-own.ts';
import { plainLayouts } from './layouts-plain.ts';
import { releaseLayouts } from './layouts-releases.ts';
import { sharedLayouts } from './layouts-shared.ts';
import type { Model } from './model.ts';
import type { Node, Style } from './text.ts';

/** A file: documents, which the style spells, or a text that is no YAML of objects. */
export type FileSource = { documents: readonly Node[]; json?: boolean; header?: string | undefined } | { text: string };

export type Sources = Readonly<Record<string, FileSource>>;

/** Files of an app that do not lie below its path. */
export interface Outside {
  folders: readonly string[];
  /** Fields of the model that stand there, and that pods are made of. */
  pods: readonly (keyof Model)[];
}

/** How a team lays its repository out. Pure: the same model and style are the same files. */
export interface Layout {
  name: string;
  /** The app's folder; '' for the root. */
  path: string;
  kind: 'plain' | 'kustomize' | 'helm' | 'releases';
  helm?: HelmOptions;
  /** The Rollout's name. */
  rollout?: string;
  files(model: Model, style: Style): Sources;
  /** Whether the content of a ConfigMap is part of its name, which pods refer to. */
  hashesConfig?: boolean;
  /** Changes by name that say something here which reaches no pod: an image that a patch replaces. */
  inert?: readonly string[];
  /** Changes by name that this layout has no words for. */
  lacks?: readonly string[];
  /** What the app is made of outside of its path. */
  outside?: Outside;
  /** Folders, below the path too, of which other apps are made as well: whatever changes there shows in them. */
  shared?: readonly string[];
  /**
   * Fields of the model that another Rollout of the app is made of, which has a verdict of its own: `alone`, in places of its own,
   * so that they stay as the change made them; `too`, in the very places that the app's Rollout is made of.
   */
  sibling?: { alone?: readonly (keyof Model)[]; too?: readonly (keyof Model)[] };
  /** Folders of other apps in the repository, which must render the same whatever is done for this one. */
  others?: readonly string[];
  /** Folders of kustomizations that gather the app with others: of them, the app's own objects may change as the app's do. */
  gatherers?: readonly string[];
  /** Other apps that the cluster knows of: charts, of which nothing in the repository says how they are rendered. */
  known?: readonly Root[];
  /** Names of styles. */
  styles: readonly string[];
}

export const LAYOUTS: readonly Layout[] = [
  ...plainLayouts,
  ...overlayLayouts,
  ...ownKustomizeLayouts,
  ...sharedLayouts,
  ...helmLayouts,
  ...releaseLayouts,
];
