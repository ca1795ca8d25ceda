/** A Bitbucket Cloud that answers what a test says, and keeps what it was asked. */
import { createBitbucketCloudHost } from '../../src/git/hosts/bitbucket-cloud/index.ts';
import type { HttpRequest } from '../../src/git/hosts/http.ts';
import { HEAD, jsonOf, OTHER, ok, type Replies, type Reply, scripted, TOKEN, WRITTEN } from './scripted-replies.ts';

export const PAGES = 'https://bitbucket.org/rig/app';
export const API = 'https://api.bitbucket.org/2.0/repositories/rig/app';
export const access = { url: `${PAGES}.git`, token: TOKEN };

export const said = (status: number, message: string, detail?: object): Reply => ({
  status,
  body: { type: 'error', error: { message, ...(detail && { detail }) } },
});
export const branch = (target: object = {}, more: object = {}): Reply =>
  ok({
    type: 'branch',
    name: 'main',
    target: { hash: HEAD, message: 'x', parents: [{ hash: OTHER }], ...target },
    ...more,
  });
export const written: Reply = { status: 201, body: '', headers: { location: `${API}/commit/${WRITTEN}` } };
export const entry = (path: string, size: number, attributes: string[] = []) => ({
  type: 'commit_file',
  path,
  size,
  attributes,
});
const FIELDS = 'fields=next,values.path,values.type,values.attributes,values.size';
export const folder = (path: string) => `GET /src/${HEAD}/${path}?pagelen=100&${FIELDS}`;

/** What was sent, as JSON or as a form. */
async function kept(request: HttpRequest) {
  const { authorization, 'content-type': type = '' } = request.headers;
  if (!type.startsWith('multipart/')) return { body: jsonOf(request), form: undefined, authorization };
  const sent = new Response(Buffer.from(request.body ?? ''), { headers: { 'content-type': type } });
  return { body: {} as Record<string, unknown>, form: await sent.formData(), authorization };
}

export function scriptBitbucket() {
  const replies: Replies = {
    'GET /refs/branches/main': branch(),
    [folder('')]: ok({ values: [{ type: 'commit_directory', path: 'app' }, entry('sub', 40, ['subrepository'])] }),
    [folder('app/')]: ok({
      values: [
        entry('app/web.yaml', 10),
        entry('app/run.sh', 10, ['executable']),
        entry('app/link', 8, ['link', 'binary']),
      ],
    }),
    'POST /src': written,
  };
  const { send, ...script } = scripted({
    replies,
    nameOf: (url) => url.replace(API, ''),
    notFound: said(404, 'Resource not found'),
    kept,
  });
  return { host: createBitbucketCloudHost({ send }), ...script };
}
