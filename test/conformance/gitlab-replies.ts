/** A GitLab that answers what a test says, and keeps what it was asked. */
import { createGitLabHost } from '../../src/git/hosts/gitlab/index.ts';
import { blobId } from '../../src/git/hosts/host-objects.ts';
import { HEAD, jsonOf, ok, type Replies, type Reply, scripted, TOKEN, WRITTEN } from './scripted-replies.ts';

export const LAST = 'd'.repeat(40);
export const access = { url: 'https://git.example.com/rig/sub/app.git', token: TOKEN };
const PROJECT = 'https://git.example.com/api/v4/projects/rig%2Fsub%2Fapp';

export function said(status: number, message: unknown): Reply {
  return { status, body: { message } };
}

export const entry = (name: string, mode: string, id: string) => ({ name, mode, id });
export const branch = (part: object = {}, message = 'x'): Reply =>
  ok({ name: 'main', commit: { id: HEAD, message }, protected: false, can_push: true, ...part });
export const written = (parent = HEAD): Reply => ({
  status: 201,
  body: { id: WRITTEN, parent_ids: [parent], web_url: 'https://git.example.com/c' },
});
export const folder = (path: string, page = 1) =>
  `GET /repository/tree?ref=${HEAD}&path=${encodeURIComponent(path)}&per_page=100&page=${page}`;

function usualReplies(): Replies {
  const replies: Replies = {
    'GET ': ok({ archived: false, permissions: { project_access: { access_level: 30 }, group_access: null } }),
    'GET /repository/branches/main': branch(),
    [folder('')]: ok([entry('app', '040000', 'd1'), entry('sub', '160000', 's1')]),
    [folder('app')]: ok([
      entry('web.yaml', '100644', blobId(Buffer.from('image: v2\n'))),
      entry('run.sh', '100755', 'e1'),
      entry('link', '120000', 'f1'),
    ]),
    'POST /repository/commits': written(),
  };
  for (const name of ['web.yaml', 'run.sh', 'link']) {
    replies[`GET /repository/files/app%2F${name}?ref=${HEAD}`] = ok({ last_commit_id: LAST });
  }
  return replies;
}

export function scriptGitLab() {
  const { send, ...script } = scripted({
    replies: usualReplies(),
    nameOf: (url) => url.replace(PROJECT, ''),
    notFound: said(404, '404 Project Not Found'),
    kept: (request) => ({ body: jsonOf(request), authorization: request.headers.authorization }),
  });
  return { host: createGitLabHost({ send }), ...script };
}
