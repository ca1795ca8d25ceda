import { messageOf } from '../../src/errors.ts';
import type { Tool } from '../../src/git/render/renderer.ts';
import type { Case, RepositoryPlan } from './cases.ts';
import { type Expectation, expected, type Outcome } from './expected.ts';
import type { Machine } from './machine.ts';
import { createPlayer, type Played, play } from './play.ts';
import { mistakes, recheck } from './recheck.ts';
import { createRenderings, templateOf } from './rendering.ts';
import { type MadeBranch, makeWorld, type World } from './world.ts';

/** How one case came out. */
export interface Result {
  case: Case;
  expected: Outcome;
  outcome: Outcome;
  /** A commit was made, on the branch or in a pull request, and checked anew. */
  isChecked: boolean;
  /** Whether it is not byte for byte what it should be, or not where. */
  hasWrongBytes: boolean;
  /** What is wrong; empty where all is as it should be. */
  wrong: string[];
  message: string;
}

export function needs({ layout }: RepositoryPlan): Tool | undefined {
  if (layout.kind === 'releases') return 'helm';
  return layout.kind === 'plain' ? undefined : layout.kind;
}

interface Parts {
  player: ReturnType<typeof createPlayer>;
  renderings: ReturnType<typeof createRenderings>;
}

/** Of a case in which no commit was made: the branch is where it was. */
async function wrongWithout({ bare }: World, { name, ids, branch }: MadeBranch): Promise<string[]> {
  const [tip, head] = [await bare.head(name), ids[branch.head]];
  return tip === head ? [] : [`the branch is at ${tip}, and it was at ${head}`];
}

/** What is wrong with the commit that was made, which may be one that should not have been, or not there. */
async function checkCommit(
  world: World,
  { renderings }: Parts,
  each: Case,
  { made, played, expectation }: { made: MadeBranch; played: Played; expectation: Expectation },
): Promise<Pick<Result, 'wrong' | 'hasWrongBytes'>> {
  if (!played.made) {
    const wrong = await wrongWithout(world, made);
    return { wrong, hasWrongBytes: wrong.length > 0 };
  }
  const { outcomes, commit: wanted } = expectation;
  const { commit, scope, title } = played.made;
  const isProposed = title !== undefined;
  const mayBe = outcomes.some((outcome) => outcome.startsWith(isProposed ? 'proposed' : 'written'));
  if (!wanted || !mayBe) return { wrong: ['nothing was to be written there'], hasWrongBytes: true };
  const wrong = wanted.scopes.includes(scope) ? [] : [`it was made by ${scope}`];
  const isMarked = title?.startsWith('Needs a person: ') === true;
  if (isProposed && isMarked !== (wanted.doubt !== undefined)) wrong.push(`its title is ${title}`);
  const checked = await recheck(world, renderings, each, { made, commit, scope, isProposed, wanted });
  wrong.push(...mistakes(checked, wanted.doubt));
  return { wrong, hasWrongBytes: checked.files.length > 0 };
}

async function one(world: World, parts: Parts, each: Case, made: MadeBranch): Promise<Result> {
  const { branch, ids } = made;
  const { layout } = each.repository;
  const expectation = expected(each, branch);
  const [good = '', bad = ''] = [ids[0], ids[branch.failed]];
  const app = { folder: layout.path, kind: layout.kind, ...(layout.helm && { helm: layout.helm }) };
  const templateAt = async (commit: string) => {
    const template = templateOf(await parts.renderings.objects({ ...app, commit }), layout.rollout ?? 'web');
    if (!template) throw new Error(`there is no template at ${commit}`);
    return template;
  };
  const failed = { good, bad, templates: { good: await templateAt(good), bad: await templateAt(bad) } };
  const played = await play(world, parts.player, each, { made, failed });
  const { outcome, message } = played;
  const [wanted] = expectation.outcomes;
  const isRight = expectation.outcomes.includes(outcome);
  const { wrong, hasWrongBytes } = await checkCommit(world, parts, each, { made, played, expectation });
  if (!isRight) wrong.unshift(`ended as "${outcome}" instead of "${wanted}"`);
  return { case: each, expected: wanted, outcome, isChecked: played.made !== undefined, hasWrongBytes, wrong, message };
}

/** Cases that share a repository on disk, each with a branch of its own. */
export interface Table {
  /** Plays one. A case that throws is wrong. */
  play(each: Case): Promise<Result>;
  close(): Promise<void>;
}

export async function openTable(
  cases: readonly Case[],
  { machine, programs }: { machine: Machine; programs: Partial<Record<Tool, string>> },
): Promise<Table> {
  const world = await makeWorld(cases, machine);
  const parts = { player: createPlayer(world), renderings: createRenderings(world, programs) };
  return {
    close: world.close,
    async play(each) {
      const made = world.branches[cases.indexOf(each)] as MadeBranch;
      try {
        return await one(world, parts, each, made);
      } catch (error) {
        const [outcome] = expected(each, made.branch).outcomes;
        const failed = { case: each, expected: outcome, isChecked: false, hasWrongBytes: false };
        return { ...failed, outcome: 'person: Error', wrong: [messageOf(error)], message: '' };
      }
    },
  };
}
