import { azureDevOps } from './azure-devops.ts';
import { bitbucket } from './bitbucket.ts';
import { bitbucketDataCenter } from './bitbucket-datacenter.ts';
import { generic } from './generic.ts';
import { gitea } from './gitea.ts';
import { github } from './github.ts';
import { gitlab } from './gitlab.ts';
import type { Hook } from './hook.ts';

/** By the name in the address, which is also the key in the Secret. */
export const hooks: ReadonlyMap<string, Hook> = new Map([
  ['github', github],
  ['gitlab', gitlab],
  ['gitea', gitea],
  ['forgejo', gitea],
  ['bitbucket', bitbucket],
  ['bitbucket-datacenter', bitbucketDataCenter],
  ['azure-devops', azureDevOps],
  ['generic', generic],
]);
