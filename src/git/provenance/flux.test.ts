import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kubernetes.ts';
import { type Reference, read, references } from './index.ts';
import {
  COMMIT,
  changed,
  fluxLabels,
  found,
  gitRepository,
  helmRelease,
  kustomization,
  RELEASED,
  REPOSITORY,
  rollout,
  unfinished,
} from './testing-objects.ts';

const OPTIONS = { argoCdNamespace: 'argocd' };
const labelled = rollout({ labels: fluxLabels() });
const PLACE = { repository: REPOSITORY, branch: 'main', path: 'apps/web', commit: COMMIT };
const OWNER: Reference = { kind: 'Kustomization', namespace: 'flux-system', name: 'apps' };
const SOURCE: Reference = { kind: 'GitRepository', namespace: 'flux-system', name: 'deploy' };

const ask = (owner: KubeObject, source: KubeObject = gitRepository(), object: KubeObject = labelled) =>
  read(object, found(owner, source), OPTIONS);
const askWith = (changes: Record<string, unknown>) => ask(changed(kustomization(), changes));
const askRef = (ref: unknown, revision = `main@sha1:${COMMIT}`) =>
  ask(
    changed(kustomization(), { 'status.lastAppliedRevision': revision, 'status.lastAttemptedRevision': revision }),
    changed(gitRepository(), { 'spec.ref': ref }),
  );

describe('an object that a Kustomization has applied', () => {
  it('came from its GitRepository, branch and folder', () => {
    expect(ask(kustomization())).toMatchObject({
      known: true,
      provenance: {
        ...{ ...PLACE, learnt: 'Flux', source: { namespace: 'flux-system', name: 'apps' } },
        evidence: 'Kustomization flux-system/apps applied 4f1c9a7 of main',
      },
    });
    const { provenance } = ask(kustomization()) as { provenance: object };
    for (const field of ['file', 'inputs', 'overrides', 'from']) expect(provenance).not.toHaveProperty(field);
  });

  it('leads to the one, and from there to the other', () => {
    expect(references(labelled, new Map(), OPTIONS)).toEqual([OWNER]);
    expect(references(labelled, found(kustomization()), OPTIONS)).toEqual([SOURCE]);
    expect(references(labelled, found(kustomization(), gitRepository()), OPTIONS)).toEqual([]);
  });

  it('whose source is in another namespace leads there', () => {
    const owner = changed(kustomization(), { 'spec.sourceRef.namespace': 'sources' });
    expect(references(labelled, found(owner), OPTIONS)).toEqual([{ ...SOURCE, namespace: 'sources' }]);
    const source = changed(gitRepository(), { 'metadata.namespace': 'sources' });
    expect(ask(owner, source)).toMatchObject({ known: true, provenance: PLACE });
  });

  it.each(['..', 'a/b', 'A', '', 'x'.repeat(300)])('never leads to an object that cannot be called %j', (odd) => {
    for (const field of ['name', 'namespace']) {
      const owner = changed(kustomization(), { [`spec.sourceRef.${field}`]: odd });
      expect(references(labelled, found(owner), OPTIONS)).toEqual([]);
      expect(read(labelled, found(owner), OPTIONS)).toMatchObject({
        known: false,
        why: expect.stringContaining('is not the name of an object'),
      });
    }
  });

  it('needs both labels', () => {
    for (const missing of Object.keys(fluxLabels())) {
      const labels = { ...fluxLabels(), [missing]: '' };
      expect(references(rollout({ labels }), new Map(), OPTIONS)).toEqual([]);
      expect(read(rollout({ labels }), new Map(), OPTIONS).looks[2]).toMatchObject({ finding: { kind: 'silent' } });
    }
  });

  it('is not believed where its labels were copied, and nothing of the Kustomization is told', () => {
    const secret = { 'status.inventory.entries': [{ id: 'shop_api_argoproj.io_Rollout', v: 'v1alpha1' }] };
    const answer = askWith({ ...secret, 'spec.path': 'secret' });
    expect(answer).toMatchObject({
      known: false,
      reason: 'ProvenanceUnknown',
      why: expect.stringContaining('does not list Rollout shop/web in its inventory'),
    });
    expect(JSON.stringify(answer)).not.toContain('secret');
    expect(references(labelled, found(changed(kustomization(), secret)), OPTIONS)).toEqual([]);
  });

  it('may be listed a moment later', () => {
    const owner = changed(unfinished('Progressing', 'Unknown'), { 'status.inventory': undefined });
    expect(ask(owner)).toMatchObject({ reason: 'NotYet', why: expect.stringContaining('in its inventory yet') });
  });

  it.each([
    ['reconcile', 'disabled'],
    ['reconcile', 'Disabled'],
    ['ssa', 'Ignore'],
    ['ssa', 'IfNotPresent'],
  ])('did not where it is marked %s: %s: Flux leaves it as it is', (key, value) => {
    const mark = { [`kustomize.toolkit.fluxcd.io/${key}`]: value };
    for (const object of [
      rollout({ labels: fluxLabels(), annotations: mark }),
      rollout({ labels: { ...fluxLabels(), ...mark } }),
    ])
      expect(ask(kustomization(), gitRepository(), object)).toMatchObject({
        known: false,
        why: expect.stringContaining(`/${key}: ${value}, so that Flux does not bring changes of Git to it`),
      });
  });

  it('did where it is marked to be merged', () => {
    const annotations = { 'kustomize.toolkit.fluxcd.io/ssa': 'Merge' };
    expect(ask(kustomization(), gitRepository(), rollout({ labels: fluxLabels(), annotations }))).toMatchObject({
      known: true,
    });
  });

  it('to another cluster is another object', () => {
    expect(askWith({ 'spec.kubeConfig': { secretRef: { name: 'prod' } } })).toMatchObject({
      known: false,
      why: expect.stringContaining('applies to another cluster'),
    });
  });

  it.each([
    ['./apps/web', 'apps/web'],
    ['apps/web/', 'apps/web'],
    ['./', ''],
    [undefined, ''],
  ])('has the folder %j', (path, expected) => {
    expect(askWith({ 'spec.path': path })).toMatchObject({ known: true, provenance: { path: expected } });
  });
});

