import { describe, expect, it } from 'vitest';
import { applicationAutomation, imageAutomation, imageSetters, isUpdaterFile } from './image-automation.ts';
import { pausedBy } from './pause.ts';
import {
  isSensitiveObject,
  isSensitivePath,
  kindsNamed,
  maySpellSensitive,
  objectName,
  securityFix,
  sensitive,
} from './sensitive.ts';

describe('sensitive paths', () => {
  it.each([
    '.github/workflows/ci.yml',
    '.gitlab-ci.yml',
    'Jenkinsfile',
    'ci/Jenkinsfile',
    'azure-pipelines.yml',
    'build/azure-pipelines-nightly.yaml',
    'bitbucket-pipelines.yml',
    '.tekton/push.yaml',
    '.circleci/config.yml',
    '.drone.yml',
    'db/migrations/0001_init.py',
    'shop/migration/x.rb',
    'db/V1__init.SQL',
    'flyway.conf',
    'liquibase.properties',
    'db/db.changelog-master.yaml',
    'db/changelog.xml',
    'apps/web/security/headers.yaml',
    'apps/web/.env',
    'apps/web/.env.production',
    'apps/web/db-credentials.txt',
  ])('%s', (path) => expect(isSensitivePath(path)).toBe(true));

  it.each([
    'apps/web/rollout.yaml',
    'docs/migrations.md',
    'CHANGELOG.md',
    'apps/github/x.yaml',
    'nosql/x.yaml',
    'apps/web/Jenkinsfile.md',
    'apps/web/config.env',
  ])('not %s', (path) => expect(isSensitivePath(path)).toBe(false));
});

it('knows sensitive objects by group and kind', () => {
  const is = (group: string, kind: string) => isSensitiveObject({ group, kind });
  expect(is('', 'Secret')).toBe(true);
  expect(is('rbac.authorization.k8s.io', 'RoleBinding')).toBe(true);
  expect(is('apiextensions.k8s.io', 'CustomResourceDefinition')).toBe(true);
  expect(is('bitnami.com', 'SealedSecret')).toBe(true);
  expect(is('networking.k8s.io', 'NetworkPolicy')).toBe(true);
  expect(is('security.istio.io', 'AuthorizationPolicy')).toBe(true);
  expect(is('constraints.gatekeeper.sh', 'K8sRequiredLabels')).toBe(true);
  expect(is('networking.k8s.io', 'Ingress')).toBe(false);
  expect(is('', 'ConfigMap')).toBe(false);
  expect(is('apps', 'Deployment')).toBe(false);
});

it('looks into every text that may spell one', () => {
  expect(maySpellSensitive('kind: Rollout')).toBe(false);
  expect(maySpellSensitive('kind : Secret')).toBe(true);
  expect(maySpellSensitive('{"kind": "ClusterRoleBinding"}')).toBe(true);
  expect(maySpellSensitive('kind: "\\u0053ecret"')).toBe(true);
  expect(maySpellSensitive('kind: "Sec\\\n  ret"')).toBe(true);
});

describe('kinds that a text seems to name', () => {
  it.each([
    ['kind: Secret', ['Secret']],
    ['  kind: "Role"\r\n- kind: RoleBinding', ['Role', 'RoleBinding']],
    ["{{ if .x }}\nkind: 'Secret' # as ever\n{{ end }}", ['Secret']],
    ['mankind: Secret\nkind:\nkind: {{ .kind }}', []],
  ])('%j', (text, kinds) => expect(kindsNamed(text)).toEqual(kinds));

  it('are found in no time in a text that is made to last', () => {
    const began = performance.now();
    expect(kindsNamed(`${'\n'.repeat(500_000)}${' '.repeat(500_000)}[`)).toEqual([]);
    expect(performance.now() - began).toBeLessThan(1000);
  });
});

it('names what is sensitive, and not all of it', () => {
  expect(sensitive('c'.repeat(40), [])).toBeUndefined();
  const object = objectName({ file: 'a.yaml', group: '', kind: 'Secret', name: 'token' });
  const touched = [object, ...Array.from({ length: 7 }, (_, at) => `db/${at}.sql`)];
  expect(sensitive('c'.repeat(40), touched)).toMatchObject({
    most: 'PullRequest',
    personMerges: true,
    message: expect.stringMatching(/^commit ccccccc also touches Secret token in a.yaml, .* and 3 more:/),
  });
});

