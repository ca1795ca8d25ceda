import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Waiting } from '../errors.ts';

/** A GitHub App that Headgate is on the host. */
export interface GitHubApp {
  /** Its ID, or its client ID. */
  id: string;
  /** Of the App on the repository's owner, digits; undefined where it is to be looked up. */
  installation?: string | undefined;
  /** RSA. What prints objects prints nothing of it. */
  key: KeyObject;
}

/** Tokens that last for a while only, and are got as they are needed. */
export interface TokenSource {
  /** Whose rate limit they share. */
  readonly account: string;
  /** The one that was got last; undefined where there was none yet. */
  held(): string | undefined;
  /** One that lasts for some minutes at least. Throws `Waiting` with the reason of a repository that cannot be read, or `RateLimited`. */
  token(): Promise<string>;
  /** Another one than this, which was refused. Throws like `token`. */
  renewed(refused: string): Promise<string>;
}

/** What opens a repository; never logged. */
export interface Credentials {
  token?: string | undefined;
  /** In place of a token: what a host exchanges for tokens. */
  app?: GitHubApp | undefined;
  /** In place of a token: where tokens come from. */
  tokens?: TokenSource | undefined;
  username?: string | undefined;
  /** A private key for ssh, in PEM or in OpenSSH's own form. */
  identity?: string | undefined;
  /** The keys by which servers are known over ssh, as lines of a known_hosts file. */
  knownHosts?: string | undefined;
  /** Certificates in PEM: who is believed, instead of those whom the machine believes, where a server shows its own. */
  ca?: string | undefined;
}

const RETRY_SECONDS = 30;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]*-----END CERTIFICATE-----/g;
const BEGINNING = /-----BEGIN CERTIFICATE-----/g;
const PRIVATE_KEY = /^-----BEGIN ((?:[A-Z0-9]+ )*)PRIVATE KEY-----\n([\s\S]+)\n-----END \1PRIVATE KEY-----$/;
const OPENSSH_MAGIC = 'openssh-key-v1\0';

