import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kubernetes.ts';
import { type Answer, type Found, read, references } from './index.ts';
import {
  application,
  COMMIT,
  changed,
  fluxLabels,
  found,
  gitRepository,
  helmRelease,
  hydrated,
  kustomization,
  OLDER,
  RELEASED,
  REPOSITORY,
  rollout,
  severalSources,
  TRACKED,
  unfinished,
} from './testing-objects.ts';

const OPTIONS = { argoCdNamespace: 'argocd' };

/** As a person, or a pipeline, writes them. */
const STAMP = {
  'headgate.dev/git-repository': `${REPOSITORY}.git`,
  'headgate.dev/git-branch': 'main',
  'headgate.dev/git-path': 'apps/web',
  'headgate.dev/git-commit': COMMIT,
};
const ALL = found(application(), kustomization(), gitRepository());

describe('an object that nobody has marked', () => {
  it('costs no look at anything', () => {
    const plain = rollout({ labels: { app: 'web' }, annotations: { note: 'x' } });
    expect(references(plain, new Map(), OPTIONS)).toEqual([]);
    expect(read(plain, new Map(), OPTIONS)).toMatchObject({
      known: false,
      reason: 'ProvenanceUnknown',
      why:
        'annotations: nothing on the object speaks of it; Argo CD: nothing on the object speaks of it; ' +
        'Flux: nothing on the object speaks of it',
    });
  });
});

describe('annotations alone', () => {
  it('say what they said before', () => {
    expect(read(rollout({ annotations: STAMP }), new Map(), OPTIONS)).toMatchObject({
      known: true,
      provenance: { repository: `${REPOSITORY}.git`, path: 'apps/web', commit: COMMIT, learnt: 'annotations' },
    });
    const annotations = { ...STAMP, 'headgate.dev/git-source': 'GitSource/shop/web' };
    expect(read(rollout({ annotations }), new Map(), OPTIONS)).toMatchObject({
      known: true,
      provenance: { learnt: 'GitSource', source: { namespace: 'shop', name: 'web' } },
    });
    const short = { ...STAMP, 'headgate.dev/git-commit': 'main' };
    expect(read(rollout({ annotations: short }), new Map(), OPTIONS)).toMatchObject({
      known: false,
      reason: 'ProvenanceUnknown',
      why: expect.stringContaining('annotations: the annotation headgate.dev/git-commit is "main"'),
    });
  });
});

describe('annotations that are half there', () => {
  it.each(Object.keys(STAMP).filter((key) => !key.endsWith('path')))('say so where only %s is', (key) => {
    const annotations = { [key]: STAMP[key as keyof typeof STAMP] };
    const missing = Object.keys(STAMP).filter((each) => each !== key && !each.endsWith('path'));
    expect(read(rollout({ annotations }), new Map(), OPTIONS)).toMatchObject({
      known: false,
      why: expect.stringContaining(`annotations: the annotations ${missing.join(', ')} are not there`),
    });
  });
});

describe('several sources', () => {
  const both = rollout({ labels: fluxLabels(), annotations: { ...TRACKED, ...STAMP } });

  it('are all looked at', () => {
    expect(references(both, new Map(), OPTIONS).map(({ kind }) => kind)).toEqual(['Application', 'Kustomization']);
  });

  it('that say the same are one answer, in the name of one that was checked', () => {
    const app = changed(application(), {
      'metadata.annotations': { 'argocd.argoproj.io/manifest-generate-paths': '/x' },
    });
    const owner = changed(kustomization(), { 'spec.images': [{ name: 'web', newTag: '9' }] });
    const answer = read(both, found(app, owner, gitRepository()), OPTIONS);
    expect(answer).toMatchObject({
      known: true,
      provenance: {
        learnt: 'ArgoCD',
        inputs: ['apps/web', 'x'],
        overrides: ['Kustomization flux-system/apps spec.images'],
        evidence: expect.stringMatching(/^Application argocd\/web applied .*; Kustomization .*; .*by hand/),
      },
    });
    expect(answer.looks.map(({ source }) => source)).toEqual(['annotations', 'Argo CD', 'Flux']);
  });

  it.each([
    ['commit', { 'headgate.dev/git-commit': OLDER }],
    ['branch', { 'headgate.dev/git-branch': 'next' }],
    ['repository', { 'headgate.dev/git-repository': 'https://git.example.com/team/other' }],
    ['folder', { 'headgate.dev/git-path': 'apps/api' }],
  ])('that differ in the %s contradict each other, and each is quoted', (_, change) => {
    const object = rollout({ annotations: { ...TRACKED, ...STAMP, ...change } });
    expect(read(object, ALL, OPTIONS)).toMatchObject({
      known: false,
      reason: 'ProvenanceContradicts',
      why: expect.stringMatching(/annotations: .* on branch .*; Argo CD: .* on branch main of .*; Flux: nothing/),
    });
  });

  it('are quoted with commit, branch, repository, folder and who says so', () => {
    const annotations = { ...TRACKED, ...STAMP, 'headgate.dev/git-commit': OLDER, 'headgate.dev/git-path': '' };
    const { known, ...rest } = read(rollout({ annotations }), ALL, OPTIONS);
    expect(known).toBe(false);
    expect(rest).toMatchObject({
      why: expect.stringContaining(
        `annotations: ${OLDER} on branch main of ${REPOSITORY}, path / (headgate.dev/git-commit and its neighbours, ` +
          `written by hand, name commit 0a1b2c3); Argo CD: ${COMMIT} on branch main of ${REPOSITORY}, path apps/web (`,
      ),
    });
  });

  it('agree where the folder was left out by hand', () => {
    const { 'headgate.dev/git-path': _, ...pathless } = STAMP;
    expect(read(rollout({ annotations: { ...TRACKED, ...pathless } }), ALL, OPTIONS)).toMatchObject({
      known: true,
      provenance: { path: 'apps/web', learnt: 'ArgoCD' },
    });
  });

  it('of which one is about to speak are waited for, but not where the others contradict each other', () => {
    const waiting = found(application(), unfinished('Progressing', 'Unknown'), gitRepository());
    expect(read(both, waiting, OPTIONS)).toMatchObject({ known: false, reason: 'NotYet' });
    const other = changed(both, { 'metadata.annotations': { ...TRACKED, ...STAMP, 'headgate.dev/git-commit': OLDER } });
    expect(read(other, waiting, OPTIONS)).toMatchObject({ known: false, reason: 'ProvenanceContradicts' });
  });

  it('of which one cannot know leave it to the others, and it is told why', () => {
    const pinned = changed(gitRepository(), { 'spec.ref': { tag: 'v1' } });
    const answer = read(both, found(application(), kustomization(), pinned), OPTIONS);
    expect(answer).toMatchObject({ known: true, provenance: { learnt: 'ArgoCD' } });
    expect(answer.looks[2]).toMatchObject({
      source: 'Flux',
      finding: { kind: 'unknown', why: expect.stringContaining('spec.ref.tag "v1"') },
    });
  });
});

