import type { RevertCaution } from '../api/index.ts';
import { harmless } from './message.ts';

/** A line that a bot keeps up to date. */
export interface ImageSetter {
  file: string;
  /** From 1. */
  line: number;
  /** `namespace/name` of the ImagePolicy, as the file spells it. */
  policy: string;
}

/** As Flux marks what its image automation sets. */
const SETTER = /#\s*\{\s*"\$imagepolicy"\s*:\s*"([^"]{1,300})"/;
/** Where Argo CD Image Updater writes to: overrides of one Application. */
const UPDATER_FILE = /(^|\/)\.argocd-source[^/]*\.ya?ml$/;
const MOST_NAMED = 5;

/** The lines of `after` that were not so in `before`, and that a bot sets. */
export function imageSetters(file: string, before: string, after: string): ImageSetter[] {
  const known = new Set(before.split('\n').map((line) => line.trim()));
  return after.split('\n').flatMap((line, index) => {
    const policy = known.has(line.trim()) ? undefined : SETTER.exec(line)?.[1];
    return policy === undefined ? [] : [{ file, line: index + 1, policy }];
  });
}

export function isUpdaterFile(path: string): boolean {
  return UPDATER_FILE.test(path);
}

/** What a bot would write again. `updaterFiles`: those of Argo CD Image Updater that the culprit touches. */
export function imageAutomation(
  setters: readonly ImageSetter[],
  updaterFiles: readonly string[],
): RevertCaution | undefined {
  const places = [
    ...setters.map(({ file, line, policy }) => ({
      at: `${file}:${line}`,
      who: `ImagePolicy ${policy.split(':tag')[0]}`,
    })),
    ...updaterFiles.map((file) => ({ at: file, who: 'the Application of Argo CD Image Updater' })),
  ];
  if (places.length === 0) return undefined;
  const named = places.slice(0, MOST_NAMED).map(({ at, who }) => harmless(`${at} (${who})`, 200));
  const more = places.length > MOST_NAMED ? ` and ${places.length - MOST_NAMED} more` : '';
  const flux =
    setters.length > 0
      ? ['suspend that ImageUpdateAutomation or have the ImagePolicy leave the tag out (spec.policy, spec.filterTags)']
      : [];
  const argo = updaterFiles.length > 0 ? ['add the tag to the ignore-tags annotation of the Application'] : [];
  const message = `a bot sets ${named.join(', ')}${more}, and will write the image again after the revert: first ${[...flux, ...argo].join('; ')}, then merge by hand`;
  return { reason: 'ImageAutomation', most: 'PullRequest', personMerges: true, message };
}
