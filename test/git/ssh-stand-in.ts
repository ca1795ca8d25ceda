import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What the program was called with, and what it found there. */
export interface SshCall {
  argv: string[];
  options: Record<string, string>;
  destination: string;
  command: string;
  /** Octal, of the folder of the key and of the files. */
  modes: { folder: string; identity: string; knownHosts: string };
  environment: Record<string, string>;
}

export interface SshStandIn {
  /** Goes first on a PATH. */
  folder: string;
  calls(): Promise<SshCall[]>;
}

/**
 * A program that git takes for OpenSSH's client, and that keeps its contract: options, destination, and a command that is
 * run where the repositories are, below `root`. It asks for the key and for the line of known_hosts that real ones ask for,
 * and says in OpenSSH's words what is wrong. `accepts`: the private key; `hostLine`: the line of the one known host.
 */
export async function startSshStandIn(
  folder: string,
  { root, accepts, hostLine }: { root: string; accepts: string; hostLine: string },
): Promise<SshStandIn> {
  const bin = join(folder, 'bin');
  const log = join(folder, 'ssh-calls');
  await mkdir(bin, { recursive: true });
  await writeFile(log, '');
  const script = `#!${process.execPath}
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const argv = process.argv.slice(2);
const options = {};
let at = 0;
for (; at < argv.length && argv[at].startsWith('-'); at++) {
  const [flag] = argv[at].slice(1);
  const value = argv[at].length > 2 ? argv[at].slice(2) : argv[++at];
  const [name, word] = flag === 'o' ? value.split(/=(.*)/s) : [flag, value];
  if (!(name in options)) options[name] = word;
}
const [destination, ...rest] = argv.slice(at);
const command = rest.join(' ');
const fail = (words) => { process.stderr.write(words + '\\r\\n'); process.exit(255); };
const mode = (file) => (fs.statSync(file).mode & 0o777).toString(8);
const { IdentityFile: identity, UserKnownHostsFile: knownHosts, HostKeyAlias: alias } = options;
const modes = { folder: mode(path.dirname(identity)), identity: mode(identity), knownHosts: mode(knownHosts) };
fs.appendFileSync(${JSON.stringify(log)}, JSON.stringify({ argv, options, destination, command, modes, environment: process.env }) + '\\n');
const line = ${JSON.stringify(hostLine)};
if (!fs.readFileSync(knownHosts, 'utf8').split('\\n').includes(line) || line.split(' ')[0] !== alias)
  fail('No ED25519 host key is known for ' + alias + ' and you have requested strict checking.\\r\\nHost key verification failed.');
if (fs.readFileSync(identity, 'utf8') !== ${JSON.stringify(accepts)}) fail(destination + ': Permission denied (publickey).');
const [, program, quoted] = /^(git[- ](?:upload|receive)-pack) '(.*)'$/.exec(command) ?? [];
if (program === undefined) fail('this server runs git only');
const served = path.join(${JSON.stringify(root)}, quoted);
if (!fs.existsSync(served)) { process.stderr.write('ERROR: Repository not found.\\n'); process.exit(1); }
const { status } = spawnSync(program, [served], { stdio: 'inherit' });
process.exit(status ?? 1);
`;
  // CommonJS, wherever it lies.
  await writeFile(join(bin, 'ssh.cjs'), script);
  await writeFile(join(bin, 'ssh'), `#!/bin/sh\nexec '${process.execPath}' '${join(bin, 'ssh.cjs')}' "$@"\n`);
  await chmod(join(bin, 'ssh'), 0o755);
  return {
    folder: bin,
    async calls() {
      const lines = (await readFile(log, 'utf8')).split('\n').filter((line) => line !== '');
      return lines.map((line) => JSON.parse(line) as SshCall);
    },
  };
}