describe('nothing that stands in an object', () => {
  const cases: [string, KubeObject, KubeObject[]][] = [
    ['an Application', rollout({ annotations: TRACKED }), [application()]],
    [
      'an Application with several sources',
      rollout({ annotations: TRACKED }),
      [
        severalSources(
          [
            { repoURL: REPOSITORY, path: 'apps/web', targetRevision: 'main', helm: { valueFiles: ['$v/x.yaml'] } },
            { repoURL: REPOSITORY, targetRevision: 'main', ref: 'v' },
          ],
          [COMMIT, COMMIT],
        ),
      ],
    ],
    ['an Application with a hydrator', rollout({ annotations: TRACKED }), [hydrated()]],
    ['a Kustomization', rollout({ labels: fluxLabels() }), [kustomization(), gitRepository()]],
    [
      'a HelmRelease',
      rollout(RELEASED),
      [helmRelease(), kustomization('shop_web_helm.toolkit.fluxcd.io_HelmRelease'), gitRepository()],
    ],
  ];
  const junk = [null, 7, '', 'a:b/c', '../..', [], {}, [null]];

  function pathsOf(value: unknown, at: string[] = []): string[] {
    const below = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    const plain = below.filter(([key]) => !key.includes('.'));
    return [...(at.length > 0 ? [at.join('.')] : []), ...plain.flatMap(([key, each]) => pathsOf(each, [...at, key]))];
  }

  /** Whatever is answered is whole, and nothing else than what the objects said. */
  function expectSound(answer: Answer) {
    if (!answer.known) {
      expect(answer.why).not.toBe('');
      return;
    }
    const { commit, branch, repository, evidence } = answer.provenance;
    expect([COMMIT, OLDER]).toContain(commit);
    for (const text of [branch, repository, evidence]) expect(text).not.toBe('');
  }

  it.each(cases)('is taken at its word, nor does it break anything: %s', (_, object, objects) => {
    expect(read(object, found(...objects), OPTIONS)).toMatchObject({ known: true });
    for (const one of objects) {
      for (const path of pathsOf(one)) {
        for (const value of junk) {
          const all: Found = new Map([
            ...found(...objects),
            [`${one.kind} ${one.metadata.namespace}/${one.metadata.name}`, { object: changed(one, { [path]: value }) }],
          ]);
          expectSound(read(object, all, OPTIONS));
          references(object, all, OPTIONS);
        }
      }
    }
  });

  it('breaks anything, whatever it is', () => {
    const marks = rollout({ labels: { ...fluxLabels(), ...RELEASED.labels }, annotations: TRACKED });
    const any = fc.jsonValue() as fc.Arbitrary<unknown>;
    const value = fc.record({ metadata: any, spec: any, status: any }, { requiredKeys: [] });
    fc.assert(
      fc.property(value, value, value, (a, b, c) => {
        const kinds = ['Application argocd/web', 'Kustomization flux-system/apps', 'HelmRelease shop/web'];
        const objects = [a, b, c] as unknown as KubeObject[];
        const all: Found = new Map(kinds.map((key, index) => [key, { object: objects[index] as KubeObject }]));
        expect(read(marks, all, OPTIONS).known).toBe(false);
        for (const object of [a, b, c, null, 7])
          expect(read(object as KubeObject, all, OPTIONS)).toMatchObject({ known: false });
      }),
    );
  });
});