describe('a Kustomization', () => {
  it.each([
    ['is yet to apply what it attempts', unfinished('Progressing', 'Unknown')],
    ['could not apply it whole', unfinished('ReconciliationFailed')],
    ['could not build it', unfinished('BuildFailed')],
    ['stopped to look at its health', unfinished('HealthCheckCanceled')],
    ['failed with an older spec', changed(unfinished('HealthCheckFailed'), { 'metadata.generation': 3 })],
    ['is yet to take up its spec', changed(kustomization(), { 'metadata.generation': 3 })],
    ['has applied nothing', changed(kustomization(), { 'status.lastAppliedRevision': undefined })],
  ])('that %s is waited for', (_, owner) => {
    expect(ask(owner)).toMatchObject({
      known: false,
      reason: 'NotYet',
      why: expect.stringContaining('Kustomization flux-system/apps has not finished'),
    });
  });

  it('whose objects did not become healthy has applied them: as a canary that fails makes it', () => {
    expect(ask(unfinished('HealthCheckFailed'))).toMatchObject({ known: true, provenance: { commit: COMMIT } });
  });

  it.each([
    ['OCIRepository', `latest@sha256:${'ab'.repeat(32)}`, `main@sha1:${COMMIT}`],
    ['Bucket', `sha256:${'ab'.repeat(32)}`, undefined],
  ])('of an %s is not of Git, and what it was made from is told', (kind, revision, origin) => {
    const answer = askWith({
      'spec.sourceRef.kind': kind,
      'status.lastAppliedRevision': revision,
      'status.lastAttemptedRevision': revision,
      'status.lastAppliedOriginRevision': origin,
    });
    expect(answer).toMatchObject({
      known: false,
      reason: 'ProvenanceUnknown',
      why: expect.stringContaining(`applies "${kind}" flux-system/deploy, which is not Git`),
    });
    if (origin) expect(answer).toMatchObject({ why: expect.stringContaining(`It was made from "${origin}"`) });
  });

  it.each([
    ['images', { 'spec.images': [{ name: 'web', newTag: '9' }] }, 'spec.images'],
    ['patches', { 'spec.patches': [{ patch: '- op: add' }] }, 'spec.patches'],
    ['substitutions', { 'spec.postBuild.substituteFrom': [{ kind: 'ConfigMap', name: 'vars' }] }, 'spec.postBuild'],
  ])('with %s of its own says so', (_, change, field) => {
    expect(askWith(change)).toMatchObject({
      known: true,
      provenance: { overrides: [`Kustomization flux-system/apps ${field}`] },
    });
  });
});

