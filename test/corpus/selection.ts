import { type Case, casesOf, REPOSITORIES, type RepositoryPlan } from './cases.ts';
import { LAYOUTS } from './layouts.ts';

/** How much of the corpus is played: what CI has time for, a good part, or all there is. */
export type Extent = 'sample' | 'usual' | 'all';

/** Cases of one repository, which are played together. */
export interface Group {
  repository: RepositoryPlan;
  cases: Case[];
}

const ONE_IN_CHANGES = 6;
const ONE_IN_HISTORIES = 5;
/** Long histories are for one repository in so many. */
const ONE_IN_RARE = 20;

/** Where the rules of what lies outside, or belongs to others too, are at stake. */
const PORT = 'port';
const TELLING_CHANGES = [PORT, 'ports', 'tag and port'];
const TELLING_HISTORIES = ['linear', 'a later change of the same ConfigMap', 'a folder outside of the path opts out'];

function isTelling({ repository: { layout, style }, change, history }: Case): boolean {
  const isShared = (layout.outside ?? layout.shared) !== undefined && style.name === layout.styles[0];
  return isShared && TELLING_CHANGES.includes(change.name) && TELLING_HISTORIES.includes(history.name);
}

/**
 * By a fixed rule, so that it is the same cases each time: each repository has its tag changed, a part of all other changes, and
 * a part of the histories with one change each; what is told apart by the policy, always in one style of the layout. Neighbours have others, so a layout has nearly all of them in its styles together.
 */
function usual(repository: RepositoryPlan, index: number): Case[] {
  const all = casesOf(repository);
  const linear = all.filter(({ history }) => history.name === 'linear');
  const telling = all.filter(isTelling);
  const changes = linear.filter(({ change }, at) => change.name === 'tag' || (at + index) % ONE_IN_CHANGES === 0);
  const names = [...new Set(all.map(({ history }) => history.name))].filter((name) => name !== 'linear');
  const histories = names.flatMap((name, at) => {
    const own = all.filter(({ history }) => history.name === name);
    const { rare = false, always = false } = own[0]?.history ?? {};
    const isDue = always || (rare ? index % ONE_IN_RARE === 0 : (at + index) % ONE_IN_HISTORIES === 0);
    const chosen = own[(index + at) % own.length];
    return isDue && chosen ? [chosen] : [];
  });
  return [...new Set([...changes, ...histories, ...telling])];
}

/** What a sample is to have of everything. */
function facets({ repository, change, history, policy }: Case): string[] {
  const { layout, style } = repository;
  const all = [
    `in ${layout.name}`,
    `as ${style.name}`,
    `of ${change.name}`,
    `after ${history.name}`,
    `by ${policy.name}`,
  ];
  const proposes = policy.host !== 'git' && history.name === 'linear';
  const reasons = [
    ...(change.caution ? ['caution'] : []),
    ...(layout.outside && PORT === change.name ? ['doubt'] : []),
  ];
  return [...all, ...(proposes ? reasons.map((reason) => `proposed for a ${reason}`) : [])];
}

/** Whether it may come to a write, by what happens around the change. */
function mayWrite({ change, history }: Case): boolean {
  const { headHolds, says, isBroken, isReverted, rewritten, otherTemplateCommits } = history;
  const speaksAgainst = says ?? headHolds ?? isBroken ?? isReverted ?? rewritten ?? otherTemplateCommits;
  return speaksAgainst === undefined && change.reaches === 'template';
}

/**
 * One case of each layout, in every third of which there is something to write, and more until each style, change, history and
 * policy is there: of those that are as good, the first. Writes cost most by far. The long histories are left out.
 */
function sampled(): Set<Case> {
  const cases = REPOSITORIES.filter(({ layout, style }) => layout === LAYOUTS[0] || style.name === layout.styles.at(-1))
    .flatMap(casesOf)
    .filter(({ history }) => history.rare !== true);
  const facetsOf = new Map(cases.map((each) => [each, facets(each)]));
  const left = new Set([...facetsOf.values()].flat());
  const gain = (each: Case) => facetsOf.get(each)?.filter((facet) => left.has(facet)).length ?? 0;
  const chosen = new Set<Case>();
  const choose = (some: readonly Case[]) => {
    const [best] = some.map((each) => [each, gain(each)] as const).toSorted(([, one], [, other]) => other - one);
    if (!best) return;
    chosen.add(best[0]);
    for (const facet of facetsOf.get(best[0]) ?? []) left.delete(facet);
  };
  for (const [index, layout] of LAYOUTS.entries()) {
    const own = cases.filter((each) => each.repository.layout === layout);
    const writing = own.filter(mayWrite);
    const others = own.filter((each) => !writing.includes(each));
    choose(index % 3 === 0 ? writing : [...others, ...writing]);
  }
  while (left.size > 0) choose(cases);
  return chosen;
}

/** Cases of one repository each, in the order of the repositories. */
function grouped(cases: Iterable<Case>): Group[] {
  const groups = new Map<RepositoryPlan, Case[]>();
  for (const each of cases) groups.set(each.repository, [...(groups.get(each.repository) ?? []), each]);
  return [...groups].map(([repository, own]) => ({ repository, cases: own }));
}

export function selected(extent: Extent): Group[] {
  if (extent === 'sample') return grouped(sampled());
  const casesIn = extent === 'all' ? casesOf : usual;
  return REPOSITORIES.map((repository, index) => ({ repository, cases: casesIn(repository, index) }));
}
