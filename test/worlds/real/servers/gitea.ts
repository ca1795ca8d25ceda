import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { answers, createServer, type Server } from '../server.ts';
import { runProgram } from '../toolbox.ts';

export interface GiteaOptions {
  binary: string;
  /** The files of Gitea's module: templates, options, locale. */
  staticRoot: string;
  /** For all that it keeps; made where it is not there. */
  folder: string;
  address: string;
  port: number;
}

export interface Gitea {
  url: string;
  /** May do everything: for setting the stage only. */
  admin: { name: string; token: string };
  server: Server;
}

const ADMIN = 'stage';

function settings({ staticRoot, folder, address, port }: GiteaOptions): Record<string, Record<string, string>> {
  const secret = () => randomBytes(24).toString('base64url');
  return {
    '': {
      APP_NAME: 'Headgate',
      RUN_MODE: 'prod',
      RUN_USER: userInfo().username,
      WORK_PATH: folder,
      // Heeded only where the tests run as root, as they do in a namespace of their own.
      I_AM_BEING_UNSAFE_RUNNING_AS_ROOT: 'true',
    },
    server: {
      PROTOCOL: 'http',
      HTTP_ADDR: address,
      HTTP_PORT: String(port),
      ROOT_URL: `http://${address}:${port}/`,
      STATIC_ROOT_PATH: staticRoot,
      APP_DATA_PATH: join(folder, 'data'),
      DISABLE_SSH: 'true',
      // It would write into the home of whoever runs the tests, and two worlds into each other's file.
      SSH_CREATE_AUTHORIZED_KEYS_FILE: 'false',
      SSH_ROOT_PATH: join(folder, 'ssh'),
      OFFLINE_MODE: 'true',
      LFS_START_SERVER: 'false',
    },
    database: { DB_TYPE: 'sqlite3', PATH: join(folder, 'gitea.db') },
    repository: { ROOT: join(folder, 'repositories'), DEFAULT_BRANCH: 'main' },
    // With the lock and both secrets given, it shows no installation page and leaves this file as it is.
    security: {
      INSTALL_LOCK: 'true',
      SECRET_KEY: secret(),
      INTERNAL_TOKEN: secret(),
      PASSWORD_HASH_ALGO: 'pbkdf2$1000$50',
    },
    service: { DISABLE_REGISTRATION: 'true' },
    webhook: { ALLOWED_HOST_LIST: 'loopback' },
    log: { MODE: 'console', LEVEL: 'warn' },
    session: { PROVIDER: 'memory' },
    indexer: { ISSUE_INDEXER_TYPE: 'db' },
    actions: { ENABLED: 'false' },
    packages: { ENABLED: 'false' },
    cron: { ENABLED: 'false' },
    oauth2: { ENABLED: 'false' },
  };
}

function asIni(sections: Record<string, Record<string, string>>): string {
  const lines = Object.entries(sections).flatMap(([name, values]) => [
    ...(name ? [`[${name}]`] : []),
    ...Object.entries(values).map(([key, value]) => `${key} = ${value}`),
  ]);
  return `${lines.join('\n')}\n`;
}

/** Makes the database and its administrator; answers with a token of his. */
async function install({ binary, folder }: GiteaOptions, config: string): Promise<string> {
  const gitea = (...args: string[]) => runProgram(binary, ['--config', config, ...args], { folder });
  const account = ['--username', ADMIN];
  await gitea('migrate');
  const password = ['--password', randomBytes(24).toString('base64url'), '--must-change-password=false'];
  await gitea('admin', 'user', 'create', ...account, ...password, '--email', `${ADMIN}@example.com`, '--admin');
  const rights = ['--token-name', 'stage', '--scopes', 'all', '--raw'];
  const printed = await gitea('admin', 'user', 'generate-access-token', ...account, ...rights);
  // Run by root, it prints a warning too, which may come before the token or after it.
  const token = /^[0-9a-f]{40}$/m.exec(printed)?.[0];
  if (!token) throw new Error(`gitea printed no token: ${printed.trim().split('\n').length} lines without one`);
  return token;
}

/** A Gitea of its own, empty but for its administrator. */
export async function startGitea(options: GiteaOptions): Promise<Gitea> {
  const { binary, folder, address, port } = options;
  await mkdir(folder, { recursive: true });
  const config = join(folder, 'app.ini');
  await writeFile(config, asIni(settings(options)), { mode: 0o600 });
  const token = await install(options, config);
  const url = `http://${address}:${port}`;
  const server = createServer({
    name: 'gitea',
    binary,
    args: ['--config', config, 'web'],
    folder,
    logFile: join(folder, 'gitea.log'),
    ready: () => answers(`${url}/api/healthz`),
  });
  await server.start();
  return { url, admin: { name: ADMIN, token }, server };
}
