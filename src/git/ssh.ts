import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GitCall } from './process.ts';
import { inScratchFolder } from './scratch.ts';

const DEFAULT_PORT = 22;
/** What a path may be made of, so that neither a shell nor ssh reads anything into it. */
const PLAIN_PATH = /^[A-Za-z0-9/._+,@=-]+$/;

/**
 * Nothing of the machine or a user's home counts: no configuration, no agent, no other keys, no other known hosts. Nobody is
 * asked anything, nothing is forwarded or started beside, and a server whose key is not known is not spoken to.
 */
const FIXED = [
  '-F /dev/null',
  ...[
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    'GlobalKnownHostsFile=/dev/null',
    'UpdateHostKeys=no',
    'VerifyHostKeyDNS=no',
    'CheckHostIP=no',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'AddKeysToAgent=no',
    'PreferredAuthentications=publickey',
    'PasswordAuthentication=no',
    'KbdInteractiveAuthentication=no',
    'ClearAllForwardings=yes',
    'ForwardAgent=no',
    'ForwardX11=no',
    'Tunnel=no',
    'PermitLocalCommand=no',
    'ProxyCommand=none',
    'ProxyJump=none',
    'CanonicalizeHostname=no',
    'ControlMaster=no',
    'ControlPath=none',
    'ConnectTimeout=15',
    'ServerAliveInterval=15',
    'ServerAliveCountMax=4',
    'RequestTTY=no',
    'LogLevel=ERROR',
  ].map((option) => `-o ${option}`),
].join(' ');

export interface SshServer {
  /** As the address names it. */
  host: string;
  port: number;
  /** Where the connection goes, after it was checked; undefined where ssh may look it up by itself. */
  target?: { address: string; port: number } | undefined;
}

/** How a server is named in a known_hosts file. */
function knownHostName({ host, port }: Pick<SshServer, 'host' | 'port'>): string {
  return port === DEFAULT_PORT ? host : `[${host}]:${port}`;
}

function commandFor(folder: string, server: SshServer): string {
  const { target } = server;
  const options = [
    `IdentityFile=${join(folder, 'identity')}`,
    `UserKnownHostsFile=${join(folder, 'known_hosts')}`,
    `HostKeyAlias=${knownHostName(server)}`,
    // The first word counts: they go before the port that git adds.
    ...(target ? [`HostName=${target.address}`, `Port=${target.port}`] : []),
  ];
  return `ssh ${FIXED} ${options.map((option) => `-o '${option}'`).join(' ')}`;
}

/** The lines of a key, none of which may show. */
function linesOf(identity: string): string[] {
  return identity.split('\n').filter((line) => line.length >= 16 && !line.startsWith('-----'));
}

/**
 * Does work that reaches a server over ssh. Key and known hosts are in files of a folder that only its user can read, for just as
 * long; what is handed on names these files, and never holds the key.
 */
export async function overSsh<T>(
  keys: { identity: string; knownHosts: string },
  server: SshServer,
  work: (call: GitCall) => Promise<T>,
): Promise<T> {
  return inScratchFolder('ssh', async (folder) => {
    if (!PLAIN_PATH.test(folder))
      throw new Error(`the temporary folder ${folder} has a name that ssh cannot be given: set TMPDIR to another one`);
    await writeFile(join(folder, 'identity'), keys.identity, { mode: 0o600 });
    await writeFile(join(folder, 'known_hosts'), keys.knownHosts, { mode: 0o600 });
    const env = { GIT_SSH_COMMAND: commandFor(folder, server), GIT_SSH_VARIANT: 'ssh' };
    return work({ env, secrets: [`${folder}/`, folder, ...linesOf(keys.identity)] });
  });
}