/** What a person must put right in a Secret. It may be put right without anything else changing: look again. */
function unusable(reason: string, message: string): Waiting {
  return new Waiting(reason, message, RETRY_SECONDS);
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

/** The certificates of a text, and nothing else of it. `where` names it: no content is quoted. Throws `Waiting`. */
export function certificatesIn(text: string, where: string): string {
  const found = text.match(CERTIFICATE) ?? [];
  const begun = text.match(BEGINNING) ?? [];
  const wrong = found.findIndex((pem) => !isCertificate(pem));
  if (found.length > 0 && found.length === begun.length && wrong < 0) return `${found.join('\n')}\n`;
  const which = wrong < 0 ? 'holds no whole certificate' : `certificate ${wrong + 1} of ${found.length} cannot be read`;
  const message = `${where}: ${which}. It must hold one or more certificates in PEM (-----BEGIN CERTIFICATE-----), as in the file that openssl x509 writes`;
  throw unusable('InvalidCertificate', message);
}

/** OpenSSH's own form begins with its name and, as a text with its length before it, the cipher. */
function isLocked(kind: string, body: string): boolean {
  if (kind.includes('ENCRYPTED') || /^(Proc-Type|DEK-Info):/m.test(body)) return true;
  const raw = Buffer.from(body, 'base64');
  if (raw.toString('latin1', 0, OPENSSH_MAGIC.length) !== OPENSSH_MAGIC || raw.length < OPENSSH_MAGIC.length + 4)
    return false;
  const start = OPENSSH_MAGIC.length + 4;
  const length = raw.readUInt32BE(OPENSSH_MAGIC.length);
  return raw.toString('latin1', start, start + length) !== 'none';
}

/** The key as ssh reads it. `where` names it: no content is quoted. Throws `Waiting`. */
export function identityIn(text: string, where: string): string {
  const clean = text.replaceAll('\r', '').trim();
  const [, kind, body] = PRIVATE_KEY.exec(clean) ?? [];
  if (kind === undefined || body === undefined) {
    const message = `${where}: holds no private key. It must be one in PEM or OpenSSH's form, from -----BEGIN to -----END, as ssh-keygen -t ed25519 writes it`;
    throw unusable('InvalidIdentity', message);
  }
  if (isLocked(kind, body)) {
    const message = `${where}: the private key is protected by a passphrase, which nobody can be asked for. Use a key without one (ssh-keygen -N '')`;
    throw unusable('InvalidIdentity', message);
  }
  return `${clean}\n`;
}

const APP_ID = /^[A-Za-z0-9._-]{1,100}$/;
const INSTALLATION_ID = /^[0-9]{1,20}$/;

function keyOf(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

/** What a Secret holds of a GitHub App; undefined where it holds nothing of one. `where` names its keys: no content is quoted. Throws `Waiting`. */
export function gitHubAppIn(
  { id, installation, privateKey }: { id?: string; installation?: string; privateKey?: string },
  where: (key: string) => string,
): GitHubApp | undefined {
  if (id === undefined && installation === undefined && privateKey === undefined) return undefined;
  const missing = id === undefined ? 'appId' : 'privateKey';
  if (id === undefined || privateKey === undefined) {
    const message = `${where(missing)}: is not there. A GitHub App takes appId and privateKey, and installationId where it is not to be looked up`;
    throw unusable('InvalidGitHubApp', message);
  }
  if (!APP_ID.test(id)) {
    throw unusable(
      'InvalidGitHubApp',
      `${where('appId')}: is no ID of a GitHub App. Its page shows App ID and client ID`,
    );
  }
  if (installation !== undefined && !INSTALLATION_ID.test(installation)) {
    const message = `${where('installationId')}: is not a number. It is the last part of the address of the installation's page; left out, it is looked up`;
    throw unusable('InvalidGitHubApp', message);
  }
  return { id, installation, key: appKeyIn(privateKey, where('privateKey')) };
}

function appKeyIn(text: string, where: string): KeyObject {
  const clean = text.replaceAll('\r', '').trim();
  const [, kind, body] = PRIVATE_KEY.exec(clean) ?? [];
  if (kind !== undefined && body !== undefined && isLocked(kind, body)) {
    const message = `${where}: the private key is protected by a passphrase, which nobody can be asked for. Use the file as GitHub made it`;
    throw unusable('InvalidGitHubApp', message);
  }
  const key = keyOf(clean);
  if (key?.asymmetricKeyType === 'rsa') return key;
  const what = key ? `holds a key of type ${key.asymmetricKeyType}` : 'holds no whole private key';
  const message = `${where}: ${what}. It must be the RSA key in PEM that the App's page lets one download, from -----BEGIN RSA PRIVATE KEY----- to the end`;
  throw unusable('InvalidGitHubApp', message);
}

/** What it takes to log in over ssh and to know the server. Throws `Waiting` that says which is missing. */
export function sshKeys({ identity, knownHosts }: Credentials, url: string): { identity: string; knownHosts: string } {
  const secret = 'the Secret that secretRef names';
  if (knownHosts === undefined) {
    const message = `repository ${url} is reached over ssh, and ${secret} has no key known_hosts: without it nobody knows whether the server is the right one. Put the line that ssh-keyscan prints for it there, after comparing it with the fingerprint that the host publishes`;
    throw unusable('KnownHostsMissing', message);
  }
  if (identity === undefined) {
    const message = `repository ${url} is reached over ssh, and ${secret} has no key identity. Put a private key there whose public half the host knows, as a deploy key`;
    throw unusable('IdentityMissing', message);
  }
  return { identity, knownHosts: `${knownHosts.replaceAll('\r', '').trim()}\n` };
}

/** Where certificates lie for git, by their content: they are no secret, and later calls of git need them too. */
export function certificatesFile(folder: string, ca: string): string {
  return join(folder, `ca-${createHash('sha256').update(ca).digest('hex').slice(0, 32)}.crt`);
}

/** Puts them there as a whole, or not at all. */
export async function writeCertificates(file: string, ca: string): Promise<void> {
  const folder = dirname(file);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const aside = await mkdtemp(join(folder, 'new-'));
  try {
    await writeFile(join(aside, 'ca.crt'), ca, { mode: 0o600 });
    await rename(join(aside, 'ca.crt'), file);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}
