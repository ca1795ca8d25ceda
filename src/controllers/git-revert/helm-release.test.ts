/** What a Flux HelmRelease has made of a chart in the same repository goes back like any other release. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { abort, allow, HASHES, type Loop, raise, revertCommits, setStatus, startLoop } from '../../../test/git/loop.ts';
import { realPrograms } from '../../../test/git/tree.ts';
import type { KubeObject, Rollout } from '../../api/index.ts';
import { changed, gitRepository, helmRelease, kustomization, RELEASED } from '../../git/provenance/testing-objects.ts';
import { rollouts } from '../../kube/resources.ts';

/** Does of Helm what the chart below needs. */
const STAND_IN = `#!/bin/sh
[ "$1" = version ] && echo v0 && exit 0
for last in "$@"; do case "$last" in --values=*) values="$values \${last#--values=}";; esac; done
tag=$(/bin/sed -n 's/.*"tag":"\\([a-z0-9]*\\)".*/\\1/p' $values)
/bin/sed "s/{{ .Values.image.tag }}/$tag/" "$last/templates/rollout.yaml"
`;

let folder: string;
let loop: Loop;
const programs = await realPrograms();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-release-'));
  await writeFile(join(folder, 'helm'), STAND_IN);
  await chmod(join(folder, 'helm'), 0o755);
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(() => loop.close());

const FILE = 'apps/prod/web.yaml';
const released = (tag: string, more = '') => `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: shop} # ours
spec:
  chart:
    spec:
      chart: ./apps/chart
      sourceRef: {kind: GitRepository, name: deploy, namespace: flux-system}
  values:
    image:
      tag: "${tag}" # of the release
${more}`;

const chart = (more = '') => ({
  'apps/chart/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
  'apps/chart/templates/rollout.yaml': `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  strategy: {canary: {}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web:{{ .Values.image.tag }}
${more}`,
});

/** As Flux says it once it has applied this commit. */
function fluxAt(commit: string): Record<string, KubeObject> {
  const revision = `main@sha1:${commit}`;
  const applied = { 'status.lastAppliedRevision': revision, 'status.lastAttemptedRevision': revision };
  const sourceRef = { kind: 'GitRepository', name: 'deploy', namespace: 'flux-system' };
  const spec = { chart: './apps/chart', sourceRef };
  const id = 'shop_web_helm.toolkit.fluxcd.io_HelmRelease';
  return {
    Kustomization: changed(kustomization(id), { 'spec.path': './apps/prod', ...applied }),
    GitRepository: changed(gitRepository(), { 'spec.url': loop.url }),
    HelmRelease: changed(helmRelease(), { 'spec.chart.spec': spec }),
  };
}

/** Commits, and does what Flux and the Rollout's controller then do. */
async function release(files: Record<string, string>, template: object, hash: string): Promise<string> {
  const commit = await loop.commit(files, `Release ${hash}`);
  flux = fluxAt(commit);
  const there = loop.api.store.get(rollouts, 'shop', 'web');
  if (there) loop.api.store.patch(rollouts, { namespace: 'shop', name: 'web' }, { spec: { template } });
  else {
    const spec = { selector: { matchLabels: { app: 'web' } }, strategy: { canary: {} }, template };
    const metadata = { name: 'web', namespace: 'shop', ...RELEASED };
    const rollout = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata, spec };
    loop.api.store.create(rollouts, rollout as unknown as Rollout);
  }
  raise(loop, hash);
  const observedGeneration = String(loop.rollout().metadata.generation);
  setStatus(loop, { observedGeneration, currentPodHash: hash, ...(!there && { stableRS: hash, phase: 'Healthy' }) });
  await loop.settle(1000);
  return commit;
}

let flux: Record<string, KubeObject>;
const templateOf = (image: string, more: object = {}) => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image, ...more }] },
});

describe.each([
  ['a stand-in', () => join(folder, 'helm')],
  ['Helm itself', () => programs.helm],
])('a release that is rendered by %s', (name, program) => {
  const isThere = name === 'a stand-in' || programs.helm !== undefined;
  const start = async () => {
    const get = async (resource: { kind: string }, { namespace, name: of }: { namespace?: string; name: string }) => {
      const found = flux[resource.kind];
      const isIt = found?.metadata.namespace === namespace && found?.metadata.name === of;
      return isIt ? found : loop.api.store.get(resource as never, namespace, of);
    };
    const tools = { get, patch: async () => ({}) };
    loop = await startLoop({ tools: tools as never, programs: { helm: program() ?? '' } });
    allow(loop);
  };
  const fail = async () => {
    abort(loop, HASHES);
    await loop.settle(20_000);
  };

  it.skipIf(!isThere)('loses the value that failed, and not another byte', async () => {
    await start();
    const good = await release({ ...chart(), [FILE]: released('v1') }, templateOf('web:v1'), HASHES.stable);
    const bad = await release({ [FILE]: released('v2') }, templateOf('web:v2'), HASHES.canary);
    await loop.commit({ [FILE]: released('v2', '  interval: 5m\n') }, 'Another team');
    await fail();
    const [revert] = await revertCommits(loop);
    expect(revert?.message).toContain(`This reverts commit ${bad}.`);
    expect(revert?.message).toContain(`Good-Revision: ${good}`);
    expect(revert?.message).toContain('Revert-Scope: fields');
    expect((await loop.bare.read(revert?.id ?? '', FILE))?.toString()).toBe(released('v1', '  interval: 5m\n'));
    expect(loop.reverts()[0]?.status).toMatchObject({ state: 'landed' });
  });

  it.skipIf(!isThere)('is found in the chart, which other releases may be made of too: for a person', async () => {
    await start();
    await release({ ...chart(), [FILE]: released('v1') }, templateOf('web:v1'), HASHES.stable);
    const command = ['        command: [/bad]\n', { command: ['/bad'] }] as const;
    const bad = await release(chart(command[0]), templateOf('web:v1', command[1]), HASHES.canary);
    await fail();
    expect(await revertCommits(loop)).toEqual([]);
    expect(loop.reverts()[0]).toMatchObject({
      spec: { culprits: [bad] },
      status: { state: 'needsHuman', reason: 'OutsideOfPath', message: expect.stringContaining('apps/chart') },
    });
  });
});
