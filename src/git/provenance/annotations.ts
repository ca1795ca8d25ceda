import { GIT_BRANCH, GIT_COMMIT, GIT_PATH, GIT_REPOSITORY, GIT_SOURCE } from '../../api/annotations.ts';
import { Stalled } from '../../errors.ts';
import { isObjectId } from '../process.ts';
import { checkPath } from '../url.ts';
import type { Finding, Provenance, ProvenanceAnswer } from './provenance.ts';

type Annotations = Readonly<Record<string, string>>;

type Claim = Required<Pick<Provenance, 'learnt' | 'source'>>;

const NOTED = /^(?<learnt>GitSource|ArgoCD|Flux)\/(?<namespace>[^/]+)\/(?<name>[^/]+)$/;

function claimOf(text: string | undefined): Claim | undefined {
  const { learnt, namespace, name } = NOTED.exec(text ?? '')?.groups ?? {};
  return learnt && namespace && name ? { learnt: learnt as Claim['learnt'], source: { namespace, name } } : undefined;
}

/** Git itself follows `..`, so a path that holds one begins like a folder in which it does not lie. */
function pathOf(text: string): string | undefined {
  try {
    return checkPath(text);
  } catch (error) {
    if (error instanceof Stalled) return undefined;
    throw error;
  }
}

/** Reads a ReplicaSet's annotations. Where they are not enough, says what was looked at. Whom they name is for the reader to ask. */
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
  const claim = claimOf(annotations[GIT_SOURCE]);
  const path = pathOf(annotations[GIT_PATH] ?? '');
  if (path === undefined) {
    const shown = JSON.stringify(annotations[GIT_PATH]?.slice(0, 80));
    return { known: false, why: `the annotation ${GIT_PATH} is ${shown}, which names no folder inside the repository` };
  }
  const evidence = claim
    ? `${claim.learnt} ${claim.source.namespace}/${claim.source.name} applied commit ${commit.slice(0, 7)}`
    : `${GIT_COMMIT} and its neighbours, written by hand, name commit ${commit.slice(0, 7)}`;
  return {
    known: true,
    provenance: { repository, branch, path, commit, learnt: 'annotations', ...claim, evidence },
  };
}

/**
 * What an object that is applied says of itself, as one finding among others: annotations that are not there at all say
 * nothing. Only a GitSource writes them there: another tool's name in them was written by hand.
 */
export function findAnnotations(annotations: Annotations): Finding {
  if (![GIT_REPOSITORY, GIT_BRANCH, GIT_COMMIT].some((name) => annotations[name])) return { kind: 'silent' };
  const isBySource = claimOf(annotations[GIT_SOURCE])?.learnt === 'GitSource';
  const answer = provenanceOf(isBySource ? annotations : { ...annotations, [GIT_SOURCE]: '' });
  return answer.known ? { kind: 'known', provenance: answer.provenance } : { kind: 'unknown', why: answer.why };
}
