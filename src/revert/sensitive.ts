import type { RevertCaution } from '../api/index.ts';
import { harmless } from './message.ts';

/** An object that a commit adds, changes or removes. */
export interface TouchedObject {
  file: string;
  group: string;
  kind: string;
  name: string;
}

const MOST_NAMED = 5;

/** What runs with more rights than an app, or cannot be undone by putting a file back. */
const PATHS: readonly RegExp[] = [
  /(^|\/)\.(github|gitlab|gitea|forgejo|tekton|circleci|buildkite|woodpecker|semaphore|teamcity|azure-pipelines)\//,
  /(^|\/)\.(gitlab-ci|travis|drone|woodpecker|appveyor|cirrus)[^/]*\.ya?ml$/,
  /(^|\/)(azure-pipelines|bitbucket-pipelines|buildspec|cloudbuild|appveyor)[^/]*\.ya?ml$/,
  /(^|\/)Jenkinsfile([.-](?!md$)[^/]+)?$/,
  /(^|\/)migrations?\//i,
  /\.sql$/i,
  /(^|\/)flyway[^/]*\.(conf|toml|properties)$/i,
  /(^|\/)liquibase[^/]*\.(properties|ya?ml|xml|json|groovy)$/i,
  /(^|\/)(db\.)?changelog[^/]*\.(ya?ml|xml|json)$/i,
  /(^|\/)security\//i,
];

/** What is kept in Git beside the manifests to be made a Secret of, or to log in with. */
const SECRETS: readonly RegExp[] = [
  /(^|\/)\.env(\.[^/]+)?$/i,
  /\.(pem|key|p12|pfx|jks|keystore|kdbx|htpasswd)$/i,
  /(^|\/)(\.?htpasswd|\.netrc|\.npmrc|\.pgpass|\.dockerconfigjson|id_(rsa|dsa|ecdsa|ed25519))$/i,
  /(^|\/)[^/]*(secret|credential|passw)[^/]*(\/|$)/i,
];

/** What others are kept from, whoever says so: rights, admission, and who may talk to whom. */
const GROUPS: ReadonlySet<string> = new Set([
  'rbac.authorization.k8s.io',
  'admissionregistration.k8s.io',
  'policy.networking.k8s.io',
  'security.istio.io',
  'cilium.io',
  'projectcalico.org',
  'crd.projectcalico.org',
  'kyverno.io',
  'policies.kyverno.io',
  'templates.gatekeeper.sh',
  'constraints.gatekeeper.sh',
]);
/** By name alone: a file that is not YAML until it is rendered may not say more. */
const KINDS: ReadonlySet<string> = new Set([
  'Secret',
  'SealedSecret',
  'ExternalSecret',
  'ClusterExternalSecret',
  'CustomResourceDefinition',
  'Role',
  'RoleBinding',
  'ClusterRole',
  'ClusterRoleBinding',
  'NetworkPolicy',
]);

/** In a commit's own words: the number of a weakness anywhere, or the word in the first line. */
const SECURITY_FIX = [/\bCVE-\d{4}-\d{4,19}\b/i, /\bGHSA(?:-[0-9a-z]{4}){3}\b/i, /^[^\n]*\bsecurity\b/i];

/** Whether a file is by its name one that holds secrets. */
export function isSecretPath(path: string): boolean {
  return SECRETS.some((pattern) => pattern.test(path));
}

export function isSensitivePath(path: string): boolean {
  return isSecretPath(path) || PATHS.some((pattern) => pattern.test(path));
}

export function isSensitiveObject({ group, kind }: Pick<TouchedObject, 'group' | 'kind'>): boolean {
  return GROUPS.has(group) || KINDS.has(kind);
}

/**
 * Whether a text can hold a sensitive object at all, so that all others need not be parsed. YAML can spell a word in ways
 * that only a parser reads: by escapes, and over two lines.
 */
export function maySpellSensitive(text: string): boolean {
  return /\\[ux\r\n]/i.test(text) || [...GROUPS, ...KINDS].some((word) => text.includes(word));
}

/** The kinds that a text seems to name, which is not YAML until it is rendered. One line at a time: no text makes it last. */
export function kindsNamed(text: string): string[] {
  return [...text.matchAll(/^[ \t-]*kind:[ \t]*["']?(\w+)["']?[ \t\r]*(?:#.*)?$/gm)].map(([, kind = '']) => kind);
}

/** For people: `Secret token in apps/web/all.yaml`. */
export function objectName({ file, kind, name }: TouchedObject): string {
  return `${kind} ${name || '?'} in ${file}`;
}

/** `touched`: what a culprit touches besides plain workloads, each in a few words; undefined where there is nothing. */
export function sensitive(culprit: string, touched: readonly string[]): RevertCaution | undefined {
  if (touched.length === 0) return undefined;
  const named = touched.slice(0, MOST_NAMED).map((each) => harmless(each, 160));
  const more = touched.length > MOST_NAMED ? ` and ${touched.length - MOST_NAMED} more` : '';
  const message = `commit ${culprit.slice(0, 7)} also touches ${named.join(', ')}${more}: taking out a part of it may not undo what that did. Look at it, then merge by hand or take out the rest too`;
  return { reason: 'Sensitive', most: 'PullRequest', personMerges: true, message };
}

/** Where a commit says that it closes a hole: whoever makes its analysis fail would have it opened again. */
export function securityFix(culprit: string, message: string): RevertCaution | undefined {
  if (!SECURITY_FIX.some((pattern) => pattern.test(message))) return undefined;
  const subject = harmless(message.split('\n', 1)[0] ?? '', 120);
  const text = `commit ${culprit.slice(0, 7)} says that it is about security (${subject}): taking it out may open again what it closed. Look at it, then merge by hand or fix it forward`;
  return { reason: 'Sensitive', most: 'PullRequest', personMerges: true, message: text };
}
