import { AUTHOR_PATTERN, CLUSTER_PATTERN, type RevertPolicy } from '../../api/index.ts';
import { Stalled, Waiting } from '../../errors.ts';
import type { Credentials } from '../../git/credentials.ts';
import type { Author, GitHost, RepositoryAccess } from '../../git/hosts/host.ts';
import type { Repository } from '../../git/repository.ts';
import { canonicalRepository, checkBranch } from '../../git/url.ts';
import { secrets } from '../../kube/resources.ts';
import type { PersonMerges, Policy } from '../../revert/index.ts';
import { credentialsIn } from '../credentials.ts';
import type { GitRevertOptions } from './options.ts';

/** A policy's repository, with what it takes to read and to write it. Requests are built from the policy's own address. */
export interface PolicyAccess {
  name: string;
  host: GitHost;
  access: RepositoryAccess;
  repository: Repository;
  branch: string;
  /** Nothing is written outside of it; '' for all. */
  path: string;
  /** Whether the host is asked to merge what is proposed. */
  autoMerge: boolean;
  /** Whether those behind the change are asked to review what is proposed. */
  requestReviews: boolean;
  /** When a person merges, whatever else is allowed. */
  personMerges: PersonMerges | undefined;
  /** Which others must have seen it fail too, and what this cluster is called among them. */
  quorum: { clusters: number; cluster: string } | undefined;
  /** Whom commits are by; undefined: Headgate itself. */
  author: Author | undefined;
  /** Whether commits say that their author answers for them. */
  signOff: boolean;
}

export function asPolicy({ metadata, spec }: RevertPolicy): Policy {
  return { name: metadata.name, spec, repository: canonicalRepository(spec.repository.url) };
}

/** The secret's name. It is in the controller's own namespace: a policy must not reach into another. */
function secretName({ name, spec }: Policy, home: string): string | undefined {
  const reference = spec.repository.secretRef as { name: string; namespace?: string } | undefined;
  if (reference === undefined) return undefined;
  const elsewhere = reference.namespace !== undefined && reference.namespace !== home;
  if (elsewhere || !/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(reference.name)) {
    const shown = elsewhere ? `${reference.namespace}/${reference.name}` : reference.name;
    const message = `RevertPolicy ${name}: spec.repository.secretRef names ${JSON.stringify(shown)}. Allowed is the name of a Secret in Headgate's own namespace, ${home}`;
    throw new Stalled('InvalidSecretRef', message);
  }
  return reference.name;
}

function authorIn({ name, spec }: Policy): Author | undefined {
  const { author } = spec.commits ?? {};
  if (author === undefined) return undefined;
  const [, called, email] = new RegExp(AUTHOR_PATTERN).exec(author) ?? [];
  if (called !== undefined && email !== undefined) return { name: called, email };
  const message = `RevertPolicy ${name}: spec.commits.author is ${JSON.stringify(author)}. Write NAME <ADDRESS>, as in Headgate <headgate@example.com>`;
  throw new Stalled('InvalidAuthor', message);
}

function quorumIn({ name, spec: { quorum } }: Policy): PolicyAccess['quorum'] {
  if (quorum === undefined || new RegExp(CLUSTER_PATTERN).test(quorum.cluster)) return quorum;
  const message = `RevertPolicy ${name}: spec.quorum.cluster is ${JSON.stringify(quorum.cluster)}. Write lower-case letters, digits and -, 63 at most`;
  throw new Stalled('InvalidQuorum', message);
}

type AccessOptions = Pick<GitRevertOptions, 'client' | 'namespace' | 'hosts' | 'locate' | 'repositories'>;

async function credentials(policy: Policy, { client, namespace }: AccessOptions): Promise<Credentials> {
  const name = secretName(policy, namespace);
  if (name === undefined) return {};
  const secret = await client.get(secrets, { namespace, name });
  if (!secret) {
    throw new Waiting(
      'SecretMissing',
      `Secret ${name}, which RevertPolicy ${policy.name} names, is not there in namespace ${namespace}`,
      30,
    );
  }
  return credentialsIn(secret);
}

function signedIn({ name, spec }: Policy, host: GitHost, { app, ...access }: RepositoryAccess): RepositoryAccess {
  if (!app) return access;
  if (host.signIn) return host.signIn({ ...access, app });
  const secret = `Secret ${spec.repository.secretRef?.name}`;
  const message = `RevertPolicy ${name}: ${secret} holds a GitHub App (appId, privateKey), which host ${spec.repository.host} does not know. Write host: github, or put a token into the Secret`;
  throw new Waiting('InvalidGitHubApp', message, 30);
}

/** Throws `Stalled` for what a person must put right in the policy, `Waiting` for a secret that is not there yet. */
export async function openPolicy(policy: Policy, options: AccessOptions): Promise<PolicyAccess> {
  const { url, branch, path = '', host: type } = policy.spec.repository;
  const host = options.hosts.get(type);
  if (!host) {
    const known = [...options.hosts.keys()].sort().join(', ');
    throw new Stalled(
      'UnknownHost',
      `RevertPolicy ${policy.name}: spec.repository.host ${JSON.stringify(type)} is not known; known are ${known}`,
    );
  }
  const given = await credentials(policy, options);
  const location = await options.locate(url);
  if (location.kind === 'ssh' && type !== 'git') {
    const message = `RevertPolicy ${policy.name}: spec.repository.url is reached over ssh, and host ${type} by its API, as the address https://HOST/PATH says. Write that, or host: git`;
    throw new Stalled('InvalidRepository', message);
  }
  const access = signedIn(policy, host, { url, ...given });
  const repository = options.repositories.open(location, checkBranch(branch), access);
  const { autoMerge = false, requestReviews = false } = policy.spec.pullRequests ?? {};
  const { personMerges, commits } = policy.spec;
  const quorum = quorumIn(policy);
  const how = {
    autoMerge,
    requestReviews,
    personMerges,
    quorum,
    author: authorIn(policy),
    signOff: commits?.signOff === true,
  };
  return { name: policy.name, host, access, repository, branch, path, ...how };
}

/**
 * Asks which branch is the default of a repository for an object of a namespace: where a policy for that namespace names the
 * repository, by that policy's credentials, and else nobody.
 */
export function defaultBranchBy(options: AccessOptions & Pick<GitRevertOptions, 'policies'>) {
  return async (url: string, namespace: string): Promise<string | undefined> => {
    const policy = options.policies
      .list()
      .map(asPolicy)
      .find(({ repository, spec }) => repository === canonicalRepository(url) && spec.namespaces.includes(namespace));
    if (!policy) return undefined;
    const { repository } = await openPolicy(policy, options);
    // Asking needs a clone.
    await repository.fetch();
    return repository.defaultBranch();
  };
}