describe('a revision', () => {
  it.each([
    [`main@sha1:${COMMIT}`, 'main'],
    [`refs/heads/main@sha1:${COMMIT}`, 'main'],
    [`sha1:${COMMIT}`, 'main'],
    [`main/${COMMIT}`, 'main'],
    [`team/x@y@sha1:${COMMIT}`, 'team/x@y'],
    [`team/x/${COMMIT}`, 'team/x'],
  ])('%s is a commit', (revision, branch) => {
    expect(askRef({ branch }, revision)).toMatchObject({ known: true, provenance: { branch, commit: COMMIT } });
  });

  it.each([`main@sha256:${'ab'.repeat(32)}`, 'main@sha1:4f1c9a7', `main@sha1:${COMMIT.toUpperCase()}`, 'main', COMMIT])(
    '%s is none',
    (revision) => {
      expect(askRef({ branch: 'main' }, revision)).toMatchObject({
        known: false,
        why: expect.stringContaining('which is no commit'),
      });
    },
  );

  it('of another branch than the one that is followed is waited for to go', () => {
    expect(askRef({ branch: 'release' })).toMatchObject({
      reason: 'NotYet',
      why: expect.stringContaining('nothing of branch release'),
    });
  });
});

describe('what a GitRepository follows', () => {
  it('is a branch, also by its whole name, and master where nothing is said', () => {
    expect(askRef({ branch: 'main' })).toMatchObject({ known: true });
    expect(askRef({ name: 'refs/heads/main' }, `refs/heads/main@sha1:${COMMIT}`)).toMatchObject({ known: true });
    expect(askRef(undefined, `master@sha1:${COMMIT}`)).toMatchObject({ known: true, provenance: { branch: 'master' } });
  });

  it.each([
    ['tag', { branch: 'main', tag: 'v1.2.3' }],
    ['semver', { branch: 'main', semver: '1.x' }],
    ['commit', { branch: 'main', commit: COMMIT }],
    ['name', { branch: 'main', name: 'refs/pull/7/head' }],
  ])('cannot be reverted where it is a %s', (field, ref) => {
    expect(askRef(ref)).toMatchObject({
      known: false,
      reason: 'ProvenanceUnknown',
      why: expect.stringContaining(`GitRepository flux-system/deploy follows spec.ref.${field}`),
    });
  });

  it('may take in other repositories, which is told', () => {
    const source = changed(gitRepository(), { 'spec.include': [{ repository: { name: 'other' }, toPath: 'x' }] });
    expect(ask(kustomization(), source)).toMatchObject({
      provenance: { overrides: [expect.stringContaining('spec.include')] },
    });
  });

  it('must have an address', () => {
    expect(ask(kustomization(), changed(gitRepository(), { 'spec.url': undefined }))).toMatchObject({
      known: false,
      why: expect.stringContaining('GitRepository flux-system/deploy spec.url names no repository'),
    });
  });
});

