import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kubernetes.ts';
import { type Reading, type Reference, read, references } from './index.ts';
import {
  application,
  COMMIT,
  changed,
  found,
  hydrated,
  OLDER,
  REPOSITORY,
  rollout,
  severalSources,
  TRACKED,
} from './testing-objects.ts';

const OPTIONS = { argoCdNamespace: 'argocd' };
const tracked = rollout({ annotations: TRACKED });
const home: Reference = { kind: 'Application', namespace: 'argocd', name: 'web' };
const PLACE = { repository: REPOSITORY, branch: 'main', path: 'apps/web', commit: COMMIT };

const ask = (app: KubeObject, object: KubeObject = tracked, ...more: [Reference, Reading][]) =>
  read(object, found(app, ...more), OPTIONS);
const askWith = (changes: Record<string, unknown>) => ask(changed(application(), changes));

/** The same text in spec, in what was applied and in what was compared. */
const everywhere = (changes: Record<string, unknown>) =>
  Object.fromEntries(
    ['spec', 'status.operationState.syncResult', 'status.sync.comparedTo'].flatMap((at) =>
      Object.entries(changes).map(([path, value]) => [`${at}.source.${path}`, value]),
    ),
  );

const DEFAULT: Reference = { kind: 'DefaultBranch', repository: REPOSITORY };

describe('an object that Argo CD tracks', () => {
  it('came from where its Application has applied it from', () => {
    expect(ask(application())).toMatchObject({
      known: true,
      provenance: {
        ...{ ...PLACE, learnt: 'ArgoCD', source: { namespace: 'argocd', name: 'web' } },
        evidence: 'Application argocd/web applied 4f1c9a7 of main',
      },
    });
    const { provenance } = ask(application()) as { provenance: object };
    expect(Object.keys(provenance)).not.toEqual(expect.arrayContaining(['inputs']));
    expect(provenance).not.toHaveProperty('file');
    expect(provenance).not.toHaveProperty('overrides');
  });

  it('leads to the Application in its own namespace, where Applications may be in any', () => {
    const annotations = { 'argocd.argoproj.io/tracking-id': 'team-a_web:argoproj.io/Rollout:shop/web' };
    const object = rollout({ annotations });
    expect(references(object, new Map(), OPTIONS)).toEqual([{ ...home, namespace: 'team-a' }]);
    const app = changed(application(), { 'metadata.namespace': 'team-a' });
    expect(ask(app, object)).toMatchObject({
      known: true,
      provenance: { source: { namespace: 'team-a', name: 'web' } },
    });
  });

  it('is read once, and nothing further', () => {
    expect(references(tracked, new Map(), OPTIONS)).toEqual([home]);
    expect(references(tracked, found(application()), OPTIONS)).toEqual([]);
  });

  it('of the core group has an id without a group', () => {
    const annotations = { 'argocd.argoproj.io/tracking-id': 'web:/Service:shop/web' };
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'shop', annotations } };
    expect(ask(application(), service)).toMatchObject({ known: true, provenance: PLACE });
  });

  it.each([
    ['another object', 'web:argoproj.io/Rollout:shop/api', 'does not speak of Rollout shop/web itself'],
    ['another namespace', 'web:argoproj.io/Rollout:prod/web', 'does not speak of'],
    ['another kind', 'web:apps/Deployment:shop/web', 'does not speak of'],
    ['nothing', 'web', 'does not speak of'],
    ['too much', 'web:argoproj.io/Rollout:shop/web:x', 'does not speak of'],
    ['no name', '../x:argoproj.io/Rollout:shop/web', 'names no Application'],
    ['several namespaces', 'a_b_web:argoproj.io/Rollout:shop/web', 'names no Application'],
  ])('is not recognised by an id of %s', (_, id, why) => {
    const object = rollout({ annotations: { 'argocd.argoproj.io/tracking-id': id } });
    expect(references(object, new Map(), OPTIONS)).toEqual([]);
    expect(ask(application(), object)).toMatchObject({
      known: false,
      reason: 'ProvenanceUnknown',
      why: expect.stringContaining(why),
    });
  });
});

