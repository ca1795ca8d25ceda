import { GIT_BRANCH, GIT_COMMIT, GIT_PATH, GIT_REPOSITORY, GIT_SOURCE } from '../api/annotations.ts';
import { isObjectId } from './process.ts';

/** Where a revision came from. */
export interface Provenance {
  repository: string;
  branch: string;
  /** The app's folder; '' for the root. */
  path: string;
  /** 40 hex digits. */
  commit: string;
  /** `annotations`: written by hand, or by a tool that Headgate does not know. */
  learnt: 'GitSource' | 'annotations';
  /** The GitSource that claims it. Whether it exists and says the same is for the reader to check. */
  source?: { namespace: string; name: string };
}

export type ProvenanceAnswer = { known: true; provenance: Provenance } | { known: false; why: string };

function sourceOf(text: string | undefined): Provenance['source'] {
  const match = /^GitSource\/(?<namespace>[^/]+)\/(?<name>[^/]+)$/.exec(text ?? '');
  const { namespace, name } = match?.groups ?? {};
  return namespace && name ? { namespace, name } : undefined;
}

/** Reads an object's annotations. Where they are not enough, says what was looked at. */
export function provenanceOf(annotations: Readonly<Record<string, string>> | undefined): ProvenanceAnswer {
  const repository = annotations?.[GIT_REPOSITORY];
  const branch = annotations?.[GIT_BRANCH];
  const commit = annotations?.[GIT_COMMIT];
  if (!repository || !branch || !commit) {
    const missing = [GIT_REPOSITORY, GIT_BRANCH, GIT_COMMIT].filter((name) => !annotations?.[name]);
    return { known: false, why: `the annotations ${missing.join(', ')} are not there` };
  }
  if (!isObjectId(commit)) {
    const shown = JSON.stringify(commit.slice(0, 80));
    return { known: false, why: `the annotation ${GIT_COMMIT} is ${shown}, not the 40 hex digits of a commit` };
  }
  const source = sourceOf(annotations[GIT_SOURCE]);
  const path = annotations[GIT_PATH] ?? '';
  const learnt = source ? 'GitSource' : 'annotations';
  return { known: true, provenance: { repository, branch, path, commit, learnt, ...(source ? { source } : {}) } };
}
