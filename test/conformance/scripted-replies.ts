/** A host's API that answers what a test says, and keeps what it was asked. */
import type { FileChange } from '../../src/git/hosts/host.ts';
import type { HttpRequest, HttpResponse, SendRequest } from '../../src/git/hosts/http.ts';

export interface Reply {
  status: number;
  /** Sent as it is where it is text, else as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
}

/** By method and address; a list is used up. What is not named is not found. */
export type Replies = Record<string, Reply | Reply[]>;

export const HEAD = 'a'.repeat(40);
export const OTHER = 'b'.repeat(40);
export const WRITTEN = 'c'.repeat(40);
export const TOKEN = 'token-of-the-bot';

export const ok = (body: unknown): Reply => ({ status: 200, body });

export const file = (path: string, content: string | Buffer | undefined, mode = '100644'): FileChange => ({
  path,
  content: content === undefined ? undefined : Buffer.from(content),
  mode,
});

export interface Script<Asked extends object> {
  replies: Replies;
  /** The address of a request as the replies name it. */
  nameOf(url: string): string;
  notFound: Reply;
  /** What is kept of a request, besides what was called. */
  kept(request: HttpRequest): Asked | Promise<Asked>;
}

export function scripted<Asked extends object>({ replies, nameOf, notFound, kept }: Script<Asked>) {
  const asked: (Asked & { call: string })[] = [];
  const send: SendRequest = async (request): Promise<HttpResponse> => {
    const call = `${request.method} ${nameOf(request.url)}`;
    asked.push({ call, ...(await kept(request)) });
    const found = replies[call];
    const { status, body, headers = {} } = (Array.isArray(found) ? found.shift() : found) ?? notFound;
    return { status, headers, body: typeof body === 'string' ? body : JSON.stringify(body ?? '') };
  };
  const writes = () => asked.filter(({ call }) => !call.startsWith('GET'));
  return { send, replies, asked, writes };
}

/** What was sent as JSON. */
export function jsonOf({ body }: HttpRequest): Record<string, unknown> {
  return body ? JSON.parse(Buffer.from(body).toString()) : {};
}
