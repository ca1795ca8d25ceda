/** An Azure DevOps that answers what a test says, and keeps what it was asked. */
import { createAzureHost } from '../../src/git/hosts/azure-devops/index.ts';
import { blobId } from '../../src/git/hosts/host-objects.ts';
import { HEAD, jsonOf, OTHER, ok, type Replies, type Reply, scripted, TOKEN, WRITTEN } from './scripted-replies.ts';

export const FROM = 'headgate/revert/c0ffee';
export const access = { url: 'https://dev.azure.com/rig/sea/_git/app', token: TOKEN };
const REPOSITORY = 'https://dev.azure.com/rig/sea/_apis/git/repositories/app';

/** A refusal, by the name of its exception. */
export function said(status: number, typeKey: string, message = `${typeKey} it is`): Reply {
  return { status, body: { $id: '1', message, typeKey, errorCode: 0 } };
}

export const values = (...value: unknown[]): Reply => ok({ value, count: value.length });
export const entry = (relativePath: string, mode: string, objectId: string) => ({ relativePath, mode, objectId });
export const refs = (name: string) => `GET /refs?filter=${encodeURIComponent(`heads/${name}`)}`;
export const ref = (name: string, objectId: string) => ({ name: `refs/heads/${name}`, objectId });

export const shown = (part: object = {}) => ({
  repository: { id: 'r1', project: { id: 'p1' } },
  pullRequestId: 7,
  status: 'active',
  mergeStatus: 'succeeded',
  createdBy: { id: 'bot' },
  lastMergeCommit: { commitId: OTHER },
  ...part,
});

/** By addresses below the repository's where they begin with a slash. */
function usualReplies(): Replies {
  const permission = 'GET https://dev.azure.com/rig/_apis/permissions/2e9eb7ed-3c0a-47d4-87c1-0ffdd275fd87';
  const branch = 'repoV2%2Fp1%2Fr1%2Frefs%2Fheads%2F6d00610069006e00';
  return {
    'GET ': ok({ id: 'r1', project: { id: 'p1' }, isDisabled: false }),
    [refs('main')]: values(ref('main', HEAD)),
    [refs(FROM)]: values(ref(FROM, HEAD)),
    [`GET /commits/${HEAD}`]: ok({ treeId: 'd0', comment: 'Revert\n\nRevert-Key: k\n' }),
    'GET /trees/d0': ok({ treeEntries: [entry('app', '40000', 'd1'), entry('sub', '160000', 's1')] }),
    'GET /trees/d1': ok({
      treeEntries: [
        entry('web.yaml', '100644', blobId(Buffer.from('image: v2\n'))),
        entry('run.sh', '100755', 'e1'),
        entry('link', '120000', 'f1'),
      ],
    }),
    'POST /pushes': { status: 201, body: { commits: [{ commitId: WRITTEN }] } },
    [`${permission}/4?tokens=${branch}`]: values(true),
    [`${permission}/128?tokens=${branch}`]: values(false),
    ...Object.fromEntries([4, 16, 16384].map((bit) => [`${permission}/${bit}?tokens=repoV2%2Fp1%2Fr1`, values(true)])),
  };
}

export function scriptAzure() {
  const { send, ...script } = scripted({
    replies: usualReplies(),
    nameOf: (url) => url.replace(/[?&]api-version=7\.1(?:-preview\.1)?$/, '').replace(REPOSITORY, ''),
    notFound: said(404, 'GitRepositoryNotFoundException'),
    kept: (request) => ({ url: request.url, body: jsonOf(request), headers: request.headers }),
  });
  return { host: createAzureHost({ send }), ...script };
}
