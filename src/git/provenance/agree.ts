import { canonicalRepository } from '../url.ts';
import type { Answer, Look, Provenance } from './provenance.ts';

/** Whose word names the provenance, where several say the same: those first that were checked. */
const TRUST: readonly Provenance['learnt'][] = ['GitSource', 'ArgoCD', 'Flux', 'annotations'];

function told({ source, finding }: Look): string {
  if (finding.kind === 'silent') return `${source}: nothing on the object speaks of it`;
  if (finding.kind !== 'known') return `${source}: ${finding.why}`;
  const { repository, branch, path, commit, evidence } = finding.provenance;
  return `${source}: ${commit} on branch ${branch} of ${canonicalRepository(repository)}, path ${path || '/'} (${evidence})`;
}

/** The folder does not count where it was written by hand and left out. */
function isSame(one: Provenance, other: Provenance): boolean {
  const isPathless = [one, other].some(({ learnt, path }) => learnt === 'annotations' && path === '');
  return (
    canonicalRepository(one.repository) === canonicalRepository(other.repository) &&
    one.branch === other.branch &&
    one.commit === other.commit &&
    (isPathless || one.path === other.path)
  );
}

function merged(known: Provenance[]): Provenance {
  const [best, ...others] = known.toSorted((a, b) => TRUST.indexOf(a.learnt) - TRUST.indexOf(b.learnt));
  const all = [best as Provenance, ...others];
  const inputs = all.find((each) => each.inputs)?.inputs;
  const file = all.find((each) => each.file)?.file;
  const imageBot = all.find((each) => each.imageBot)?.imageBot;
  const overrides = [...new Set(all.flatMap((each) => each.overrides ?? []))];
  return {
    ...(best as Provenance),
    ...(inputs && { inputs }),
    ...(file && { file }),
    ...(imageBot && { imageBot }),
    ...(overrides.length > 0 && { overrides }),
    evidence: all.map(({ evidence }) => evidence).join('; '),
  };
}

/**
 * What all sources come to. It is known only where all who know say the same, and none is about to say something: what it
 * will say may be something else.
 */
export function agree(looks: Look[]): Answer {
  const known = looks.flatMap(({ finding }) => (finding.kind === 'known' ? [finding.provenance] : []));
  const [first] = known;
  const contradicts = first !== undefined && !known.every((each) => isSame(each, first));
  const waits = looks.some(({ finding }) => finding.kind === 'notYet');
  if (first && !contradicts && !waits) return { known: true, provenance: merged(known), looks };
  const reason = contradicts ? 'ProvenanceContradicts' : waits ? 'NotYet' : 'ProvenanceUnknown';
  return { known: false, reason, why: looks.map(told).join('; '), looks };
}
