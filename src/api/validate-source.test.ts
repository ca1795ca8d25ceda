import { describe, expect, it } from 'vitest';
import type { GitSource } from './git-source.ts';
import { validateGitSource } from './validate.ts';

const base = { repository: { url: 'https://git.example/a/b', branch: 'main' }, serviceAccountName: 'deployer' };
const problems = (spec: object) => {
  const source = { apiVersion: 'headgate.dev/v1alpha1', kind: 'GitSource', metadata: { name: 'web' } };
  return validateGitSource({ ...source, spec: { ...base, ...spec } } as GitSource);
};

describe('a GitSource', () => {
  it('may wait', () => {
    const windows = [
      { kind: 'allow', days: ['Mon', 'Fri'], start: '22:00', end: '06:00', timeZone: 'America/New_York' },
      { kind: 'allow', start: '00:00', end: '24:00' },
      { kind: 'deny', from: '2026-12-21T00:00:00Z', to: '2027-01-04T00:00:00+01:00', holdReverts: true },
    ];
    expect(
      problems({ windows, dependsOn: ['base'], suspend: true, prune: true, pruneAlso: ['Namespace'], drift: 'report' }),
    ).toEqual([]);
  });

  it.each<[object, string, string]>([
    [{ dependsOn: ['web'] }, 'spec.dependsOn[0]', 'is this GitSource itself'],
    [{ dependsOn: ['a', 'a'] }, 'spec.dependsOn[1]', 'duplicate'],
    [{ dependsOn: ['shop/a'] }, 'spec.dependsOn[0]', 'no name of a GitSource'],
    [{ windows: [{ kind: 'deny' }] }, 'spec.windows[0].start', 'start is required'],
    [{ windows: [{ kind: 'deny', start: '24:00', end: '01:00' }] }, 'spec.windows[0].start', 'no time of day'],
    [{ windows: [{ kind: 'deny', start: '01:60', end: '02:00' }] }, 'spec.windows[0].start', 'no time of day'],
    [{ windows: [{ kind: 'deny', start: '01:00', end: '25:00' }] }, 'spec.windows[0].end', 'no time of day'],
    [{ windows: [{ kind: 'deny', from: 'soon', to: '2026-12-21T00:00:00Z' }] }, 'spec.windows[0].from', 'soon'],
    [{ windows: [{ kind: 'deny', to: '2026-12-21T00:00:00Z' }] }, 'spec.windows[0].from', 'from is required'],
    [{ windows: [{ kind: 'maybe', start: '01:00', end: '02:00' }] }, 'spec.windows[0].kind', 'allow'],
    [{ pruneAlso: ['Secret'] }, 'spec.pruneAlso[0]', 'Namespace'],
    [{ drift: 'ignore' }, 'spec.drift', 'heal'],
  ])('is refused with %j', (spec, path, words) => {
    expect(problems(spec)).toContainEqual({ path, message: expect.stringContaining(words) });
  });
});
