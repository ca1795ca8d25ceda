import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Reply {
  status: number;
  /** Sent as it is where it is text, else as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
  /** The connection ends without an answer. */
  cut?: boolean;
}

/** A server that answers what a real one was seen to answer. */
export interface RecordedAnswers {
  url: string;
  /** By method and path. Of several, the last one is given from then on; what has none is not found. */
  replies: Record<string, Reply | Reply[]>;
  /** What has been asked, in this order. */
  asked: { call: string; body: string; authorization: string | undefined }[];
  close(): void;
}

/** A body as Gitea gives it with all but its successes. */
export const message = (text: string) => ({ message: text, url: 'http://git.example.com/api/swagger' });

const NOT_FOUND: Reply = { status: 404, body: { errors: null, ...message('not found') } };

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

export async function startRecordedAnswers(): Promise<RecordedAnswers> {
  const replies: RecordedAnswers['replies'] = {};
  const asked: RecordedAnswers['asked'] = [];
  const next = (call: string): Reply => {
    const reply = replies[call] ?? NOT_FOUND;
    if (!Array.isArray(reply)) return reply;
    return (reply.length > 1 ? reply.shift() : reply[0]) ?? NOT_FOUND;
  };
  const server = createServer(async (request, response) => {
    const call = `${request.method} ${request.url}`;
    asked.push({ call, body: await bodyOf(request), authorization: request.headers.authorization });
    const { status, body, headers, cut } = next(call);
    if (cut) response.destroy();
    else response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body ?? ''));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    replies,
    asked,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
