import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { gitSource, type Loop, MINUTE, PATH, rolloutYaml, startLoop } from '../../../test/git/loop.ts';
import { AGE_KEY, encryptedSecret, writeSopsStandIn } from '../../../test/git/sops-stand-in.ts';
import { realPrograms } from '../../../test/git/tree.ts';
import type { GitSource, KubeObject } from '../../api/index.ts';
import { gitSources } from '../../kube/resources.ts';

let folder: string;
let sops: string;
let loop: Loop;
const programs = await realPrograms();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-secrets-'));
  sops = await writeSopsStandIn(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(() => loop.close());

const decryption = { provider: 'sops', secretRef: { name: 'keys' } };
const file = `${PATH}/login.yaml`;
const app = (value = 'hunter2') => ({
  [`${PATH}/rollout.yaml`]: rolloutYaml('web:v1'),
  [file]: encryptedSecret(value),
});
const base64 = (text: string) => Buffer.from(text).toString('base64');
function putSecret(name: string, data: Record<string, string>) {
  const encoded = Object.fromEntries(Object.entries(data).map(([key, text]) => [key, base64(text)]));
  const metadata = { name, namespace: 'shop' };
  loop.api.store.create('Secret', { apiVersion: 'v1', kind: 'Secret', metadata, data: encoded } as KubeObject);
}
const follow = (part: object = {}) => {
  const source = gitSource(loop) as GitSource;
  loop.api.store.create(gitSources, { ...source, spec: { ...source.spec, ...part } });
  return loop.settle(1000);
};
const status = () => loop.api.store.get(gitSources, 'shop', 'web')?.status;
const password = () => {
  const secret = loop.api.store.get('Secret', 'shop', 'login') as { stringData?: object; data?: object } | undefined;
  return secret && JSON.stringify(secret.stringData ?? secret.data);
};
const refused = (words: string) => {
  expect(status()?.conditions?.[0]).toMatchObject({ status: 'False', reason: 'InvalidManifests' });
  expect(status()?.files).toEqual([{ path: file, message: expect.stringContaining(words) }]);
  expect(password()).toBeUndefined();
  expect(loop.api.store.list('Rollout')).toEqual([]);
};

describe('a commit with an encrypted Secret', () => {
  it('is applied with what the keys open, and its secrets are in no text', async () => {
    loop = await startLoop({ programs: { sops } });
    putSecret('keys', { 'one.agekey': 'AGE-SECRET-KEY-1OTHER', 'two.agekey': `# mine\n${AGE_KEY}\n`, other: 'x' });
    const first = await loop.commit(app());
    await follow({ decryption });
    expect(status()?.conditions?.[0]).toMatchObject({ status: 'True', reason: 'Applied' });
    expect(password()).toMatch(/hunter2|aHVudGVyMg==/);
    const secret = loop.api.store.get('Secret', 'shop', 'login');
    expect(secret).not.toHaveProperty('sops');
    expect(secret?.metadata.annotations?.['headgate.dev/git-commit']).toBe(first);
    await loop.commit(app('swordfish'));
    await loop.settle(MINUTE);
    expect(password()).toMatch(/swordfish|c3dvcmRmaXNo/);
    const told = JSON.stringify([loop.told, status(), loop.rollout()]);
    for (const text of ['hunter2', 'swordfish', AGE_KEY]) expect(told).not.toContain(text);
  });

  it('is refused as a whole where nothing says how to open it', async () => {
    loop = await startLoop({ programs: { sops } });
    await loop.commit(app());
    await follow();
    refused(
      'is encrypted with SOPS, and is never applied as it is. Name the Secret with the age keys in spec.decryption',
    );
  });

  it('is refused where it is for no age key, before anything runs', async () => {
    loop = await startLoop({ programs: { sops: '/no/such' } });
    putSecret('keys', { 'one.agekey': AGE_KEY });
    await loop.commit({ ...app(), [file]: encryptedSecret('x', '[]') });
    await follow({ decryption });
    refused('for no age key');
  });

  it('is refused where the program is missing, in words that say which', async () => {
    loop = await startLoop({ programs: { sops: '/no/such' } });
    putSecret('keys', { 'one.agekey': AGE_KEY });
    await loop.commit(app());
    await follow({ decryption });
    refused('the program sops is needed, and /no/such is no program that can be run');
  });

  it('is refused with the wrong key, which is not shown, and applied once the right one is there', async () => {
    loop = await startLoop({ programs: { sops } });
    putSecret('keys', { 'one.agekey': 'AGE-SECRET-KEY-1WRONG' });
    await loop.commit(app());
    await follow({ decryption });
    refused('cannot be opened with the age keys of Secret keys: sops cannot decrypt it (exit code 128): Failed to get');
    expect(JSON.stringify(status())).not.toContain('1WRONG');
    const data = { 'one.agekey': base64(AGE_KEY) };
    loop.api.store.patch('Secret', { namespace: 'shop', name: 'keys' }, { data });
    await loop.settle(MINUTE);
    expect(password()).toMatch(/hunter2|aHVudGVyMg==/);
  });

  it('waits for its keys', async () => {
    loop = await startLoop({ programs: { sops } });
    await loop.commit(app());
    await follow({ decryption });
    expect(status()?.conditions?.[0]).toMatchObject({
      reason: 'SecretMissing',
      message: expect.stringContaining('keys'),
    });
    putSecret('keys', { key: AGE_KEY });
    await loop.settle(MINUTE);
    expect(status()?.conditions?.[0]).toMatchObject({
      reason: 'AgeKeyMissing',
      message: expect.stringContaining('.agekey'),
    });
  });

  it.skipIf(!programs.kustomize)('is rendered with what the keys open', async () => {
    loop = await startLoop({ programs: { ...programs, sops } });
    putSecret('keys', { 'one.agekey': AGE_KEY });
    const kustomization = 'resources: [rollout.yaml, login.yaml]\nnamePrefix: a-\n';
    await loop.commit({ ...app(), [`${PATH}/kustomization.yaml`]: kustomization });
    await follow({ decryption });
    expect(loop.api.store.get('Secret', 'shop', 'a-login')).toBeDefined();
  });
});

it('asks for no keys where nothing is encrypted', async () => {
  loop = await startLoop({ programs: { sops } });
  await loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml('web:v1') });
  await follow({ decryption });
  expect(status()?.conditions?.[0]).toMatchObject({ status: 'True' });
  expect(loop.audit.filter(({ resource }) => resource === 'secrets')).toEqual([]);
});

it('says by the names of Secret and key what cannot be used of credentials', async () => {
  loop = await startLoop();
  await loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml('web:v1') });
  putSecret('git', { 'ca.crt': 'NOT A CERTIFICATE' });
  const repository = { url: loop.url, branch: 'main', secretRef: { name: 'git' } };
  await follow({ repository });
  const message = expect.stringContaining('Secret git, key ca.crt: holds no whole certificate');
  expect(status()?.conditions?.[0]).toMatchObject({ status: 'False', reason: 'InvalidCertificate', message });
  expect(JSON.stringify(status())).not.toContain('NOT A');
});

it('says what a repository over ssh lacks', async () => {
  loop = await startLoop();
  await follow({ repository: { url: 'ssh://git@git.example.com/team/shop', branch: 'main' } });
  const message = expect.stringContaining('has no key known_hosts');
  expect(status()?.conditions?.[0]).toMatchObject({ status: 'False', reason: 'KnownHostsMissing', message });
});
