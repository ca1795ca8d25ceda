/** The rules of RevertPolicy and GitSource that go beyond the types of their fields. */
import { DURATION_HELP, durationSeconds } from './durations.ts';
import type { Fields } from './fields.ts';
import type { GitSource } from './git-source.ts';
import { duplicates, type Problem, problem, show } from './problems.ts';
import { knowsPullRequests, type RevertPolicy } from './revert-policy.ts';
import { waitingProblems } from './validate-source.ts';
import { negatives } from './validate-values.ts';

const URL_HELP =
  'use https://HOST/PATH, http://HOST/PATH, ssh://USER@HOST/PATH, USER@HOST:PATH, file:///PATH or an absolute path of a local repository';
const WEB_OR_LOCAL = /^(https?:\/\/[^/\s-][^\s]*|file:\/\/\/[^\s]+|\/[^\s]*)$/;
const OVER_SSH =
  /^(ssh:\/\/([\w][\w.+-]*@)?([\w][\w.-]*|\[[0-9a-fA-F:.]+\])(:\d+)?\/[^\s]+|[\w][\w.+-]*@[\w][\w.-]*:[^\s-][^\s]*)$/;

/** Addresses that a git program could take for an option or a command are refused, and so is everything not known. */
export function repositoryUrlProblems(path: string, url: string): Problem[] {
  if (/^(?!ssh:)\w+:\/\/[^/]*@|^ssh:\/\/[^/@]*:[^/]*@/.test(url)) {
    return [
      problem(
        path,
        'the address holds credentials, which everybody could read: put them in a Secret and name it in secretRef',
      ),
    ];
  }
  if ((WEB_OR_LOCAL.test(url) && !url.includes('::')) || OVER_SSH.test(url)) return [];
  return [problem(path, `${show(url)} is no repository address that Headgate uses: ${URL_HELP}`)];
}

