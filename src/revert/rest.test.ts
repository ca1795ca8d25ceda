import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changesText, type Objects, otherChanges, ownChanges } from './rest.ts';

const objects = (fields: Record<string, string>): Objects => new Map(Object.entries(fields));
const workload = new Set(['web']);

describe('the rest of the app itself', () => {
  it.each<[string, Record<string, string>, Record<string, string>, Record<string, string> | undefined, string[]]>([
    ['the workload alone', { web: '2', cfg: 'a' }, { web: '1', cfg: 'a' }, { web: '1', cfg: 'a' }, []],
    ['the workload, where a later commit changed it too', { web: '2' }, { web: '9' }, { web: '1' }, []],
    ['an object back to what it was', { web: '2', cfg: 'b' }, { web: '1', cfg: 'a' }, { web: '1', cfg: 'a' }, []],
    ['an object that is new to both', { cfg: 'b' }, { cfg: 'c' }, { cfg: 'a' }, ['cfg']],
    ['one generated name for another', { 'cfg-2': 'b' }, { 'cfg-1': 'a' }, { 'cfg-1': 'a' }, []],
    ['an object away that was there before', { cfg: 'a' }, {}, { cfg: 'a' }, ['cfg']],
    ['an object away that the change brought', { cfg: 'a' }, {}, {}, []],
    ['an object that was never there', {}, { cfg: 'a' }, {}, ['cfg']],
    ['anything, where nobody knows what was before', { cfg: 'b' }, { cfg: 'a' }, undefined, ['cfg']],
  ])('%s', (_, head, after, before, expected) => {
    const sides = { head: objects(head), after: objects(after), before: before && objects(before), workload };
    expect(ownChanges(sides)).toEqual(expected);
  });

  const some = fc.dictionary(fc.constantFrom('web', 'a', 'b', 'c'), fc.constantFrom('1', '2', '3'));
  it('is each as now or as before, where nothing is told', () => {
    fc.assert(
      fc.property(some, some, some, (head, after, before) => {
        const told = ownChanges({ head: objects(head), after: objects(after), before: objects(before), workload });
        for (const name of ['a', 'b', 'c'])
          expect(told.includes(name)).toBe(after[name] !== head[name] && after[name] !== before[name]);
        expect(told).not.toContain('web');
      }),
    );
  });
});

describe('another app', () => {
  const own = { head: objects({ web: '2' }), after: objects({ web: '1' }) };

  it('may not change, whatever it was before', () => {
    const sides = { head: objects({ web: '2', api: '2' }), after: objects({ web: '1', api: '2' }) };
    expect(otherChanges({ ...sides, holdsApp: false }, own)).toEqual(['web']);
  });

  it('that holds this one may change in its very objects', () => {
    const sides = { head: objects({ web: '2', api: '2' }), after: objects({ web: '1', api: '1' }) };
    expect(otherChanges({ ...sides, holdsApp: true }, own)).toEqual(['api']);
    const otherwise = { head: objects({ web: '2 with labels' }), after: objects({ web: '1 with labels' }) };
    expect(otherChanges({ ...otherwise, holdsApp: true }, own)).toEqual(['web']);
  });
});

it('a few are named, harmless', () => {
  expect(changesText(['/ConfigMap shop/a', 'apps/Deployment shop/@b'], '')).toBe(
    'ConfigMap shop/a, apps/Deployment shop/(at)b in /',
  );
  const names = Array.from({ length: 7 }, (_, index) => `/Service shop/s${index}`);
  expect(changesText(names, 'apps/web')).toMatch(/^Service shop\/s0, .*s4 and 2 more in apps\/web$/);
});
