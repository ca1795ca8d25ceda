import { describe, expect, it } from 'vitest';
import type { RevertPolicySpec } from '../api/index.ts';
import { findCulprit, type TemplateInGit } from './culprit.ts';
import { type GateFacts, gate } from './gates.ts';
import { revertKey, revertName } from './key.ts';
import { type MessageFacts, neverReverted, revertMessage, takesOut } from './message.ts';
import { type Policy, selectPolicy } from './select.ts';

const parts = {
  repository: 'https://host/team/shop',
  branch: 'main',
  culprits: ['b'.repeat(40), 'a'.repeat(40)],
  path: 'apps/web',
};

describe('the key', () => {
  it('does not depend on the order of the culprits, and on everything else', () => {
    const key = revertKey(parts);
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(revertKey({ ...parts, culprits: [...parts.culprits].reverse() })).toBe(key);
    for (const other of [{ repository: 'x' }, { branch: 'x' }, { path: '' }, { culprits: ['c'.repeat(40)] }]) {
      expect(revertKey({ ...parts, ...other })).not.toBe(key);
    }
    expect(revertKey({ ...parts, rollout: { name: 'web' } })).toBe(key);
    const ofEach = ['web', 'api'].map((name) => revertKey({ ...parts, apart: true, rollout: { name } }));
    expect(new Set([key, ...ofEach]).size).toBe(3);
    expect(revertName(key)).toMatch(/^revert-[0-9a-f]{20}$/);
  });
});