describe('a commit that says of itself that it closes a hole', () => {
  it.each([
    'Update openssl\n\nFixes CVE-2026-12345.',
    'bump lodash (GHSA-35jh-r3h4-6jhm)',
    'fix(security): refuse old tokens',
    'Security update of the base image',
  ])('%j', (message) => {
    const caution = { reason: 'Sensitive', most: 'PullRequest', personMerges: true };
    expect(securityFix('c'.repeat(40), message)).toMatchObject(caution);
  });

  it.each(['Release 1.4.1', 'Insecurity of cve-2026', 'Release\n\nsecurity says hello', ''])('not %j', (message) =>
    expect(securityFix('c'.repeat(40), message)).toBeUndefined(),
  );
});

describe('lines that a bot sets', () => {
  const setter = (tag: string) => `        image: web:${tag} # {"$imagepolicy": "flux-system:web"}`;

  it('are those that changed, with their place', () => {
    const text = (tag: string) => `a: ${tag}\n${setter(tag)}\nother: x # {"$imagepolicy": "flux-system:other:tag"}\n`;
    expect(imageSetters('a.yaml', text('v1'), text('v2'))).toEqual([
      { file: 'a.yaml', line: 2, policy: 'flux-system:web' },
    ]);
    expect(imageSetters('a.yaml', text('v2'), text('v2'))).toEqual([]);
    expect(imageSetters('a.yaml', '', setter('v1'))).toHaveLength(1);
  });

  it('come to a message that says where and what to change', () => {
    expect(imageAutomation([], [])).toBeUndefined();
    const caution = imageAutomation([{ file: 'a.yaml', line: 2, policy: 'flux-system:web:tag' }], []);
    expect(caution).toMatchObject({ reason: 'ImageAutomation', most: 'PullRequest', personMerges: true });
    expect(caution?.message).toContain('a.yaml:2 (ImagePolicy flux-system:web)');
    expect(caution?.message).toContain('will write the image again');
    const argo = imageAutomation([], ['apps/web/.argocd-source-web.yaml'])?.message;
    expect(argo).toContain('ignore-tags');
    expect(argo).not.toContain('ImagePolicy');
  });

  it("are a file's whole content where Argo CD Image Updater writes it", () => {
    expect(isUpdaterFile('apps/web/.argocd-source-web.yaml')).toBe(true);
    expect(isUpdaterFile('.argocd-source.yaml')).toBe(true);
    expect(isUpdaterFile('apps/web/argocd-source.yaml')).toBe(false);
  });
});

describe('images that an Application has a bot write to Git', () => {
  const template = (...images: string[]) =>
    ({ spec: { containers: images.map((image, at) => ({ name: `c${at}`, image })) } }) as never;
  const bot = (...images: string[]) => ({ application: 'argocd/web', images });
  const said = (images: string[], stable: string, bad: string) =>
    applicationAutomation(bot(...images), { stable: template(stable, 'side:1'), bad: template(bad, 'side:1') });

  it.each([
    [['web'], 'web:v1', 'web:v2'],
    [['docker.io/web:^1.0'], 'library/web:v1', 'index.docker.io/library/web:v2'],
    [['host:5000/team/web'], 'host:5000/team/web:v1', 'host:5000/team/web@sha256:0f'],
    [['other', 'web:latest'], 'web:v1', 'web:v1@sha256:0f'],
  ])('%j: from %s to %s', (images, stable, bad) => {
    expect(said(images, stable, bad)).toMatchObject({ most: 'PullRequest', personMerges: true });
  });

  it.each([
    ['of another image', ['other'], 'web:v1', 'web:v2'],
    ['of another registry', ['ghcr.io/web'], 'web:v1', 'web:v2'],
    ['of one that the release did not change', ['side'], 'web:v1', 'web:v2'],
    ['where no image changed', ['web'], 'web:v1', 'web:v1'],
    ['of one whose name only ends alike', ['web'], 'team/web:v1', 'team/web:v2'],
  ])('nothing is said %s', (_, images, stable, bad) => {
    expect(said(images, stable, bad)).toBeUndefined();
  });
});

describe('the ConfigMap of the kill switch', () => {
  it.each([
    [undefined, undefined],
    [{}, undefined],
    [{ other: 'x' }, undefined],
    [{ reverts: 'running' }, undefined],
    [{ reverts: 'paused' }, /^an administrator paused all reverts: ConfigMap headgate in namespace ops .*"running"/],
    [{ reverts: 'paused', reason: 'incident 12' }, /paused all reverts \(incident 12\)/],
    [{ reverts: 'Paused' }, /"Paused", which is not known and counts as "paused"; known are "paused" and "running"/],
    [{ reverts: '' }, /counts as "paused"/],
    [{ reverts: 'false' }, /counts as "paused"/],
  ])('%j', (data, expected) => {
    const said = pausedBy(data, 'ops');
    if (expected === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(expected);
  });
});