describe('an object that a HelmRelease has made', () => {
  const made = rollout(RELEASED);
  const owner = kustomization('shop_web_helm.toolkit.fluxcd.io_HelmRelease');
  const askRelease = (release: KubeObject, object = made, held: KubeObject = owner) =>
    read(object, found(release, held, gitRepository()), OPTIONS);
  const askReleaseWith = (changes: Record<string, unknown>) => askRelease(changed(helmRelease(), changes));

  it('came from where the HelmRelease is held', () => {
    expect(askRelease(helmRelease())).toMatchObject({
      known: true,
      provenance: {
        ...{ ...PLACE, learnt: 'Flux', source: { namespace: 'flux-system', name: 'apps' } },
        evidence: 'HelmRelease shop/web made it, and Kustomization flux-system/apps applied 4f1c9a7 of main',
      },
    });
  });

  it('leads one level up, and further', () => {
    const release: Reference = { kind: 'HelmRelease', namespace: 'shop', name: 'web' };
    expect(references(made, new Map(), OPTIONS)).toEqual([release]);
    expect(references(made, found(helmRelease()), OPTIONS)).toEqual([OWNER]);
    expect(references(made, found(helmRelease(), owner), OPTIONS)).toEqual([SOURCE]);
  });

  it('has the file of the HelmRelease', () => {
    const annotations = { 'config.kubernetes.io/origin': 'path: release.yaml\n' };
    expect(askReleaseWith({ 'metadata.annotations': annotations })).toMatchObject({
      provenance: { file: 'apps/web/release.yaml' },
    });
  });

  it('is known by the list of the HelmRelease, where there is one', () => {
    const entries = (id: string) => ({ 'status.inventory.entries': [{ id, v: 'v1alpha1' }] });
    const unmarked = rollout({ labels: RELEASED.labels });
    const listed = changed(helmRelease(), entries('shop_web_argoproj.io_Rollout'));
    expect(askRelease(listed, unmarked)).toMatchObject({ known: true });
    expect(askReleaseWith(entries('shop_api_argoproj.io_Rollout'))).toMatchObject({
      known: false,
      why: expect.stringContaining('HelmRelease shop/web does not speak of Rollout shop/web as its own'),
    });
    expect(askRelease(helmRelease(), unmarked)).toMatchObject({ known: false });
    const other = { ...RELEASED.annotations, 'meta.helm.sh/release-name': 'api' };
    expect(askRelease(helmRelease(), rollout({ ...RELEASED, annotations: other }))).toMatchObject({ known: false });
  });

  it.each([
    ['is yet to be taken up', { 'metadata.generation': 10 }],
    ['failed', { 'status.history.0.status': 'failed' }],
    ['is on its way', { 'status.history.0.status': 'pending-upgrade' }],
    ['was rolled back', { 'status.lastAttemptedConfigDigest': `sha256:${'45'.repeat(32)}` }],
    ['is gone', { 'status.history.0.status': 'uninstalled' }],
  ])('is waited for while the release %s', (_, changes) => {
    expect(askReleaseWith(changes)).toMatchObject({ known: false, reason: 'NotYet' });
  });

  it('counts by the newest release, in whatever order they stand', () => {
    const { status } = helmRelease();
    expect(askReleaseWith({ 'status.history': status.history.toReversed() })).toMatchObject({ known: true });
  });

  it('is not known where nobody holds the HelmRelease, or to another cluster', () => {
    expect(askReleaseWith({ 'metadata.labels': {} })).toMatchObject({
      known: false,
      reason: 'ProvenanceUnknown',
      why: expect.stringContaining('HelmRelease shop/web carries no labels of a Kustomization'),
    });
    expect(askRelease(helmRelease(), made, kustomization())).toMatchObject({
      why: expect.stringContaining('does not list HelmRelease shop/web'),
    });
    expect(askReleaseWith({ 'spec.kubeConfig': {} })).toMatchObject({
      why: expect.stringContaining('applies to another cluster'),
    });
  });

  it.each([
    ['values from elsewhere', { 'spec.valuesFrom': [{ kind: 'ConfigMap', name: 'v' }] }, 'spec.valuesFrom'],
    ['a range of versions', { 'spec.chart.spec.version': '2.x' }, 'spec.chart.spec.version "2.x"'],
    ['no version', { 'spec.chart.spec.version': undefined }, 'spec.chart.spec.version nothing'],
    ['a chart by reference', { 'spec.chart': undefined, 'spec.chartRef': { kind: 'OCIRepository' } }, 'spec.chartRef'],
  ])('says so where the release has %s', (_, changes, override) => {
    expect(askReleaseWith(changes)).toMatchObject({
      known: true,
      provenance: { overrides: [`HelmRelease shop/web ${override}`] },
    });
  });

  it('reads its chart, too, where that is in the same GitRepository', () => {
    const sourceRef = { kind: 'GitRepository', name: 'deploy', namespace: 'flux-system' };
    const chart = { chart: './charts/web', sourceRef };
    expect(askReleaseWith({ 'spec.chart.spec': chart })).toMatchObject({
      known: true,
      provenance: {
        inputs: ['apps/web', 'charts/web'],
        helm: { chartsOf: { namespace: 'flux-system', name: 'deploy' } },
      },
    });
    const other = { chart: './charts/web', sourceRef: { kind: 'GitRepository', name: 'charts' } };
    const elsewhere = askReleaseWith({ 'spec.chart.spec': other });
    expect(elsewhere).toMatchObject({
      provenance: { overrides: ['HelmRelease shop/web takes its chart from GitRepository shop/charts'] },
    });
    expect(elsewhere).not.toHaveProperty('provenance.helm');
  });
});
