import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Case, casesOf, REPOSITORIES } from './cases.ts';
import { expected } from './expected.ts';
import type { File } from './files.ts';
import { type Machine, openMachine } from './machine.ts';
import { type Checked, mistakes, recheck, wrongObjects } from './recheck.ts';
import { createRenderings, type Objects } from './rendering.ts';
import { makeWorld, type World } from './world.ts';

/** A revert that is written by hand: as it should be, and with one thing wrong. */
const ROLLOUT = 'apps/web/rollout.yaml';
const edited = (file: File | undefined, from: string, to: string): File => ({
  mode: file?.mode ?? '100644',
  bytes: Buffer.from((file?.bytes ?? Buffer.alloc(0)).toString().replace(from, to)),
});
const MISTAKES: readonly [name: string, wrong: (files: Map<string, File>) => void, said: string | undefined][] = [
  ['nothing', () => {}, undefined],
  [
    'a lost comment',
    (files) => files.set(ROLLOUT, edited(files.get(ROLLOUT), '# what image is', '# image')),
    'in more than a value',
  ],
  ['another line end', (files) => files.set(ROLLOUT, edited(files.get(ROLLOUT), '\n', '\r\n')), 'in more than a value'],
  ['a line more', (files) => files.set(ROLLOUT, edited(files.get(ROLLOUT), '\n', '\n\n')), 'has more or fewer lines'],
  [
    'another mode',
    (files) => files.set(ROLLOUT, { ...edited(files.get(ROLLOUT), '', ''), mode: '100755' }),
    'another mode',
  ],
  [
    'the bad value',
    (files) => files.set(ROLLOUT, edited(files.get(ROLLOUT), 'v1.4.0', 'v1.5.0')),
    'the pod template is not',
  ],
  [
    'a third value',
    (files) => files.set(ROLLOUT, edited(files.get(ROLLOUT), 'v1.4.0', 'v1.3.0')),
    'the pod template is not',
  ],
  [
    "somebody's later change",
    (files) => files.set(ROLLOUT, edited(files.get(ROLLOUT), 'setWeight: 35', 'setWeight: 20')),
    'Rollout /web is rendered otherwise',
  ],
  [
    'a file outside of the path',
    (files) => files.set('docs/other.md', { mode: '100644', bytes: Buffer.from('x') }),
    'docs/other.md is none of what may be taken back',
  ],
  [
    'another app',
    (files) => files.set('apps/other/more.yaml', { ...edited(files.get(ROLLOUT), '', '') }),
    'the other app in apps/other',
  ],
  [
    'a file too many',
    (files) => files.set('apps/web/x.txt', { mode: '100644', bytes: Buffer.from('x') }),
    'comes or goes',
  ],
];

describe('the check of a written revert finds', () => {
  let machine: Machine;
  let world: World;
  let cases: Case[];

  beforeAll(async () => {
    const plain = REPOSITORIES.filter(({ name }) => name === 'plain, comments').flatMap(casesOf);
    const [one] = plain.filter(({ name }) => name.includes('; tag; a later commit to the same file; '));
    cases = MISTAKES.flatMap(() => one ?? []);
    machine = openMachine({});
    world = await makeWorld(cases, machine);
  });
  afterAll(async () => {
    await world.close();
    await machine.close();
  });

  it.each(MISTAKES.map((mistake, index) => [...mistake, index] as const))('%s', async (_, spoil, said, index) => {
    const [each, made] = [cases[index], world.branches[index]];
    if (!each || !made) throw new Error('there is no such case');
    const wanted = expected(each, made.branch).commit;
    if (!wanted) throw new Error('nothing is to be written');
    const files = new Map(wanted.after);
    spoil(files);
    const parent = made.ids[made.branch.head] ?? '';
    const commit = await world.write(files, { branch: made.name, parent });
    const checking = { made, commit, scope: 'fields' as const, isProposed: false, wanted };
    const checked = await recheck(world, createRenderings(world, {}), each, checking);
    const wrong = mistakes(checked, undefined);
    if (said === undefined) expect(wrong).toEqual([]);
    else expect(wrong.join('\n')).toContain(said);
  });
});

describe('of an object that is rendered', () => {
  const objects = (port: number | undefined): Objects => {
    const data = { kind: 'Service', metadata: { name: 'web' }, port };
    return new Map(port === undefined ? [] : [['v1 Service /web', { data, text: JSON.stringify(data) }]]);
  };
  it.each<[string, [before: number | undefined, culprit: number, head: number, after: number | undefined], boolean]>([
    ['what the change did is taken back', [80, 81, 81, 80], true],
    ['what the change did is left', [80, 81, 81, 81], false],
    ['what the change added is taken away', [undefined, 81, 81, undefined], true],
    ['what is not taken back of the change is left', [81, 81, 81, 81], true],
    ['what is not taken back of the change goes', [81, 81, 81, 80], false],
    ['what others did later stays', [80, 80, 82, 82], true],
    ['what others did later goes', [80, 80, 82, 80], false],
    ['what others had put back already stays', [80, 81, 80, 80], true],
    ['what both did is left', [80, 81, 82, 82], false],
    ['what both did goes', [80, 81, 82, 80], false],
    ['what both did becomes something else', [80, 81, 82, 83], false],
  ])('%s', (_, [before, culprit, head, after], isRight) => {
    const sides = {
      before: objects(before),
      culprit: objects(culprit),
      head: objects(head),
      after: objects(after),
    };
    expect(wrongObjects(sides, 'web')).toHaveLength(isRight ? 0 : 1);
  });
});

describe('of what is proposed as not proved', () => {
  const none: Checked = { files: [], template: [], objects: [], others: [] };
  it.each([
    ['NotStable', { template: ['x'] }, true],
    ['NotStable', { objects: ['x'] }, false],
    ['NotProved', { objects: ['x'] }, true],
    ['NotProved', { others: ['x'] }, true],
    ['NotProved', { template: ['x'], objects: ['x'] }, false],
    ['NotProved', {}, false],
    ['OtherRollout', { objects: ['x'] }, true],
    ['OtherRollout', { others: ['x'] }, false],
    ['OtherRollout', {}, false],
    ['OutsideOfPath', { others: ['x'] }, true],
    ['OutsideOfPath', { others: ['x'], objects: ['x'] }, false],
    ['OutsideOfPath', {}, false],
    ['NotStable', { template: ['x'], files: ['x'] }, false],
    [undefined, {}, true],
    [undefined, { others: ['x'] }, false],
  ] as const)('%s with %o is right: %s', (doubt, found, isRight) => {
    const all = { ...none, ...found } as Checked;
    expect(mistakes(all, doubt)).toHaveLength(isRight ? 0 : 1);
  });
});