describe('the label app.kubernetes.io/instance', () => {
  const labelled = rollout({ labels: { 'app.kubernetes.io/instance': 'web' } });

  it('counts where the Application lists the object', () => {
    expect(references(labelled, new Map(), OPTIONS)).toEqual([home]);
    expect(ask(application(), labelled)).toMatchObject({ known: true, provenance: PLACE });
  });

  it('does not where it does not, and nothing of the Application is told', () => {
    const app = changed(application(), { 'status.resources.1.name': 'api', 'spec.source.repoURL': 'https://h/secret' });
    const answer = ask(app, labelled);
    expect(answer).toMatchObject({
      known: false,
      reason: 'ProvenanceUnknown',
      why: expect.stringContaining('which the label app.kubernetes.io/instance names, does not list Rollout shop/web'),
    });
    expect(JSON.stringify(answer)).not.toContain('secret');
  });

  it('is not looked at beside a tracking id, nor where it can name no Application', () => {
    const annotations = { 'argocd.argoproj.io/tracking-id': 'other:argoproj.io/Rollout:shop/web' };
    const both = rollout({ annotations, labels: { 'app.kubernetes.io/instance': 'web' } });
    expect(references(both, new Map(), OPTIONS)).toEqual([{ ...home, name: 'other' }]);
    const odd = rollout({ labels: { 'app.kubernetes.io/instance': 'My.App_' } });
    expect(references(odd, new Map(), OPTIONS)).toEqual([]);
  });
});

describe('an Application', () => {
  it('that does not list the object is not believed', () => {
    expect(askWith({ 'status.resources': [] })).toMatchObject({
      known: false,
      reason: 'ProvenanceUnknown',
      why: expect.stringContaining('Application argocd/web, which the annotation argocd.argoproj.io/tracking-id names'),
    });
  });

  it('of another cluster is not believed, and one that names its own is', () => {
    const elsewhere = { server: 'https://10.0.0.7:6443', namespace: 'shop' };
    expect(askWith({ 'spec.destination': elsewhere })).toMatchObject({
      known: false,
      why: expect.stringContaining('"https://10.0.0.7:6443", which may be another'),
    });
    expect(askWith({ 'spec.destination': { name: 'in-cluster' } })).toMatchObject({ known: true });
  });

  it('that could not be read is told with the reason', () => {
    const problem = 'may not be read: grant Headgate get on applications.argoproj.io';
    expect(read(tracked, found([home, { problem }]), OPTIONS)).toMatchObject({
      known: false,
      reason: 'ProvenanceUnknown',
      why: expect.stringContaining(`Argo CD: Application argocd/web ${problem}`),
    });
    expect(read(tracked, new Map(), OPTIONS)).toMatchObject({
      known: false,
      why: expect.stringContaining('Application argocd/web was not read'),
    });
  });
});