/** A branch name as Git has it. */
export function branchProblems(path: string, branch: string): Problem[] {
  const wrong = /^$|^[-/.]|[/.]$|\.\.|\/\/|@\{|\.lock$|[\s~^:?*[\\]/.test(branch) || branch.startsWith('refs/');
  if (!wrong) return [];
  return [problem(path, `${show(branch)} is no branch name: use the short name, as in main or release/1.2`)];
}

/** A folder from the root of a repository: whole segments, none of which leaves it. */
export function folderProblems(path: string, folder: string): Problem[] {
  if (folder === '') return [];
  if (folder.startsWith('/'))
    return [
      problem(
        path,
        `${show(folder)} is absolute: give the folder from the root of the repository, without a slash before it`,
      ),
    ];
  const segments = folder.replace(/\/$/, '').split('/');
  if (segments.includes('..'))
    return [problem(path, `${show(folder)} leaves the repository: ".." may not be part of it`)];
  const odd =
    segments.some((segment) => segment === '' || segment === '.' || segment.startsWith('-')) || /[\0\\]/.test(folder);
  return odd
    ? [problem(path, `${show(folder)} is no folder: give names with single slashes between them, as in apps/shop`)]
    : [];
}

function secretProblems(path: string, secretRef: { name: string } | undefined, where: string): Problem[] {
  if (secretRef === undefined) return [];
  const { namespace } = secretRef as Fields;
  const problems =
    secretRef.name === '' ? [problem(`${path}.name`, 'name is required: name the Secret, or remove secretRef')] : [];
  if (namespace !== undefined) {
    const message = `${show(namespace)}: a namespace must not be set, as the Secret is always in ${where}; remove namespace and put the Secret there`;
    problems.push(problem(`${path}.namespace`, message));
  }
  return problems;
}

function namespaceProblems(namespaces: string[]): Problem[] {
  if (namespaces.length === 0) {
    return [
      problem(
        'spec.namespaces',
        'namespaces is required: name at least one namespace; the policy speaks of no Rollout otherwise',
      ),
    ];
  }
  const wrong = namespaces.flatMap((name, index) =>
    /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)
      ? []
      : [
          problem(
            `spec.namespaces[${index}]`,
            `${show(name)} is no namespace: list names one by one; patterns such as * are not known`,
          ),
        ],
  );
  return [...wrong, ...duplicates(namespaces, (index) => `spec.namespaces[${index}]`, 'namespace')];
}

function hostProblems({ repository }: RevertPolicy['spec']): Problem[] {
  if (repository.host !== 'git' && OVER_SSH.test(repository.url)) {
    const message = `${show(repository.url)} is reached over ssh, and host ${repository.host} by its API: use https://HOST/PATH, or host git`;
    return [problem('spec.repository.url', message)];
  }
  if (repository.host !== 'github' || /^https?:\/\/[^/]+\/[^/]+\/[^/]+\/?$/.test(repository.url)) return [];
  return [
    problem(
      'spec.repository.url',
      `${show(repository.url)} does not name one GitHub repository: use https://HOST/OWNER/NAME`,
    ),
  ];
}

/** Hosts that know people by names that others can spell. */
const KNOWS_NAMES: ReadonlySet<string> = new Set(['github', 'gitea', 'gitlab', 'bitbucket-data-center']);

function reviewProblems({ repository: { host }, pullRequests }: RevertPolicy['spec']): Problem[] {
  if (pullRequests?.requestReviews !== true || !knowsPullRequests(host) || KNOWS_NAMES.has(host)) return [];
  const can = [...KNOWS_NAMES].join(', ');
  const message = `host ${host} knows people by ids, so nobody is asked there; ${can} ask by name: remove requestReviews`;
  return [problem('spec.pullRequests.requestReviews', message)];
}

/** What proposes nothing has to be told what to do instead; a policy without a mode asks for proposals. */
function modeProblems({ mode, repository, pullRequests }: RevertPolicy['spec']): Problem[] {
  if (knowsPullRequests(repository.host)) return [];
  const cannot = `host ${repository.host} knows no pull requests`;
  const instead = 'choose Direct, DryRun or Off, or the host by whose API they are opened';
  const asked = mode === undefined ? 'a policy without a mode asks for pull requests' : `${show(mode)} asks for them`;
  const problems =
    mode === undefined || mode === 'PullRequest' ? [problem('spec.mode', `${asked}, and ${cannot}: ${instead}`)] : [];
  if (pullRequests !== undefined) problems.push(problem('spec.pullRequests', `${cannot}: remove pullRequests`));
  return problems;
}

const GRAPH_HELP =
  'use https://HOST/PATH with {query} once where the query belongs, as in https://HOST/graph?g0.expr={query}';

/** The host is the policy's alone: what is measured gets no say in where a link leads to. */
function graphProblems(graphUrl: string | undefined): Problem[] {
  if (
    graphUrl === undefined ||
    /^https:\/\/[\w.-]+(?::\d+)?\/[\w\-.~/?#%&=+,;:]*\{query\}[\w\-.~/?#%&=+,;:]*$/.test(graphUrl)
  ) {
    return [];
  }
  return [problem('spec.telling.graphUrl', `${show(graphUrl)} makes no links to queries: ${GRAPH_HELP}`)];
}

function tellingProblems({ telling, repository }: RevertPolicy['spec']): Problem[] {
  if (telling === undefined) return [];
  if (!knowsPullRequests(repository.host)) {
    const message = `host ${repository.host} knows no pull requests to tell anything on: remove telling`;
    return [problem('spec.telling', message)];
  }
  return graphProblems(telling.graphUrl);
}

function freezeProblems({ freeze = [] }: RevertPolicy['spec']): Problem[] {
  return freeze.flatMap(({ from, to }, index) =>
    Date.parse(from) < Date.parse(to)
      ? []
      : [
          problem(
            `spec.freeze[${index}].to`,
            `${show(to)} is not after from, which is ${show(from)}: exchange them or correct one`,
          ),
        ],
  );
}

export function revertPolicyProblems({ spec }: RevertPolicy): Problem[] {
  const { url, branch, path = '', secretRef } = spec.repository;
  const address = repositoryUrlProblems('spec.repository.url', url);
  return [
    ...namespaceProblems(spec.namespaces),
    ...(address.length > 0 ? address : hostProblems(spec)),
    ...branchProblems('spec.repository.branch', branch),
    ...folderProblems('spec.repository.path', path),
    ...secretProblems('spec.repository.secretRef', secretRef, "the controller's own namespace"),
    ...negatives('spec.budget', spec.budget ?? {}, ['directPerDay', 'pullRequestsPerDay']),
    ...freezeProblems(spec),
    ...modeProblems(spec),
    ...reviewProblems(spec),
    ...tellingProblems(spec),
  ];
}

function intervalProblems(interval: string): Problem[] {
  const seconds = durationSeconds(interval);
  if (seconds === undefined) return [problem('spec.interval', `${show(interval)} is no duration: ${DURATION_HELP}`)];
  return seconds > 0
    ? []
    : [problem('spec.interval', `${show(interval)} is not positive: choose how long to wait between two looks`)];
}

export function gitSourceProblems(source: GitSource): Problem[] {
  const { spec } = source;
  const { url, branch, secretRef } = spec.repository;
  const { serviceAccountName } = spec;
  const account = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(serviceAccountName)
    ? []
    : [
        problem(
          'spec.serviceAccountName',
          `${show(serviceAccountName)} is no ServiceAccount: name one of the same namespace; Headgate never applies with its own rights`,
        ),
      ];
  return [
    ...repositoryUrlProblems('spec.repository.url', url),
    ...branchProblems('spec.repository.branch', branch),
    ...secretProblems('spec.repository.secretRef', secretRef, "the GitSource's own namespace"),
    ...secretProblems('spec.decryption.secretRef', spec.decryption?.secretRef, "the GitSource's own namespace"),
    ...folderProblems('spec.path', spec.path ?? ''),
    ...intervalProblems(spec.interval ?? '1m'),
    ...account,
    ...waitingProblems(source),
  ];
}
