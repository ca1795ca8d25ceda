import { GIT_BRANCH, GIT_COMMIT, GIT_PATH, GIT_REPOSITORY, GIT_SOURCE } from '../../api/annotations.ts';
import { isObjectId } from '../process.ts';
import type { Finding, Provenance, ProvenanceAnswer } from './provenance.ts';

type Annotations = Readonly<Record<string, string>>;

function sourceOf(text: string | undefined): Provenance['source'] {
  const match = /^GitSource\/(?<namespace>[^/]+)\/(?<name>[^/]+)$/.exec(text ?? '');
  const { namespace, name } = match?.groups ?? {};
  return namespace && name ? { namespace, name } : undefined;
}

/** Reads an object's annotations. Where they are not enough, says what was looked at. */
export function provenanceOf(annotations: Annotations | undefined): ProvenanceAnswer {
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
  const evidence = source
    ? `GitSource ${source.namespace}/${source.name} applied commit ${commit.slice(0, 7)}`
    : `${GIT_COMMIT} and its neighbours, written by hand, name commit ${commit.slice(0, 7)}`;
  return {
    known: true,
    provenance: { repository, branch, path, commit, learnt, ...(source ? { source } : {}), evidence },
  };
}

/** The same as one finding among others: annotations that are not there at all say nothing. */
export function findAnnotations(annotations: Annotations): Finding {
  if (![GIT_REPOSITORY, GIT_BRANCH, GIT_COMMIT].some((name) => annotations[name])) return { kind: 'silent' };
  const answer = provenanceOf(annotations);
  return answer.known ? { kind: 'known', provenance: answer.provenance } : { kind: 'unknown', why: answer.why };
}