describe('a sync', () => {
  const RUNNING = { 'status.operationState.phase': 'Running' };
  const OUT_OF_SYNC = { 'status.resources.1.status': 'OutOfSync' };
  const NEWER = 'b'.repeat(40);

  it('counts by what it applied, whatever was found since', () => {
    const answer = askWith({ ...OUT_OF_SYNC, 'status.sync.status': 'OutOfSync', 'status.sync.revision': NEWER });
    expect(answer).toMatchObject({ known: true, provenance: { commit: COMMIT } });
  });

  it.each([
    ['runs', RUNNING],
    ['failed', { 'status.operationState.phase': 'Failed' }],
    ['was a dry run', { 'status.operationState.operation.sync.dryRun': true }],
    ['applied local files', { 'status.operationState.operation.sync.manifests': ['{}'] }],
    ['did not apply the object', { 'status.operationState.syncResult.resources.1.status': 'SyncFailed' }],
    ['was not about the object', { 'status.operationState.syncResult.resources': [] }],
    ['is not there', { 'status.operationState': undefined }],
  ])('that %s is waited for, unless the object is in sync all the same', (_, changes) => {
    expect(askWith({ ...changes, ...OUT_OF_SYNC })).toMatchObject({
      known: false,
      reason: 'NotYet',
      why: expect.stringContaining('no finished sync with Rollout shop/web yet'),
    });
    expect(askWith({ ...changes, 'status.sync.revision': NEWER })).toMatchObject({
      known: true,
      provenance: { commit: NEWER, evidence: 'Application argocd/web finds it in sync with bbbbbbb of main' },
    });
  });

  it('of other sources than those of now is waited for', () => {
    const moved = { 'spec.source.repoURL': 'https://git.example.com/team/new' };
    expect(askWith(moved)).toMatchObject({
      reason: 'NotYet',
      why: expect.stringContaining('names other sources by now'),
    });
    const one = { repoURL: REPOSITORY, path: 'apps/web', targetRevision: 'main' };
    const values = { repoURL: REPOSITORY, targetRevision: 'main', ref: 'values' };
    const several = severalSources([one, values], [COMMIT, COMMIT]);
    expect(ask(several)).toMatchObject({ known: true });
    expect(ask(changed(several, { 'spec.sources.0.path': 'apps/new' }))).toMatchObject({ reason: 'NotYet' });
    expect(ask(changed(several, { 'spec.sources': [one] }))).toMatchObject({ reason: 'NotYet' });
    const compared = { 'status.sync.comparedTo.source.targetRevision': 'next', 'spec.source.targetRevision': 'next' };
    expect(askWith({ ...compared, 'status.sync.revision': NEWER })).toMatchObject({
      known: true,
      provenance: { branch: 'next', commit: NEWER },
    });
  });

  it('that was told to take something else than the branch is not of the branch', () => {
    const asked = { 'status.operationState.operation.sync.revision': 'feature' };
    expect(askWith(asked)).toMatchObject({
      known: false,
      why: expect.stringContaining('told to take "feature" instead of spec.source.targetRevision'),
    });
    expect(askWith({ 'status.operationState.operation.sync.revision': 'main' })).toMatchObject({ known: true });
    expect(askWith({ 'status.operationState.operation.sync.revision': undefined })).toMatchObject({ known: true });
  });

  it('at something that is no commit is told', () => {
    expect(askWith({ 'status.operationState.syncResult.revision': '1.2.3' })).toMatchObject({
      known: false,
      why: expect.stringContaining('spec.source was applied at "1.2.3", which is no commit'),
    });
  });
});

describe('the revision that an Application follows', () => {
  it.each([
    ['main', 'main'],
    ['refs/heads/release/1.2', 'release/1.2'],
    ['release-1.2', 'release-1.2'],
    ['refs/heads/2024', '2024'],
  ])('%s is branch %s', (targetRevision, branch) => {
    expect(askWith(everywhere({ targetRevision }))).toMatchObject({ known: true, provenance: { branch } });
  });

  it.each([
    ['v1.2.3', 'a version, which is a tag'],
    ['1.2', 'a version'],
    ['v2.0.0-rc.1', 'a version'],
    ['1.2.*', 'a range of versions'],
    ['1.x', 'a range of versions'],
    ['>=1.0.0 <2.0.0', 'a range of versions'],
    ['~1.2', 'a range of versions'],
    ['4f1c9a7', 'a commit'],
    [COMMIT, 'a commit'],
    ['refs/tags/v1', 'which is no branch'],
    ['refs/pull/7/head', 'which is no branch'],
    ['a..b', 'is not a valid branch name'],
  ])('%s cannot be reverted, and that is said', (targetRevision, why) => {
    expect(askWith(everywhere({ targetRevision }))).toMatchObject({
      known: false,
      reason: 'ProvenanceUnknown',
      why: expect.stringContaining(why),
    });
  });

  it.each(['HEAD', '', undefined])('%j is the default branch, which must be asked for', (targetRevision) => {
    const app = changed(application(), everywhere({ targetRevision }));
    expect(references(tracked, found(app), OPTIONS)).toEqual([DEFAULT]);
    expect(ask(app, tracked, [DEFAULT, { branch: 'trunk' }])).toMatchObject({
      known: true,
      provenance: { branch: 'trunk' },
    });
    expect(ask(app, tracked, [DEFAULT, { problem: 'is not known' }])).toMatchObject({
      known: false,
      why: expect.stringContaining(`the default branch of ${REPOSITORY} is not known`),
    });
  });
});

