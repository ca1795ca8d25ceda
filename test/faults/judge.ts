import type { Blow } from './line.ts';
import type { Ending, Played, Scene } from './stage.ts';

export interface Judgement {
  /** `done`, or where it rests: `needsHuman BranchProtected`. Of several clusters, each. */
  ending: string;
  /** More than one effect of one key: commits, proposals, or one of each. */
  doubles: number;
  /** What is not as it must be; undefined where all is. */
  wrong?: string;
}

/** The states in which a revert may rest for a person after such an error; nothing of it is written on the branch then. */
const RESTS: Partial<Record<Blow, readonly string[]>> = {
  protected: ['needsHuman BranchProtected'],
  // What is not found may be gone for good, or forbidden: some hosts do not tell.
  gone: ['needsHuman BranchProtected', 'needsHuman ProposalGone'],
};

function endingText({ state, reason }: Ending): string {
  return state === 'done' ? 'done' : `${state} ${reason}`.trim();
}

function doublesIn({ apart }: Scene, { git, endings }: Played): number {
  const { commits, keyed } = git;
  // Of two that were opened at the same moment by different names, all but one are closed again.
  const proposals = apart === true ? git.proposals.filter((state) => state !== 'closed') : git.proposals;
  const unmerged = proposals.filter((state) => (endings.length > 1 ? state === 'open' : state !== 'merged')).length;
  return Math.max(0, commits - 1, keyed - 1) + Math.max(0, proposals.length - 1) + (commits > 0 ? unmerged : 0);
}

function wrongIn({ host, mode, troubles }: Scene, played: Played, doubles: number): string | undefined {
  const { git, endings } = played;
  if (doubles > 0) return 'more than one effect';
  if (git.strangeRefs.length > 0) return `strange refs: ${git.strangeRefs.join(', ')}`;
  if (git.holds === 'foreign') return 'the branch holds something else than before or after the release';
  if ((git.commits === 1) !== (git.holds === 'good')) return 'what the branch holds does not fit its commits';
  const allowed = troubles.flat().flatMap(({ blow }) => RESTS[blow] ?? []);
  for (const ending of endings) {
    const text = endingText(ending);
    const isDone = ending.state === 'done';
    if (!isDone && !allowed.includes(text)) return `it rests as ${text}: ${ending.message}`;
    if (isDone !== (git.commits === 1)) return `${text}, and ${git.commits} commits`;
    if (!isDone && ending.message === '') return `${text} without a word (${host} ${mode})`;
  }
  return undefined;
}

export function judge(scene: Scene, played: Played): Judgement {
  const doubles = doublesIn(scene, played);
  const wrong = wrongIn(scene, played, doubles);
  return { ending: played.endings.map(endingText).join(' | '), doubles, ...(wrong !== undefined && { wrong }) };
}