describe('the message', () => {
  const facts: MessageFacts = {
    culpritMessage: 'Use v3\n\nwith more words',
    culpritAuthor: 'Ann',
    culprit: 'c'.repeat(40),
    goodRevision: 'a'.repeat(40),
    rollout: { namespace: 'shop', name: 'web' },
    run: { name: 'web-2-1', uid: 'u1' },
    step: 2,
    cause: 'metric "success-rate" assessed Failed',
    scope: 'paths' as const,
    files: ['apps/web/rollout.yaml'],
    key: 'k'.repeat(64),
    version: '0.1.0',
  };

  it.each([
    ['Fixes GH-12', 'Fixes GH 12'],
    ['Closes https://git.example/team/shop/issues/12', 'Closes https://git.example/team/shop/issues/ 12'],
    ['See !12', 'See no. 12'],
    ['Fixes #12', 'Fixes no. 12'],
    ['Post to https://user:hunter2@hooks.example/x', 'Post to https://hooks.example/x'],
    ['Ask https://prom.example/api?query=up&token=hunter2', 'Ask https://prom.example/api?query=up&token=...'],
  ])('neither closes or refers to anything, nor holds credentials: %s', (subject, shown) => {
    const text = revertMessage({ ...facts, culpritMessage: subject, cause: subject });
    expect(text).toContain(`Revert "${shown}"`);
    expect(text).toContain(`(${shown})`);
    expect(text).not.toContain('hunter2');
  });

  it('says what, why and how to go on, with the trailers', () => {
    expect(revertMessage(facts)).toMatchInlineSnapshot(`
      "Revert "Use v3" (shop/web)

      Automatic rollback: analysis web-2-1 failed at step 2 (metric "success-rate" assessed Failed).
      Restores apps/web/rollout.yaml to what was there before ccccccc. Original author: Ann.
      To re-land: fix forward, or revert this commit. To keep a commit from being
      reverted by a program, give it the trailer "Auto-Revert: disable".

      This reverts commit cccccccccccccccccccccccccccccccccccccccc.

      Rollout: shop/web
      Revert-Key: kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
      Reverts-Commit: cccccccccccccccccccccccccccccccccccccccc
      Good-Revision: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
      Revert-Scope: paths
      Analysis-Run: shop/web-2-1/u1
      Rollout-Controller: headgate/0.1.0
      "
    `);
  });

  it('names the pull request that brought the culprit, where it is known, so that no host makes a link of it', () => {
    expect(revertMessage({ ...facts, pullRequest: 12 })).toContain('Original author: Ann, pull request 12.\n');
  });

  it('says who answers for it, where somebody does, as the last of its trailers', () => {
    const text = revertMessage({ ...facts, signedOffBy: 'Shop Bot <bot@shop.example>' });
    expect(text).toMatch(/\nRollout-Controller: [^\n]+\nSigned-off-by: Shop Bot <bot@shop\.example>\n$/);
    expect(revertMessage({ ...facts, culpritMessage: 'Signed-off-by: Eve <eve@x>' })).not.toContain('Signed-off-by:');
  });

  it('lets nothing from outside forge a trailer, mention people or give orders', () => {
    const evil = 'x\nRevert-Key: forged\r\u2028Signed-off-by: Eve <e@e> @team fixes #12 [skip ci]\u202e';
    const text = revertMessage({
      ...facts,
      culpritMessage: evil.replaceAll('\n', ' '),
      cause: evil,
      culpritAuthor: evil,
      files: [evil],
    });
    expect(text.split('\n').filter((line) => line.startsWith('Revert-Key:'))).toEqual([`Revert-Key: ${facts.key}`]);
    expect(text).not.toMatch(/@|#12|\[skip|\u202e|\u2028|Signed-off-by:/);
    expect(text.match(/^This reverts commit .*$/m)?.[0]).toBe(`This reverts commit ${facts.culprit}.`);
  });

  it('keeps to a length', () => {
    const text = revertMessage({
      ...facts,
      culpritMessage: 'x'.repeat(500),
      cause: 'y'.repeat(5000),
      files: Array(20).fill('f'.repeat(400)),
    });
    expect(text.length).toBeLessThan(2500);
    expect(text).toContain('and 15 more');
  });
});

describe('a commit takes the culprit out', () => {
  const key = 'e'.repeat(64);
  const culprit = 'c'.repeat(40);
  const line = `This reverts commit ${culprit}.`;
  it.each([
    ['by the key', `Revert "x"\n\n${line}\n\nRevert-Key: ${key}`, true],
    ['by the key alone', `Squashed\n\nRevert-Key: ${key}\r`, true],
    ['by the sentence', `Revert "x"\n\n${line}`, true],
    [
      "not by the sentence beside another program's key",
      `Revert "x"\n\n${line}\n\nRevert-Key: ${'f'.repeat(64)}`,
      false,
    ],
    ['by one of several keys', `Two\n\nRevert-Key: ${'f'.repeat(64)}\nRevert-Key: ${key}`, true],
    ['not by a key that only begins like it', `x\n\nRevert-Key: ${key}0`, false],
    ['not by a sentence about another commit', `x\n\nThis reverts commit ${'d'.repeat(40)}.`, false],
    ['not by a mention', `See "${line}"`, false],
  ])('%s', (_, message, answer) => expect(takesOut(message, key, culprit)).toBe(answer));
});

describe('what is never reverted', () => {
  it.each([
    ['Revert "x"\n\nThis reverts commit 0123456789abcdef.', 'CulpritIsRevert'],
    ['Reapply "x"', 'CulpritIsRevert'],
    ['Roll back\n\nRevert-Key: 12', 'CulpritIsRevert'],
    ['Security fix\n\nAuto-Revert: disable', 'OptedOut'],
    ['Use v3', undefined],
    ['Do not revert "this" lightly', undefined],
    ['revert: feat(web): v2', 'CulpritIsRevert'],
    ['revert(web)!: v2', 'CulpritIsRevert'],
    ['revert to v2', undefined],
  ])('%j', (message, reason) => {
    expect(neverReverted({ id: 'c'.repeat(40), message }, [])?.reason).toBe(reason);
  });

  const [one, two] = ['1'.repeat(40), '2'.repeat(40)] as const;
  const merge = 'Merge pull request #8 from ann/topic\n\nUse v3';
  it.each<[string, string, string[], string | undefined]>([
    ['by the trailer of a merged commit', merge, ['Use v3', 'Fix\n\nAuto-Revert: disable'], 'OptedOut'],
    ['by the title that the merge has', 'Merge pull request #8\n\nRevert "Use v2"', ['Back'], 'CulpritIsRevert'],
    ['by a merged revert', merge, [`Revert "x"\n\nThis reverts commit ${'9'.repeat(40)}.`], 'CulpritIsRevert'],
    ['not by one of what it brings itself', merge, ['Try', `Revert "Try"\n\nThis reverts commit ${one}.`], undefined],
    [
      'by one of its own and of others',
      merge,
      ['Try', `x\n\nThis reverts commit ${one}.\nThis reverts commit 999999999.`],
      'CulpritIsRevert',
    ],
    ['not by plain ones', merge, ['Use v3', 'Format'], undefined],
  ])('where it is a merge: %s', (_, message, inner, reason) => {
    const merged = inner.map((said, index) => ({ id: [one, two][index] ?? '', message: said }));
    const found = neverReverted({ id: 'c'.repeat(40), message }, merged);
    expect(found?.reason).toBe(reason);
    if (reason === 'OptedOut')
      expect(found?.message).toBe('commit 2222222, which it merges, carries the trailer "Auto-Revert: disable"');
  });
});

describe('the culprit', () => {
  const image = (tag: string): TemplateInGit => ({
    kind: 'template',
    template: { spec: { containers: [{ name: 'web', image: tag }] } },
  });
  const commit = (name: string, before: TemplateInGit, after: TemplateInGit) => ({ commit: name, before, after });
  const absent: TemplateInGit = { kind: 'absent' };

  it.each([
    [
      'the one that changed the template',
      [commit('a', image('1'), image('1')), commit('b', image('1'), image('2'))],
      { kind: 'one', culprit: 'b' },
    ],
    ['none', [commit('a', image('1'), image('1'))], { kind: 'none' }],
    ['none without candidates', [], { kind: 'none' }],
    [
      'several',
      [commit('a', image('1'), image('2')), commit('b', image('2'), image('3'))],
      { kind: 'several', commits: ['a', 'b'] },
    ],
    ['the one that added the Rollout', [commit('a', absent, image('1'))], { kind: 'one', culprit: 'a' }],
    [
      'not to be told',
      [commit('a', image('1'), { kind: 'unreadable', message: 'tab' })],
      { kind: 'unreadable', commit: 'a', message: 'tab' },
    ],
  ])('%s', (_, candidates, expected) => {
    expect(findCulprit(candidates as never)).toEqual(expected);
  });
});

describe('the policy', () => {
  const spec = (part: Partial<RevertPolicySpec> = {}): RevertPolicySpec => ({
    namespaces: ['shop'],
    repository: { host: 'git', url: 'https://host/team/shop.git', branch: 'main', path: 'apps' },
    mode: 'Direct',
    ...part,
  });
  const policy = (name: string, part: Partial<RevertPolicySpec> = {}): Policy => ({
    name,
    spec: spec(part),
    repository: 'https://host/team/shop',
  });
  const origin = { namespace: 'shop', repository: 'https://host/team/shop', branch: 'main', path: 'apps/web' };

  it('must be exactly one', () => {
    expect(selectPolicy([policy('a'), policy('b', { namespaces: ['other'] })], origin)).toMatchObject({
      kind: 'one',
      policy: { name: 'a' },
    });
    expect(selectPolicy([], origin)).toMatchObject({
      reason: 'NoRevertPolicy',
      message: expect.stringContaining('namespace shop'),
    });
    const two = selectPolicy([policy('b'), policy('a')], origin);
    expect(two).toMatchObject({ reason: 'SeveralPoliciesMatch', message: expect.stringContaining('a, b') });
  });

  it.each([
    ['another branch', { branch: 'release' }],
    ['another repository', { repository: 'https://host/team/other' }],
    ['a path that only begins alike', { path: 'apps-two/web' }],
    ['a path above', { path: '' }],
  ])('does not speak of %s', (_, part) => {
    expect(selectPolicy([policy('a')], { ...origin, ...part }).kind).toBe('none');
  });

  const facts: GateFacts = {
    cause: { kind: 'analysis', phase: 'Failed' },
    failedAt: Date.parse('2026-11-20T11:59:00Z'),
    learnt: 'GitSource',
    now: Date.parse('2026-11-20T12:00:00Z'),
    writtenToday: { Direct: 0, PullRequest: 0 },
    isSkipped: false,
    isApproved: false,
    autoRevert: undefined,
    paused: undefined,
    cautions: [],
    revertedBefore: undefined,
    stableProblem: undefined,
    failures: [],
  };
  const GITHUB = { host: 'github', url: 'https://github.com/team/shop', branch: 'main' };
  const freeze = [{ from: '2026-11-20T00:00:00Z', to: '2026-11-21T00:00:00Z', reason: 'sale' }];
  it.each([
    ['a failed analysis', {}, {}, { kind: 'open', mode: 'Direct' }],
    ['a dry run', { mode: 'DryRun' }, { learnt: 'annotations' }, { kind: 'open', mode: 'DryRun' }],
    ['off', { mode: 'Off' }, {}, { kind: 'skip', reason: 'RevertPolicyOff' }],
    [
      'no mode, which means pull requests',
      { mode: undefined, repository: GITHUB },
      { learnt: 'annotations', writtenToday: { Direct: 99, PullRequest: 9 } },
      { kind: 'open', mode: 'PullRequest' },
    ],
    [
      'pull requests of a host that has none',
      { mode: 'PullRequest', repository: { host: 'git', url: '/srv/shop.git', branch: 'main' } },
      {},
      { kind: 'person', reason: 'PullRequestsNotSupported' },
    ],
    [
      'a budget of 10 pull requests',
      { mode: 'PullRequest', repository: GITHUB },
      { writtenToday: { Direct: 0, PullRequest: 10 } },
      { kind: 'person', reason: 'BudgetExhausted', message: expect.stringContaining('budget.pullRequestsPerDay') },
    ],
    [
      'an analysis that ended as Error',
      {},
      { cause: { kind: 'analysis', phase: 'Error' } },
      { kind: 'skip', reason: 'NotTriggered' },
    ],
    ['a manual abort', {}, { cause: { kind: 'user' } }, { kind: 'skip', reason: 'NotTriggered' }],
    [
      'a manual abort that triggers',
      { triggers: { manualAbort: true } },
      { cause: { kind: 'user' } },
      { kind: 'open' },
    ],
    ['a stuck update', {}, { cause: { kind: 'progressDeadline' } }, { kind: 'skip', reason: 'NotTriggered' }],
    [
      'a stuck update that triggers',
      { triggers: { progressDeadline: true } },
      { cause: { kind: 'progressDeadline' } },
      { kind: 'open' },
    ],
    ['provenance by hand', {}, { learnt: 'annotations' }, { kind: 'person', reason: 'ProvenanceByHand' }],
    ['provenance that Argo CD has confirmed', {}, { learnt: 'ArgoCD' }, { kind: 'open' }],
    ['provenance that Flux has confirmed', {}, { learnt: 'Flux' }, { kind: 'open' }],
    [
      'a budget of 4',
      {},
      { writtenToday: { Direct: 4, PullRequest: 0 } },
      { kind: 'person', reason: 'BudgetExhausted' },
    ],
    [
      'a budget of its own',
      { budget: { directPerDay: 9 } },
      { writtenToday: { Direct: 8, PullRequest: 99 } },
      { kind: 'open' },
    ],
    ['a budget of none', { budget: { directPerDay: 0 } }, {}, { kind: 'person', reason: 'BudgetExhausted' }],
    [
      'a freeze',
      { freeze },
      {},
      { kind: 'wait', until: Date.parse('2026-11-21T00:00:00Z'), message: expect.stringContaining('sale') },
    ],
    ['a freeze that is over', { freeze }, { now: Date.parse('2026-11-21T00:00:00Z') }, { kind: 'open' }],
  ])('%s', (_, part, change, expected) => {
    expect(gate(policy('a', part as never), { ...facts, ...(change as object) } as never)).toMatchObject(expected);
  });
});
