import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { asFlags, createServer, type Server } from '../server.ts';

export interface ApiServerOptions {
  binary: string;
  folder: string;
  etcd: string;
  port: number;
  /** Where it listens, besides 127.0.0.1; its certificate is for this address. */
  address: string;
  /** Flags besides the usual, without the dashes. */
  flags?: Record<string, string>;
}

export interface ApiServer {
  url: string;
  server: Server;
  /** PEM. */
  certificateAuthority: string;
  /** By user. */
  tokens: Record<string, string>;
  auditLog: string;
  /** What signs the tokens of ServiceAccounts. */
  accountsKey: string;
  /** A kubeconfig file for whoever has the token. */
  writeKubeconfig(name: string, token: string): Promise<string>;
}

/** Who asked for what, and how it was answered; no bodies. What the cluster's own parts do is left out. */
const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'None', users: ['system:kube-controller-manager', 'emulated-kubelet', 'system:apiserver', 'contour'] },
    { level: 'Metadata' },
  ],
};

const SECRET = { mode: 0o600 };

/** The ServiceAccount that deploy/ gives to the controller. */
export const ACCOUNT = { namespace: 'headgate', name: 'headgate' };
export const CONTROLLER = `system:serviceaccount:${ACCOUNT.namespace}:${ACCOUNT.name}`;

const ALMIGHTY = ['system:masters'];
const GROUPS: Record<string, string[]> = {
  admin: ALMIGHTY,
  'system:kube-controller-manager': ALMIGHTY,
  'emulated-kubelet': ALMIGHTY,
  contour: ALMIGHTY,
  [CONTROLLER]: ['system:serviceaccounts', 'system:serviceaccounts:headgate'],
};

async function writeKeys(folder: string, tokens: Record<string, string>): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  await writeFile(join(folder, 'accounts.key'), privateKey, SECRET);
  await writeFile(join(folder, 'accounts.pub'), publicKey, SECRET);
  const lines = Object.entries(tokens).map(([user, token]) => `${token},${user},${user},"${GROUPS[user]?.join()}"\n`);
  await writeFile(join(folder, 'tokens.csv'), lines.join(''), SECRET);
  await writeFile(join(folder, 'audit-policy.json'), JSON.stringify(AUDIT_POLICY));
}

/** Whether an HTTPS address answers 200; the certificate is judged once there is one to judge by. */
export function isReady(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(url, { rejectUnauthorized: false, timeout: 1000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.once('error', () => resolve(false)).once('timeout', () => asked.destroy());
    asked.end();
  });
}

function kubeconfig(server: string, certificateAuthority: string, token: string): string {
  const ca = Buffer.from(certificateAuthority).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'real',
    clusters: [{ name: 'real', cluster: { server, 'certificate-authority-data': ca } }],
    users: [{ name: 'real', user: { token } }],
    contexts: [{ name: 'real', context: { cluster: 'real', user: 'real' } }],
  });
}

export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { binary, folder, etcd, port, address } = options;
  await mkdir(folder, { recursive: true });
  const tokens = Object.fromEntries(Object.keys(GROUPS).map((user) => [user, randomBytes(16).toString('hex')]));
  await writeKeys(folder, tokens);
  const url = `https://${address}:${port}`;
  const auditLog = join(folder, 'audit.log');
  const flags = {
    'etcd-servers': etcd,
    'cert-dir': join(folder, 'certificates'),
    'token-auth-file': join(folder, 'tokens.csv'),
    'service-account-issuer': 'https://kubernetes.default.svc',
    'service-account-key-file': join(folder, 'accounts.pub'),
    'service-account-signing-key-file': join(folder, 'accounts.key'),
    'service-cluster-ip-range': '10.96.0.0/16',
    'advertise-address': address,
    'bind-address': '0.0.0.0',
    'secure-port': String(port),
    'authorization-mode': 'RBAC',
    'audit-policy-file': join(folder, 'audit-policy.json'),
    'audit-log-path': auditLog,
    // One file, in MiB: stories remember places in it.
    'audit-log-maxsize': '100000',
    // Pods would wait for the controller that makes each namespace's default account.
    'disable-admission-plugins': 'ServiceAccount',
    ...options.flags,
  };
  const server = createServer({
    name: 'kube-apiserver',
    binary,
    args: asFlags(flags),
    folder,
    logFile: join(folder, 'kube-apiserver.log'),
    ready: () => isReady(`${url}/readyz`),
  });
  await server.start();
  const certificateAuthority = await readFile(join(folder, 'certificates', 'apiserver.crt'), 'utf8');
  return {
    url,
    server,
    certificateAuthority,
    tokens,
    auditLog,
    accountsKey: join(folder, 'accounts.key'),
    async writeKubeconfig(name, token) {
      const path = join(folder, `${name}.kubeconfig`);
      await writeFile(path, kubeconfig(url, certificateAuthority, token), SECRET);
      return path;
    },
  };
}
