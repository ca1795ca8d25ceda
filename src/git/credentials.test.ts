import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeAuthority } from '../../test/git/tls-front.ts';
import { certificatesIn, identityIn } from './credentials.ts';

const WHERE = 'Secret host, key ca.crt';
let folder: string;
let ca: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-credentials-'));
  ({ ca } = await makeAuthority(folder, 'DNS:a'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (program: string, ...args: string[]) => execFileSync(program, args, { cwd: folder, stdio: 'ignore' });
const read = (name: string) => readFile(join(folder, name), 'utf8');

describe('certificates', () => {
  it('are taken one or many, without what stands between them', () => {
    expect(certificatesIn(ca, WHERE)).toBe(ca);
    expect(certificatesIn(`# ours\n${ca}\r\nIssuer: x\n${ca}`, WHERE)).toBe(ca + ca);
  });

  it.each([
    ['nothing', () => 'SECRET', 'holds no whole certificate'],
    ['a key', () => '-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----', 'holds no whole certificate'],
    ['half of one', () => `${ca}-----BEGIN CERTIFICATE-----\nSECRET`, 'holds no whole certificate'],
    [
      'a broken one',
      () => `${ca}${ca.replace(/\n.{20}/, '\nSECRETSECRETSECRETSE')}`,
      'certificate 2 of 2 cannot be read',
    ],
  ])('%s: told by the names of Secret and key, and what is allowed', (_, text, why) => {
    const told = () => certificatesIn(text(), WHERE);
    expect(told).toThrow(why);
    expect(told).toThrow(WHERE);
    expect(told).toThrow('one or more certificates in PEM');
    expect(told).not.toThrow(/SECRET/);
    expect(told).toThrow(expect.objectContaining({ name: 'Waiting', reason: 'InvalidCertificate' }));
  });
});

describe('a private key', () => {
  it("is taken in PEM and in OpenSSH's form, with the end of line that ssh asks for", async () => {
    run('openssl', 'genpkey', '-algorithm', 'ed25519', '-out', 'pem');
    run('openssl', 'genrsa', '-traditional', '-out', 'rsa', '2048');
    for (const name of ['pem', 'rsa']) {
      const text = await read(name);
      expect(identityIn(text.trim().replaceAll('\n', '\r\n'), 'here')).toBe(text);
    }
    run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', 'open');
    expect(identityIn(await read('open'), 'here')).toBe(await read('open'));
  });

  it('is refused where it has a passphrase', async () => {
    run('openssl', 'genpkey', '-algorithm', 'RSA', '-aes256', '-pass', 'pass:word', '-out', 'locked-pem');
    run('openssl', 'genrsa', '-traditional', '-aes256', '-passout', 'pass:word', '-out', 'locked-rsa', '2048');
    run('ssh-keygen', '-q', '-t', 'ed25519', '-N', 'password', '-f', 'locked-open');
    for (const name of ['locked-pem', 'locked-rsa', 'locked-open']) {
      const text = await read(name);
      expect(() => identityIn(text, 'here')).toThrow('here: the private key is protected by a passphrase');
    }
  });

  it.each(['', 'ssh-ed25519 AAAASECRET', '-----BEGIN PRIVATE KEY-----\nSECRET', 'SECRET'])('%j is none', (text) => {
    expect(() => identityIn(text, 'Secret host, key identity')).toThrow(
      'Secret host, key identity: holds no private key',
    );
    expect(() => identityIn(text, '')).not.toThrow('SECRET');
  });
});
