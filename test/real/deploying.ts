/** A team that deploys by a GitSource, and what its service account may do. */
import { join } from 'node:path';
import type { GitSource } from '../../src/api/index.ts';
import { gitSources } from '../../src/kube/resources.ts';
import { type BareRepository, openRepository } from '../../src/sandbox/git/index.ts';
import type { TestWorld } from '../worlds/world.ts';

const AUTHOR = 'Ann <ann@example.com>';
const EVERYTHING = "apiGroups: ['*'], resources: ['*'], verbs: ['*']";

/** A role for an account of the story's namespace; the rule in YAML's flow style, without its braces. */
export function grantYaml(
  namespace: string,
  { role = 'deployer', account = 'deployer', rule = EVERYTHING } = {},
): string {
  return `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: ${role} }
rules: [{ ${rule} }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: ${role} }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: ${role} }
subjects: [{ kind: ServiceAccount, name: ${account}, namespace: ${namespace} }]
`;
}

export function accountYaml(name = 'deployer'): string {
  return `
apiVersion: v1
kind: ServiceAccount
metadata: { name: ${name} }
`;
}

export function sourceYaml({ path }: BareRepository, account = 'deployer'): string {
  return `
apiVersion: headgate.dev/v1alpha1
kind: GitSource
metadata: { name: deploy }
spec:
  repository: { url: '${path}', branch: main }
  path: apps/shop
  interval: 2s
  serviceAccountName: ${account}
`;
}

export interface TeamRepository extends BareRepository {
  /** Commits files of apps/shop; answers the commit's id. */
  release(files: Record<string, string>, message?: string): Promise<string>;
}

export async function teamRepository(world: TestWorld): Promise<TeamRepository> {
  const bare = await openRepository(join(world.folder, 'repo.git'), process.env.PATH);
  return {
    ...bare,
    release(files, message = 'Release') {
      const placed = Object.fromEntries(Object.entries(files).map(([name, text]) => [`apps/shop/${name}`, text]));
      return bare.commit({ author: AUTHOR, message, time: world.now(), files: placed });
    },
  };
}

export async function sourceStatus(world: TestWorld): Promise<NonNullable<GitSource['status']>> {
  return (await world.get(gitSources, 'deploy')).status ?? {};
}

/** Lets time pass until the GitSource says this of itself. */
export async function untilSource(world: TestWorld, reason: string): Promise<NonNullable<GitSource['status']>> {
  const says = async () => (await sourceStatus(world)).conditions?.[0]?.reason === reason;
  await world.untilTrue(says, 30);
  return sourceStatus(world);
}
