import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { startChild } from '../../programs/starter.ts';
import { LIMITS } from './repository.ts';

export interface SmartRequest {
  /** The bare repository's folder. */
  folder: string;
  /** Where the git program is found, as in PATH. */
  searchPath: string;
  /** What follows the repository's name, with a leading slash: `/info/refs`, `/git-upload-pack`, ... */
  service: string;
  query: string;
  /** Who pushes; undefined: nobody, so that only reading is allowed. */
  user: string | undefined;
  /** The request is carried out, but the connection is cut before any of the answer. */
  cut?: boolean;
}

const HEADER_END = Buffer.from('\r\n\r\n');

/** A CGI answer: `Status: 404 Not Found` and ordinary headers, and what follows them. */
function answerWith(response: ServerResponse, answer: Buffer) {
  const end = answer.indexOf(HEADER_END);
  response.statusCode = 200;
  for (const line of answer.toString('latin1', 0, end).split('\r\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'status') response.statusCode = Number(value.split(' ')[0]);
    else response.setHeader(name, value);
  }
  response.end(answer.subarray(end + HEADER_END.length));
}

function cgiEnvironment(request: IncomingMessage, { folder, searchPath, service, query, user }: SmartRequest) {
  return {
    PATH: searchPath,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_PROJECT_ROOT: folder,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: service,
    QUERY_STRING: query,
    REQUEST_METHOD: request.method ?? 'GET',
    CONTENT_TYPE: request.headers['content-type'] ?? '',
    HTTP_CONTENT_ENCODING: String(request.headers['content-encoding'] ?? ''),
    GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    REMOTE_ADDR: '127.0.0.1',
    ...(user ? { REMOTE_USER: user } : {}),
  };
}

/** Serves git's own protocol over HTTP by git's own program for it. */
export async function serveGit(request: IncomingMessage, response: ServerResponse, smart: SmartRequest) {
  const gone = new AbortController();
  response.on('close', () => gone.abort('nobody waits for it any more'));
  const env = cgiEnvironment(request, smart);
  const input = await buffer(request);
  const call = { args: ['http-backend'], env, cwd: '/', input, ...LIMITS, signal: gone.signal };
  const { code, stdout } = await startChild('git', call);
  if (smart.cut || code !== 0 || stdout.indexOf(HEADER_END) < 0) response.destroy();
  else answerWith(response, stdout);
}
