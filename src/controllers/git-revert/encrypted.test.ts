import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  abort,
  allow,
  gitSource,
  HASHES,
  type Loop,
  MINUTE,
  PATH,
  raise,
  revertCommits,
  rolloutYaml,
  startLoop,
} from '../../../test/git/loop.ts';
import { AGE_KEY, encryptedSecret, writeSopsStandIn } from '../../../test/git/sops-stand-in.ts';
import { realPrograms } from '../../../test/git/tree.ts';
import { APPROVE, type GitSource, type KubeObject } from '../../api/index.ts';
import { gitReverts, gitSources } from '../../kube/resources.ts';

const programs = await realPrograms();
let folder: string;
let loop: Loop;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-encrypted-'));
  loop = await startLoop({ programs: { ...programs, sops: await writeSopsStandIn(folder) } });
  const data = { 'one.agekey': Buffer.from(AGE_KEY).toString('base64') };
  const metadata = { name: 'keys', namespace: 'shop' };
  loop.api.store.create('Secret', { apiVersion: 'v1', kind: 'Secret', metadata, data } as KubeObject);
});
afterEach(async () => {
  await loop.close();
  await rm(folder, { recursive: true, force: true });
});

/** Two releases, the second of which failed; then the keys are gone, as reverts need none. */
async function release(good: Record<string, string>, bad: Record<string, string>) {
  allow(loop);
  await loop.commit(good, 'Release v1');
  const source = gitSource(loop) as GitSource;
  const decryption = { provider: 'sops' as const, secretRef: { name: 'keys' } };
  loop.api.store.create(gitSources, { ...source, spec: { ...source.spec, decryption } });
  await loop.settle(1000);
  raise(loop, HASHES.stable);
  const culprit = await loop.commit(bad, 'Release v2');
  await loop.settle(MINUTE + 1000);
  raise(loop, HASHES.canary);
  loop.api.store.delete('Secret', 'shop', 'keys');
  loop.audit.length = 0;
  abort(loop, HASHES);
  await loop.settle(20_000);
  return culprit;
}
const read = async (commit: string | undefined, path: string) => (await loop.bare.read(commit ?? '', path))?.toString();

it.each([
  ['plain', {}],
  ['rendered', { [`${PATH}/kustomization.yaml`]: 'resources: [rollout.yaml, login.yaml]\n' }],
])('a Rollout beside an encrypted Secret is reverted without its keys: %s', async (kind, more) => {
  if (kind === 'rendered' && !programs.kustomize) return;
  const rollout = `${PATH}/rollout.yaml`;
  const login = `${PATH}/login.yaml`;
  const culprit = await release(
    { ...more, [rollout]: rolloutYaml('web:v1'), [login]: encryptedSecret('one') },
    { [rollout]: rolloutYaml('web:v2') },
  );
  const [revert] = await revertCommits(loop);
  expect(revert?.message).toContain(`This reverts commit ${culprit}.`);
  expect(await read(revert?.id, rollout)).toBe(rolloutYaml('web:v1'));
  expect(await read(revert?.id, login)).toBe(encryptedSecret('one'));
  const asked = loop.audit.filter(({ resource, user }) => resource === 'secrets' && !user.includes(':shop:'));
  expect(asked).toEqual([]);
});

it('a Rollout beside files of which nothing is readable is reverted too', async () => {
  const rollout = `${PATH}/rollout.yaml`;
  const sealed = (name: string) =>
    encryptedSecret('one')
      .replace('v1', 'ENC[v1]')
      .replace('kind: Secret', 'kind: ENC[Secret]')
      .replace('login', `"ENC[${name}]"`);
  const secrets = { [`${PATH}/one.yaml`]: sealed('one'), [`${PATH}/two.yaml`]: sealed('two') };
  await release({ [rollout]: rolloutYaml('web:v1'), ...secrets }, { [rollout]: rolloutYaml('web:v2') });
  expect(loop.api.store.get('Secret', 'shop', 'two')).toBeDefined();
  const [revert] = await revertCommits(loop);
  expect(await read(revert?.id, rollout)).toBe(rolloutYaml('web:v1'));
});

it('a Secret that the failed release changed goes back as the whole that it was, seal included', async () => {
  const rollout = `${PATH}/rollout.yaml`;
  const login = `${PATH}/login.yaml`;
  await release(
    { [rollout]: rolloutYaml('web:v1'), [login]: encryptedSecret('one') },
    { [rollout]: rolloutYaml('web:v2'), [login]: encryptedSecret('two') },
  );
  // A commit with a Secret in it is a person's to decide about.
  const [record] = loop.reverts();
  expect(record?.status).toMatchObject({ state: 'needsHuman', reason: 'Sensitive' });
  const body = { metadata: { annotations: { [APPROVE]: 'true' } } };
  loop.api.store.patch(gitReverts, { namespace: 'shop', name: record?.metadata.name ?? '' }, body);
  await loop.settle(10_000);
  const [revert] = await revertCommits(loop);
  expect(await read(revert?.id, rollout)).toBe(rolloutYaml('web:v1'));
  expect(await read(revert?.id, login)).toBe(encryptedSecret('one'));
});
