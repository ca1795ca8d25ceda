import { canonicalRepository } from '../url.ts';
import type { Answer, Provenance, ProvenanceAnswer } from './provenance.ts';

const TOOLS: ReadonlySet<Provenance['learnt']> = new Set(['ArgoCD', 'Flux']);

function isSamePlace(one: Provenance, other: Provenance): boolean {
  return (
    canonicalRepository(one.repository) === canonicalRepository(other.repository) &&
    one.branch === other.branch &&
    one.path === other.path
  );
}

function byHand(provenance: Provenance): ProvenanceAnswer {
  return { known: true, provenance: { ...provenance, learnt: 'annotations' } };
}

/**
 * How far what is noted on a ReplicaSet is believed, given what the tool says now. The tool has gone on to other commits since:
 * what it must still say is the place. What it does not confirm counts as written by hand.
 */
export function trusted(noted: ProvenanceAnswer, said: Answer): ProvenanceAnswer {
  if (!said.known) {
    const isOpen = noted.known && said.reason !== 'ProvenanceContradicts';
    if (isOpen) return byHand(noted.provenance);
    return { known: false, why: noted.known ? said.why : `${noted.why}; ${said.why}` };
  }
  if (!noted.known) {
    const late = 'it was not noted when the revision began, and what is applied now may be another commit';
    return { known: false, why: `${noted.why}: ${late} (${said.provenance.evidence})` };
  }
  const { learnt, source, helm, inputs, imageBot } = said.provenance;
  if (!TOOLS.has(learnt) || !isSamePlace(noted.provenance, said.provenance)) return byHand(noted.provenance);
  const more = {
    ...(source && { source }),
    ...(helm && { helm }),
    ...(inputs && { inputs }),
    ...(imageBot && { imageBot }),
  };
  return { known: true, provenance: { ...noted.provenance, learnt, ...more } };
}