describe('an address', () => {
  it.each([
    ['https://robot:t0p@git.example.com/team/deploy.git', REPOSITORY],
    ['https://t0p@GIT.example.com:443/team/deploy/', REPOSITORY],
    ['git@git.example.com:team/deploy.git', REPOSITORY],
    ['ssh://git:t0p@git.example.com/team/deploy.git', REPOSITORY],
    ['ssh://robot:t0p@git.example.com/team/deploy.git', 'ssh://robot@git.example.com/team/deploy'],
  ])('%s is told in its one spelling, without a password', (repoURL, repository) => {
    const answer = askWith(everywhere({ repoURL }));
    expect(answer).toMatchObject({ known: true, provenance: { repository } });
    expect(JSON.stringify(answer)).not.toContain('t0p');
  });

  it.each([
    ['oci://registry.example.com/web', 'is an OCI registry'],
    ['https://', 'is no address'],
  ])('%s is no repository', (repoURL, why) => {
    expect(askWith(everywhere({ repoURL }))).toMatchObject({ known: false, why: expect.stringContaining(why) });
  });
});

describe('what an Application reads', () => {
  it('is what manifest-generate-paths lists, from its folder or from the root', () => {
    const annotations = { 'argocd.argoproj.io/manifest-generate-paths': '.;../base;/shared/*.yaml;;../../../../etc' };
    expect(askWith({ 'metadata.annotations': annotations })).toMatchObject({
      provenance: { inputs: ['apps/web', 'apps/base', 'shared/*.yaml'] },
    });
  });

  it('is Helm values beside its folder, too', () => {
    const valueFiles = ['values.yaml', '../../env/prod.yaml', '/global.yaml'];
    const answer = askWith({ 'status.operationState.syncResult.source.helm': { valueFiles } });
    expect(answer).toMatchObject({
      provenance: { inputs: ['apps/web', 'apps/web/values.yaml', 'env/prod.yaml', 'global.yaml'] },
    });
  });

  it('has a folder, written in any way, inside the repository', () => {
    for (const path of ['./apps/web/', '/apps/web', 'apps/x/../web'])
      expect(askWith(everywhere({ path }))).toMatchObject({ provenance: { path: 'apps/web' } });
    expect(askWith(everywhere({ path: '.' }))).toMatchObject({ provenance: { path: '' } });
    for (const path of ['../other', 'apps/.git/hooks'])
      expect(askWith(everywhere({ path }))).toMatchObject({ known: false, reason: 'ProvenanceUnknown' });
  });
});

