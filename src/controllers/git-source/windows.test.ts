import { describe, expect, it } from 'vitest';
import type { SyncWindow } from '../../api/index.ts';
import { isActive, windowHold } from './windows.ts';

const at = (text: string) => Date.parse(text);
// 2026-11-20 is a Friday.
const nights: SyncWindow = { kind: 'deny', days: ['Fri'], start: '22:00', end: '06:00' };

describe('a window', () => {
  it.each<[string, SyncWindow, string, boolean]>([
    [
      'once, at its beginning',
      { kind: 'deny', from: '2026-11-20T12:00:00Z', to: '2026-11-20T13:00:00Z' },
      '2026-11-20T12:00:00Z',
      true,
    ],
    [
      'once, at its end',
      { kind: 'deny', from: '2026-11-20T12:00:00Z', to: '2026-11-20T13:00:00Z' },
      '2026-11-20T13:00:00Z',
      false,
    ],
    ['on its day', { kind: 'allow', days: ['Fri'], start: '09:00', end: '17:00' }, '2026-11-20T16:59:59Z', true],
    ['after its end', { kind: 'allow', days: ['Fri'], start: '09:00', end: '17:00' }, '2026-11-20T17:00:00Z', false],
    ['on another day', { kind: 'allow', days: ['Mon'], start: '09:00', end: '17:00' }, '2026-11-20T12:00:00Z', false],
    ['every day', { kind: 'allow', start: '00:00', end: '24:00' }, '2026-11-22T23:59:00Z', true],
    ['over midnight, before it', nights, '2026-11-20T22:00:00Z', true],
    ['over midnight, after it', nights, '2026-11-21T05:59:00Z', true],
    ['over midnight, at its end', nights, '2026-11-21T06:00:00Z', false],
    ['over midnight, the night before', nights, '2026-11-20T05:00:00Z', false],
    ['over midnight from Sunday to Monday', { ...nights, days: ['Sun'] }, '2026-11-23T01:00:00Z', true],
    [
      'in its own zone',
      { kind: 'allow', days: ['Sat'], start: '00:00', end: '02:00', timeZone: 'Asia/Tokyo' },
      '2026-11-20T15:30:00Z',
      true,
    ],
    [
      'in summer',
      { kind: 'allow', start: '09:00', end: '10:00', timeZone: 'Europe/Zurich' },
      '2026-07-01T07:00:00Z',
      true,
    ],
    [
      'in winter',
      { kind: 'allow', start: '09:00', end: '10:00', timeZone: 'Europe/Zurich' },
      '2026-11-20T07:00:00Z',
      false,
    ],
    [
      'whose hour the clocks leave out',
      { kind: 'deny', start: '02:00', end: '03:00', timeZone: 'Europe/Zurich' },
      '2026-03-29T01:00:00Z',
      false,
    ],
    [
      'whose hour the clocks show twice',
      { kind: 'deny', start: '02:00', end: '03:00', timeZone: 'Europe/Zurich' },
      '2026-10-25T01:30:00Z',
      true,
    ],
  ])('%s', (_, window, now, expected) => {
    expect(isActive(window, at(now))).toBe(expected);
  });
});

describe('changes are kept out', () => {
  const noon = at('2026-11-20T12:00:00Z');
  const now: SyncWindow = { kind: 'allow', start: '11:00', end: '13:00' };
  const later: SyncWindow = { kind: 'allow', start: '14:00', end: '15:00' };
  const deny: SyncWindow = { ...now, kind: 'deny' };
  it.each<[string, SyncWindow[], boolean]>([
    ['by nothing where there are no windows', [], false],
    ['by a window that denies', [deny], true],
    ['by one that denies although another allows', [now, deny], true],
    ['outside of all that allow', [later], true],
    ['not inside of one of those that allow', [later, now], false],
    ['not by one that denies at another time', [{ ...later, kind: 'deny' }], false],
  ])('%s', (_, windows, expected) => {
    expect(windowHold(windows, noon) !== undefined).toBe(expected);
  });

  it('and reverts only where the window says so', () => {
    expect(windowHold([deny], noon)?.holdsReverts).toBe(false);
    expect(windowHold([deny, { ...deny, holdReverts: true }], noon)?.holdsReverts).toBe(true);
    expect(windowHold([later, { ...later, holdReverts: true }], noon)?.holdsReverts).toBe(false);
    expect(windowHold([{ ...later, holdReverts: true }], noon)?.holdsReverts).toBe(true);
  });
});
