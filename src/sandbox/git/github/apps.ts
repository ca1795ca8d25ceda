/** GitHub Apps: who proves by a signed JWT to be one gets tokens for the repositories that it is installed on. */

import { type KeyObject, randomBytes, verify } from 'node:crypto';
import { type Answer, type GitHubWorld, restError, type TokenRights } from '../world.ts';

export type Permissions = Record<string, 'read' | 'write'>;

export interface Installation {
  /** The owner of the repositories. */
  account: string;
  /** Their full names; left out: all of the account. */
  repositories?: Set<string>;
  permissions: Permissions;
  suspended?: boolean;
}

export interface HostedApp {
  /** The account that commits and comments are made as. */
  login: string;
  /** The public halves of the keys that were not deleted. */
  keys: KeyObject[];
  /** By number. */
  installations: Map<number, Installation>;
}

const TOKEN_MILLISECONDS = 3_600_000;
const LONGEST_JWT_SECONDS = 600;

interface Claims {
  iss?: unknown;
  iat?: unknown;
  exp?: unknown;
}

function decoded(part: string): object | undefined {
  try {
    return Object(JSON.parse(Buffer.from(part, 'base64url').toString('utf8')));
  } catch {
    return undefined;
  }
}

const unauthorized = (message: string): Answer => restError(401, message);
const NOT_DECODED = 'A JSON web token could not be decoded';

function timeProblem({ iat, exp }: Claims, now: number): string | undefined {
  const seconds = now / 1000;
  if (typeof iat !== 'number' || !Number.isInteger(iat) || iat > seconds)
    return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued";
  if (typeof exp !== 'number' || exp <= seconds)
    return "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires";
  return exp > seconds + LONGEST_JWT_SECONDS ? "'Expiration time' claim ('exp') is too far in the future" : undefined;
}

/** The App that a JWT speaks for. */
function appOf(world: GitHubWorld, authorization = ''): { id: string; app: HostedApp } | Answer {
  const [head = '', body = '', signature = '', ...more] = authorization.replace(/^Bearer /i, '').split('.');
  const [header, claims] = [decoded(head), decoded(body) as Claims | undefined];
  if (!claims || more.length > 0 || Reflect.get(header ?? {}, 'alg') !== 'RS256') return unauthorized(NOT_DECODED);
  const id = String(claims.iss);
  const app = world.apps?.get(id);
  if (!app) return restError(404, 'Integration not found');
  const text = Buffer.from(`${head}.${body}`);
  const isSigned = app.keys.some((key) => verify('RSA-SHA256', text, key, Buffer.from(signature, 'base64url')));
  if (!isSigned) return unauthorized(NOT_DECODED);
  const problem = timeProblem(claims, world.now());
  return problem === undefined ? { id, app } : unauthorized(problem);
}

function holds({ account, repositories }: Installation, name: string): boolean {
  return repositories ? repositories.has(name) : name.startsWith(`${account}/`);
}

function shown(number: number, app: string, { account, repositories, permissions }: Installation) {
  return {
    id: number,
    app_id: Number(app),
    account: { login: account },
    repository_selection: repositories ? 'selected' : 'all',
    permissions,
  };
}

/** GET /repos/{owner}/{repo}/installation */
function installationOn(world: GitHubWorld, { id, app }: { id: string; app: HostedApp }, name: string): Answer {
  const now = world.moved?.get(name);
  if (now)
    return { ...restError(301, 'Moved Permanently'), headers: { location: `/api/v3/repos/${now}/installation` } };
  const found = [...app.installations].find(([, each]) => world.repositories.has(name) && holds(each, name));
  return found ? { status: 200, body: shown(found[0], id, found[1]) } : restError(404, 'Not Found');
}

interface TokenRequest {
  repositories?: string[];
  permissions?: Permissions;
}

const LEVELS = ['read', 'write'];

function grants(granted: Permissions, asked: Permissions): boolean {
  return Object.entries(asked).every(
    ([name, level]) => LEVELS.indexOf(granted[name] ?? '') >= LEVELS.indexOf(level) && LEVELS.includes(level),
  );
}

/** POST /app/installations/{installation_id}/access_tokens */
function createToken(world: GitHubWorld, app: HostedApp, number: number, request: TokenRequest): Answer {
  const installation = app.installations.get(number);
  if (!installation) return restError(404, 'Not Found');
  if (installation.suspended) return restError(403, 'This installation has been suspended');
  const names = request.repositories?.map((name) => `${installation.account}/${name}`);
  if (names?.some((name) => !world.repositories.has(name) || !holds(installation, name))) {
    return restError(
      422,
      'There is at least one repository that does not exist or is not accessible to the parent installation.',
    );
  }
  const permissions = request.permissions ?? installation.permissions;
  if (!grants(installation.permissions, permissions))
    return restError(422, 'The permissions requested are not granted to this installation.');
  const repositories = new Set(names ?? [...world.repositories.keys()].filter((name) => holds(installation, name)));
  const token = `ghs_${randomBytes(24).toString('base64url')}`;
  const until = world.now() + TOKEN_MILLISECONDS;
  const rights: TokenRights = { login: app.login, write: true, permissions, repositories, until };
  world.tokens.set(token, rights);
  const body = {
    token,
    expires_at: new Date(until).toISOString().replace(/\.\d+Z$/, 'Z'),
    permissions,
    repository_selection: names || installation.repositories ? 'selected' : 'all',
  };
  return { status: 201, body };
}

/** What is asked with a JWT; undefined for all else. `path`: below the API. */
export function answerApp(
  world: GitHubWorld,
  { method, authorization, path }: { method: string; authorization: string | undefined; path: string },
  body: string,
): Answer | undefined {
  const lookedUp = method === 'GET' && /^repos\/([^/]+\/[^/]+)\/installation$/.exec(path)?.[1];
  const number = method === 'POST' && /^app\/installations\/(\d+)\/access_tokens$/.exec(path)?.[1];
  if (!lookedUp && !number) return undefined;
  const who = appOf(world, authorization);
  if ('status' in who) return who;
  if (lookedUp) return installationOn(world, who, lookedUp);
  return createToken(world, who.app, Number(number), (decodedBody(body) ?? {}) as TokenRequest);
}

function decodedBody(body: string): object | undefined {
  return body === '' ? undefined : JSON.parse(body);
}