describe('what is set in an Application itself', () => {
  it.each([
    ['kustomize.images', { kustomize: { images: ['web=registry.example.com/web:9'] } }],
    ['kustomize.patches', { kustomize: { patches: [{ patch: '- op: remove' }] } }],
    ['helm.parameters', { helm: { parameters: [{ name: 'image.tag', value: '9' }] } }],
    ['helm.values', { helm: { values: 'image: {tag: 9}' } }],
    ['helm.valuesObject', { helm: { valuesObject: { image: { tag: '9' } } } }],
    ['helm.valueFiles', { helm: { valueFiles: ['https://example.com/values.yaml'] } }],
    ['plugin.env', { plugin: { name: 'x', env: [{ name: 'TAG', value: '9' }] } }],
    ['directory.jsonnet.extVars', { directory: { jsonnet: { extVars: [{ name: 'tag', value: '9' }] } } }],
  ])('%s is told: the image may come from there', (field, parameters) => {
    expect(askWith(everywhere(parameters))).toMatchObject({
      known: true,
      provenance: { overrides: [`Application argocd/web spec.source.${field}`] },
    });
  });

  it('is not told where it is empty', () => {
    const empty = { helm: { parameters: [], values: '', valuesObject: {} }, kustomize: { images: [] } };
    expect(askWith(everywhere(empty))).toMatchObject({ known: true, provenance: { commit: COMMIT } });
    expect((askWith(everywhere(empty)) as { provenance: object }).provenance).not.toHaveProperty('overrides');
  });

  it('to ignore differences of the template is told, of anything else not', () => {
    const rule = { group: 'argoproj.io', kind: 'Rollout' };
    const rules = [
      { ...rule, jsonPointers: ['/spec/replicas', '/spec/templateX'] },
      { ...rule, name: 'api', jsonPointers: ['/spec/template'] },
      { ...rule, kind: 'Service', jsonPointers: ['/spec'] },
      { ...rule, jsonPointers: ['/spec/replicas', '/spec/template/spec/containers/0/image'] },
      { group: '*', kind: '*', jsonPointers: ['/spec'] },
      { ...rule, jqPathExpressions: ['.spec.template.spec.containers[].image'] },
    ];
    expect(askWith({ 'spec.ignoreDifferences': rules })).toMatchObject({
      provenance: { overrides: [3, 4, 5].map((index) => `Application argocd/web spec.ignoreDifferences[${index}]`) },
    });
  });
});

describe('several sources', () => {
  const manifests = { repoURL: REPOSITORY, path: 'apps/web', targetRevision: 'main' };
  const values = { repoURL: `${REPOSITORY}.git`, targetRevision: 'main', ref: 'values' };
  const chart = { repoURL: 'https://charts.example.com', chart: 'web', targetRevision: '2.3.1' };
  const valueFiles = ['$values/env/prod.yaml'];

  it('are one where the others only hold values, by index', () => {
    expect(ask(severalSources([values, manifests], [COMMIT, COMMIT]))).toMatchObject({
      known: true,
      provenance: { ...PLACE },
    });
    const parameters = { helm: { parameters: [{ name: 'a', value: 'b' }] } };
    const other = { ...values, repoURL: 'https://git.example.com/team/values' };
    expect(ask(severalSources([other, { ...manifests, ...parameters }], [OLDER, COMMIT]))).toMatchObject({
      known: true,
      provenance: { ...PLACE, overrides: ['Application argocd/web spec.sources[1].helm.parameters'] },
    });
  });

  it('with values of the same commit are one place', () => {
    const sources = [{ ...manifests, helm: { valueFiles } }, values];
    expect(ask(severalSources(sources, [COMMIT, COMMIT]))).toMatchObject({
      provenance: { ...PLACE, inputs: ['apps/web', 'env/prod.yaml'] },
    });
  });

  it.each([
    ['repository', { repoURL: 'https://git.example.com/team/values' }, COMMIT],
    ['branch', { targetRevision: 'values' }, COMMIT],
    ['commit', {}, OLDER],
    ['name', { ref: 'x' }, COMMIT],
  ])('with values of another %s cannot be told apart', (_, change, revision) => {
    const sources = [
      { ...manifests, helm: { valueFiles } },
      { ...values, ...change },
    ];
    expect(ask(severalSources(sources, [COMMIT, revision]))).toMatchObject({
      known: false,
      reason: 'ProvenanceUnknown',
      why: expect.stringContaining('spec.sources[0] takes Helm values from "$values/env/prod.yaml"'),
    });
  });

  it.each([
    ['that both make objects', [manifests, { ...manifests, path: 'apps/api' }], 'spec.sources[0], spec.sources[1]'],
    ['of which one is a chart', [manifests, chart], 'several sources that make objects'],
    ['of which only a chart makes objects', [{ ...chart, helm: { valueFiles } }, values], 'the Helm chart "web"'],
    ['that make nothing', [values], 'names no source that makes objects'],
    ['with a folder and values in one', [{ ...values, path: 'x' }, manifests], 'which made it cannot be told'],
  ])('%s are not decided', (_, sources, why) => {
    const answer = ask(
      severalSources(
        sources,
        sources.map(() => COMMIT),
      ),
    );
    expect(answer).toMatchObject({ known: false, reason: 'ProvenanceUnknown', why: expect.stringContaining(why) });
  });

  it('of which one has no revision are not guessed', () => {
    expect(ask(severalSources([values, manifests], [COMMIT]))).toMatchObject({
      known: false,
      why: expect.stringContaining('spec.sources[1] was applied at "", which is no commit'),
    });
  });
});

