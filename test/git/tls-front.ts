import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

const openssl = promisify(execFile);

/** An authority that nobody else believes, and what it says of one server. PEM. */
export interface Authority {
  ca: string;
  key: string;
  certificate: string;
}

/** `names`: as in a certificate's subjectAltName, such as `IP:127.0.0.1,DNS:git.internal`. */
export async function makeAuthority(folder: string, names: string): Promise<Authority> {
  await mkdir(folder, { recursive: true });
  const at = (name: string) => join(folder, name);
  const fresh = ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl('openssl', [
    ...[
      ...fresh,
      '-x509',
      '-days',
      '2',
      '-subj',
      '/CN=Private authority',
      '-keyout',
      at('ca.key'),
      '-out',
      at('ca.crt'),
    ],
  ]);
  await openssl('openssl', [...fresh, '-subj', '/CN=server', '-keyout', at('key'), '-out', at('request')]);
  await writeFile(at('extensions'), `subjectAltName=${names}\n`);
  await openssl('openssl', [
    ...['x509', '-req', '-days', '2', '-in', at('request'), '-CA', at('ca.crt'), '-CAkey', at('ca.key')],
    ...['-CAcreateserial', '-extfile', at('extensions'), '-out', at('crt')],
  ]);
  const [ca, key, certificate] = await Promise.all(['ca.crt', 'key', 'crt'].map((name) => readFile(at(name), 'utf8')));
  return { ca: ca ?? '', key: key ?? '', certificate: certificate ?? '' };
}

export interface Running {
  port: number;
  close(): Promise<void>;
}

async function listening(server: Server): Promise<Running> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Speaks TLS for a plain server. */
export function startTlsFront({ key, certificate }: Authority, target: string): Promise<Running> {
  const server = https.createServer({ key, cert: certificate }, (request, response) => {
    const { method, headers, url = '/' } = request;
    const onwards = http.request(new URL(url, target), { method: method ?? 'GET', headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onwards.on('error', () => response.destroy());
    request.pipe(onwards);
  });
  return listening(server);
}

const REFUSED = 'Proxy-Authenticate: Basic\r\nContent-Length: 0\r\nConnection: close\r\n';

/** An HTTP proxy that knows one name: `git.internal`, which is this machine. `asked`: what was asked of it, in order. */
export async function startProxy(login?: string): Promise<Running & { asked: string[] }> {
  const asked: string[] = [];
  const wanted = login && `Basic ${Buffer.from(login).toString('base64')}`;
  const mayPass = (headers: http.IncomingHttpHeaders) => !wanted || headers['proxy-authorization'] === wanted;
  const server = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (!mayPass(request.headers)) return void response.writeHead(407, { 'proxy-authenticate': 'Basic' }).end();
    const url = new URL(request.url ?? '');
    const { method = 'GET', headers } = request;
    const onwards = http.request({
      host: '127.0.0.1',
      port: url.port,
      path: url.pathname + url.search,
      method,
      headers,
    });
    onwards.on('response', (answer) => answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers)));
    onwards.on('error', () => response.writeHead(502).end());
    return void request.pipe(onwards);
  });
  server.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url}`);
    socket.on('error', () => {});
    if (!mayPass(request.headers))
      return void socket.end(`HTTP/1.1 407 Proxy Authentication Required\r\n${REFUSED}\r\n`);
    const [host, port] = (request.url ?? '').split(':');
    if (host !== 'git.internal') return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    const onwards = connect(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(onwards).pipe(socket);
    });
    onwards.on('error', () => socket.destroy());
    return undefined;
  });
  return { ...(await listening(server)), asked };
}
