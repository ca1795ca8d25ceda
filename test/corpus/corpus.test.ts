import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { realPrograms } from '../git/tree.ts';
import { type Case, casesOf, REPOSITORIES } from './cases.ts';
import { needs, openTable, type Table } from './corpus.ts';
import { type Machine, openMachine } from './machine.ts';
import { selected } from './selection.ts';

const programs = await realPrograms();
const cases = selected('sample').flatMap((group) => group.cases);

function isPlayed({ repository }: Case): boolean {
  const tool = needs(repository);
  return tool === undefined || programs[tool] !== undefined;
}

it('the corpus is as broad as it is said to be', () => {
  const names = REPOSITORIES.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThanOrEqual(60);
  const all = selected('usual').flatMap((group) => group.cases);
  const every = REPOSITORIES.flatMap(casesOf);
  const changesAndHistories = (some: readonly Case[]) => [
    new Set(some.map(({ change }) => change.name)),
    new Set(some.map(({ history }) => history.name)),
    new Set(some.map(({ policy }) => policy.name)),
  ];
  expect(changesAndHistories(all)).toEqual(changesAndHistories(every));
});

/** Together, in one repository with a branch for each: what it takes to begin is nearly all that a few cases cost. */
describe('a failed release in', () => {
  let machine: Machine;
  let table: Table;
  const ends = new Set<string | undefined>();
  beforeAll(async () => {
    machine = openMachine(programs);
    table = await openTable(cases.filter(isPlayed), { machine, programs });
  });
  afterAll(async () => {
    await table.close();
    await machine.close();
  });

  for (const each of cases) {
    it.skipIf(!isPlayed(each))(each.name, async () => {
      const result = await table.play(each);
      expect(result).toMatchObject({ wrong: [], hasWrongBytes: false });
      ends.add(result.outcome.split(':')[0]);
    });
  }

  it.skipIf(!cases.every(isPlayed))('ends in every way', () => {
    const all = ['landed', 'none', 'person', 'proposed', 'skipped', 'superseded', 'written'];
    expect([...ends].sort()).toEqual(all);
  });
});