describe('a chart', () => {
  it('has no commit', () => {
    const source = { repoURL: 'https://charts.example.com', chart: 'web', targetRevision: '2.*', path: undefined };
    const revision = { 'status.operationState.syncResult.revision': '2.3.1', 'status.sync.revision': '2.3.1' };
    expect(askWith({ ...everywhere(source), ...revision })).toMatchObject({
      known: false,
      why: expect.stringContaining('spec.source is the Helm chart "web" at version "2.3.1", which has no commit'),
    });
  });
});

describe('a source hydrator', () => {
  it('leads to what its output was made from', () => {
    expect(ask(hydrated())).toMatchObject({
      known: true,
      provenance: {
        ...{ repository: REPOSITORY, branch: 'main', path: 'charts/web', commit: COMMIT },
        evidence: 'Application argocd/web applied 4f1c9a7 of main',
      },
    });
    const only = changed(hydrated(), { 'status.sourceHydrator.lastSuccessfulOperation': undefined });
    expect(ask(only)).toMatchObject({ known: true, provenance: { commit: COMMIT } });
  });

  it('is waited for until it speaks of what is synced', () => {
    const newer = { drySHA: 'd'.repeat(40), hydratedSHA: 'e'.repeat(40) };
    const ahead = changed(hydrated(), {
      'status.sourceHydrator': { lastSuccessfulOperation: newer, currentOperation: { ...newer, phase: 'Hydrating' } },
    });
    expect(ask(ahead)).toMatchObject({ reason: 'NotYet', why: expect.stringContaining('synced commit, 0a1b2c3') });
    const moved = changed(hydrated(), { 'spec.sourceHydrator.drySource.path': 'charts/new' });
    expect(ask(moved)).toMatchObject({ reason: 'NotYet', why: expect.stringContaining('names another place by now') });
  });

  it('whose output is handed on by others is only followed where the commit is the same', () => {
    const hydrateTo = { targetBranch: 'env/prod-next' };
    const handed = { 'spec.sourceHydrator.hydrateTo': hydrateTo };
    expect(ask(changed(hydrated(), handed))).toMatchObject({ known: true });
    const merged = { ...handed, 'status.operationState.syncResult.revision': 'f'.repeat(40) };
    expect(ask(changed(hydrated(), merged))).toMatchObject({
      known: false,
      reason: 'ProvenanceUnknown',
      why: expect.stringContaining('spec.sourceHydrator.hydrateTo hands the hydrated manifests on'),
    });
  });

  it('may follow the default branch', () => {
    const change = {
      'spec.sourceHydrator.drySource.targetRevision': 'HEAD',
      'status.sourceHydrator.lastSuccessfulOperation.sourceHydrator.drySource.targetRevision': 'HEAD',
      'status.sourceHydrator.currentOperation': undefined,
    };
    expect(references(tracked, found(changed(hydrated(), change)), OPTIONS)).toEqual([DEFAULT]);
  });
});
