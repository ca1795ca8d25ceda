import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';

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

/** The head of a CGI answer: `Status: 404 Not Found` and ordinary headers. */
function writeHead(response: ServerResponse, head: string) {
  let status = 200;
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'status') status = Number(value.split(' ')[0]);
    else response.setHeader(name, value);
  }
  response.statusCode = status;
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
export function serveGit(request: IncomingMessage, response: ServerResponse, smart: SmartRequest) {
  const child = spawn('git', ['http-backend'], {
    env: cgiEnvironment(request, smart),
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let head: Buffer | undefined = Buffer.alloc(0);
  child.stdout.on('data', (chunk: Buffer) => {
    if (smart.cut) return;
    if (!head) {
      response.write(chunk);
      return;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf(HEADER_END);
    if (end < 0) return;
    writeHead(response, head.toString('latin1', 0, end));
    const body = head.subarray(end + HEADER_END.length);
    head = undefined;
    if (body.length > 0) response.write(body);
  });
  child.on('error', () => response.destroy());
  child.stdout.on('end', () => (smart.cut ? response.destroy() : response.end()));
  child.stdin.on('error', () => {});
  response.on('close', () => child.kill());
  request.pipe(child.stdin);
}
