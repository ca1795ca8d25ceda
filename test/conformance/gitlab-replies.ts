/** A GitLab that answers what a test says, and keeps what it was asked. */
import { createHash } from 'node:crypto';
import { createGitLabHost } from '../../src/git/hosts/gitlab/index.ts';
import type { FileChange } from '../../src/git/hosts/host.ts';
import type { HttpResponse, SendRequest } from '../../src/git/hosts/http.ts';

export interface Reply {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

export const HEAD = 'a'.repeat(40);
export const OTHER = 'b'.repeat(40);
export const WRITTEN = 'c'.repeat(40);
export const LAST = 'd'.repeat(40);
export const TOKEN = 'token-of-the-bot';
export const access = { url: 'https://git.example.com/rig/sub/app.git', token: TOKEN };
const PROJECT = 'https://git.example.com/api/v4/projects/rig%2Fsub%2Fapp';

export function said(status: number, message: unknown): Reply {
  return { status, body: { message } };
}

export const ok = (body: unknown): Reply => ({ status: 200, body });
export const entry = (name: string, mode: string, id: string) => ({ name, mode, id });
export const branch = (part: object = {}, message = 'x'): Reply =>
  ok({ name: 'main', commit: { id: HEAD, message }, protected: false, can_push: true, ...part });
export const written = (parent = HEAD): Reply => ({
  status: 201,
  body: { id: WRITTEN, parent_ids: [parent], web_url: 'https://git.example.com/c' },
});
export const file = (path: string, text: string | undefined, mode = '100644'): FileChange => ({
  path,
  content: text === undefined ? undefined : Buffer.from(text),
  mode,
});
export const folder = (path: string, page = 1) =>
  `GET /repository/tree?ref=${HEAD}&path=${encodeURIComponent(path)}&per_page=100&page=${page}`;

const blobId = (text: string) => createHash('sha1').update(`blob ${text.length}\0${text}`).digest('hex');

/** By method and address below the project's; a list is used up. What is not named is not found. */
export type Replies = Record<string, Reply | Reply[]>;

function usualReplies(): Replies {
  const replies: Replies = {
    'GET ': ok({ archived: false, permissions: { project_access: { access_level: 30 }, group_access: null } }),
    'GET /repository/branches/main': branch(),
    [folder('')]: ok([entry('app', '040000', 'd1'), entry('sub', '160000', 's1')]),
    [folder('app')]: ok([
      entry('web.yaml', '100644', blobId('image: v2\n')),
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
  const replies = usualReplies();
  const asked: { call: string; body: Record<string, unknown>; authorization: string | undefined }[] = [];
  const send: SendRequest = async ({ method, url, headers, body }): Promise<HttpResponse> => {
    const call = `${method} ${url.replace(PROJECT, '')}`;
    asked.push({ call, body: body ? JSON.parse(String(body)) : {}, authorization: headers.authorization });
    const found = replies[call];
    const reply = (Array.isArray(found) ? found.shift() : found) ?? said(404, '404 Project Not Found');
    const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body ?? '');
    return { status: reply.status, headers: reply.headers ?? {}, body: text };
  };
  const writes = () => asked.filter(({ call }) => !call.startsWith('GET'));
  return { host: createGitLabHost({ send }), replies, asked, writes };
}
