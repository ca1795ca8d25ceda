import { fieldsOf, listOf, textOf } from '../api/fields.ts';
import type { PodTemplateSpec, RevertCaution } from '../api/index.ts';
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

/** Without registry where that is the usual one, tag, digest and constraint: `docker.io/library/web:v1` is `web`. */
function imageName(image: string): string {
  const [untagged = ''] = image.trim().split('@');
  return untagged
    .replace(/:[^/]*$/, '')
    .replace(/^(index\.)?docker\.io\//, '')
    .replace(/^library\//, '');
}

function imagesOf({ spec }: PodTemplateSpec): string[] {
  const containers = [...listOf(spec?.containers), ...listOf(spec?.initContainers)];
  return containers.map((each) => textOf(fieldsOf(each).image)).filter((image) => image !== undefined);
}

/**
 * As `imageAutomation`, where no file tells of the bot but the Application does: of the images that the release changed, those
 * that it is set to write to Git.
 */
export function applicationAutomation(
  { application, images }: { application: string; images: readonly string[] },
  { bad, stable }: Record<'bad' | 'stable', PodTemplateSpec>,
): RevertCaution | undefined {
  const before = new Set(imagesOf(stable));
  const changed = imagesOf(bad).filter((image) => !before.has(image));
  const kept = new Set(images.map(imageName));
  const named = [...new Set(changed.map(imageName))].filter((name) => kept.has(name)).slice(0, MOST_NAMED);
  if (named.length === 0) return undefined;
  const who = harmless(`Application ${application} has Argo CD Image Updater write image ${named.join(', ')}`, 400);
  const message = `${who} to Git, which will write it again after the revert: first add the tag to the ignore-tags annotation of the Application, then merge by hand`;
  return { reason: 'ImageAutomation', most: 'PullRequest', personMerges: true, message };
}
