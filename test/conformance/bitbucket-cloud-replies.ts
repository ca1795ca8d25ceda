/** A Bitbucket Cloud that answers what a test says, and keeps what it was asked. */
import { createBitbucketCloudHost } from '../../src/git/hosts/bitbucket-cloud/index.ts';
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
export const TOKEN = 'token-of-the-bot';
export const PAGES = 'https://bitbucket.org/rig/app';
export const API = 'https://api.bitbucket.org/2.0/repositories/rig/app';
export const access = { url: `${PAGES}.git`, token: TOKEN };

export const ok = (body: unknown): Reply => ({ status: 200, body });
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
export const file = (path: string, content: string | Buffer | undefined, mode = '100644'): FileChange => ({
  path,
  content: content === undefined ? undefined : Buffer.from(content),
  mode,
});
const FIELDS = 'fields=next,values.path,values.type,values.attributes,values.size';
export const folder = (path: string) => `GET /src/${HEAD}/${path}?pagelen=100&${FIELDS}`;

/** By method and address below the repository's; a list is used up. What is not named is not found. */
export type Replies = Record<string, Reply | Reply[]>;

export interface Asked {
  call: string;
  /** Of JSON. */
  body: Record<string, unknown>;
  form: FormData | undefined;
  authorization: string | undefined;
}

async function sentAs(body: string | Uint8Array | undefined, type = ''): Promise<Pick<Asked, 'body' | 'form'>> {
  if (!type.startsWith('multipart/'))
    return { body: body ? JSON.parse(Buffer.from(body).toString()) : {}, form: undefined };
  const form = await new Response(Buffer.from(body ?? ''), { headers: { 'content-type': type } }).formData();
  return { body: {}, form };
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
  const asked: Asked[] = [];
  const send: SendRequest = async ({ method, url, headers, body }): Promise<HttpResponse> => {
    const call = `${method} ${url.replace(API, '')}`;
    asked.push({ call, authorization: headers.authorization, ...(await sentAs(body, headers['content-type'])) });
    const found = replies[call];
    const reply = (Array.isArray(found) ? found.shift() : found) ?? said(404, 'Resource not found');
    const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body ?? '');
    return { status: reply.status, headers: reply.headers ?? {}, body: text };
  };
  const writes = () => asked.filter(({ call }) => !call.startsWith('GET'));
  return { host: createBitbucketCloudHost({ send }), replies, asked, writes };
}
