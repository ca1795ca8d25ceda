import { createHash } from 'node:crypto';
import type { GitSource, Secret } from '../../api/index.ts';
import { Stalled, Waiting } from '../../errors.ts';
import type { Credentials } from '../../git/credentials.ts';
import { encryptedIn, isForAge, type OpenEncrypted, sopsFormat } from '../../git/sops.ts';
import { ApiError } from '../../kube/client.ts';
import { secrets } from '../../kube/resources.ts';
import { credentialsIn } from '../credentials.ts';
import type { Checked } from './check.ts';
import type { GitSourceOptions } from './options.ts';

/** Read as the source's own service account: who may create a GitSource sees no Secret that the account may not see. */
async function readSecret(
  options: GitSourceOptions,
  { spec }: GitSource,
  { namespace, user }: Checked,
  { name, field }: { name: string; field: string },
): Promise<Secret> {
  const client = options.client.as(user);
  const secret = await client.get(secrets, { namespace, name }).catch((error: unknown) => {
    if (!(error instanceof ApiError) || error.code !== 403) throw error;
    const message = `ServiceAccount ${spec.serviceAccountName} may not get Secret ${name} in namespace ${namespace}: grant it get on that Secret, or leave ${field} out (${error.message})`;
    throw new Waiting('SecretForbidden', message, 30);
  });
  if (!secret) throw new Waiting('SecretMissing', `Secret ${name} is not there in namespace ${namespace}`, 30);
  return secret;
}

export async function credentialsOf(
  options: GitSourceOptions,
  source: GitSource,
  checked: Checked,
): Promise<Credentials> {
  const name = source.spec.repository.secretRef?.name;
  if (name === undefined) return {};
  const secret = await readSecret(options, source, checked, { name, field: 'spec.repository.secretRef' });
  const { app, ...credentials } = credentialsIn(secret);
  if (!app) return credentials;
  const message = `Secret ${name} holds a GitHub App (appId, privateKey), which only RevertPolicies can use: put a token that reads into it, or over ssh a deploy key`;
  throw new Waiting('InvalidGitHubApp', message, 30);
}

/** The age keys of a Secret, one a line: the values of all its keys that end with `.agekey`. */
function ageKeysIn({ data, metadata }: Secret): string {
  const entries = Object.entries(data ?? {}).filter(([key]) => key.endsWith('.agekey'));
  const lines = entries.flatMap(([, value]) => Buffer.from(value, 'base64').toString('utf8').split('\n'));
  const keys = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  if (keys.length > 0) return keys.join('\n');
  const message = `Secret ${metadata.name} holds no age key: put what age-keygen writes there, as a key that ends with .agekey`;
  throw new Waiting('AgeKeyMissing', message, 30);
}

const NOT_CONFIGURED =
  'is encrypted with SOPS, and is never applied as it is. Name the Secret with the age keys in spec.decryption: provider: sops, secretRef: {name: ...}';
const NOT_FOR_AGE =
  'is encrypted with SOPS, but for no age key; key services, Vault and PGP are not asked. Add an age recipient (sops updatekeys)';

/**
 * Opens what SOPS has encrypted, as the source says, for one look: the keys are read once, and only where there is something to
 * open, and each content is opened once, as a look through the history meets it many times.
 */
export function openerFor(options: GitSourceOptions, source: GitSource, checked: Checked): OpenEncrypted {
  const { decryption } = source.spec;
  let keys: Promise<string> | undefined;
  const readKeys = async (name: string) =>
    ageKeysIn(await readSecret(options, source, checked, { name, field: 'spec.decryption' }));
  const open: OpenEncrypted = async (file, content) => {
    if (decryption === undefined) return { problem: NOT_CONFIGURED };
    if (decryption.provider !== 'sops') {
      const message = `spec.decryption.provider ${JSON.stringify(decryption.provider)} is not known; sops is`;
      throw new Stalled('InvalidSpec', message);
    }
    if (!encryptedIn(file, content).every(isForAge)) return { problem: NOT_FOR_AGE };
    const { name } = decryption.secretRef;
    keys ??= readKeys(name);
    const format = sopsFormat(file) ?? 'yaml';
    const opened = await options.renderer.decrypt({ content, format, keys: await keys });
    if (opened.kind === 'rendered') return { content: opened.output };
    return {
      problem: `is encrypted with SOPS, and cannot be opened with the age keys of Secret ${name}: ${opened.message}`,
    };
  };
  const opened = new Map<string, ReturnType<OpenEncrypted>>();
  return (file, content) => {
    const key = createHash('sha256').update(content).digest('hex');
    const answer = opened.get(key) ?? open(file, content);
    opened.set(key, answer);
    return answer;
  };
}
