import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Authority, makeAuthority, type Running, startProxy, startTlsFront } from '../../test/git/tls-front.ts';
import { createDialer } from './dialer.ts';
import { readProxies } from './proxy.ts';

describe('the proxies of the environment', () => {
  const from = (environment: Record<string, string>, url: string) => readProxies(environment)(new URL(url));

  it('go by protocol, and by either case of their names', () => {
    const environment = { HTTPS_PROXY: 'http://one:3128', http_proxy: 'two', HTTP_PROXY: 'http://three' };
    expect(from(environment, 'https://a/')).toMatchObject({ url: 'http://one:3128', host: 'one', port: 3128 });
    expect(from(environment, 'http://a/')).toMatchObject({ url: 'http://two:80', host: 'two', port: 80 });
    expect(from({}, 'https://a/')).toBeUndefined();
    expect(from({ HTTPS_PROXY: '' }, 'https://a/')).toBeUndefined();
  });

  it('may have credentials, which are known as secrets', () => {
    const proxy = from({ HTTPS_PROXY: 'http://ann:p%40ss@[::1]:3128/' }, 'https://a/');
    const basic = Buffer.from('ann:p@ss').toString('base64');
    expect(proxy).toEqual({
      url: 'http://ann:p%40ss@[::1]:3128',
      host: '::1',
      port: 3128,
      authorization: `Basic ${basic}`,
      secrets: ['p%40ss', 'p@ss', basic],
    });
  });

  it.each([
    'https://secret@host:1',
    'socks5://secret@host',
    'http://',
    'http://secret@host/path',
    '://secret',
    'http://ann:secret%@host',
  ])('%s is refused by its name, and not shown', (HTTPS_PROXY) => {
    expect(() => readProxies({ HTTPS_PROXY })).toThrow("the environment's HTTPS_PROXY is no address of a proxy");
    expect(() => readProxies({ HTTPS_PROXY })).not.toThrow('secret');
  });

  it.each([
    ['*', 'https://a.example/', true],
    ['a.example', 'https://a.example/', true],
    ['a.example', 'https://b.a.example/', true],
    ['.a.example', 'https://b.a.example/', true],
    ['*.a.example', 'https://b.a.example/', true],
    ['.a.example', 'https://a.example/', true],
    ['A.Example', 'https://a.example./', true],
    ['a.example', 'https://evila.example/', false],
    ['x, a.example  y', 'https://a.example/', true],
    ['a.example:443', 'https://a.example/', true],
    ['a.example:443', 'https://a.example:8443/', false],
    ['10.0.0.0/8', 'https://10.1.2.3/', true],
    ['10.0.0.0/8', 'https://11.1.2.3/', false],
    ['10.0.0.0/8', 'https://ten.example/', false],
    ['fd00::/8', 'https://[fd12::1]/', true],
    ['10.1.2.3', 'https://10.1.2.3/', true],
    ['1.2.3', 'https://10.1.2.3/', false],
    ['::1', 'https://[::1]/', true],
    ['[::1]:443', 'https://[::1]/', true],
    ['10.0.0.0/99', 'https://10.1.2.3/', false],
    ['', 'https://a.example/', false],
  ])('NO_PROXY=%j says of %s that it is reached directly: %s', (NO_PROXY, url, isDirect) => {
    expect(from({ HTTPS_PROXY: 'http://one:1', NO_PROXY }, url) === undefined).toBe(isDirect);
  });
});

describe('a request', () => {
  let folder: string;
  let authority: Authority;
  let target: http.Server;
  let front: Running;
  let proxy: Awaited<ReturnType<typeof startProxy>>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'headgate-proxy-'));
    authority = await makeAuthority(folder, 'IP:127.0.0.1,DNS:git.internal');
    target = http.createServer((request, response) => {
      response.end(
        `${request.method} ${request.headers.host} ${request.url} ${request.headers['proxy-authorization']}`,
      );
    });
    await new Promise<void>((ready) => target.listen(0, '127.0.0.1', ready));
    front = await startTlsFront(authority, `http://127.0.0.1:${plainPort()}`);
  });
  afterAll(async () => {
    await front.close();
    target.close();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    proxy = await startProxy('ann:p@ss');
  });
  afterEach(() => proxy.close());

  const plainPort = () => (target.address() as AddressInfo).port;
  const dialerThrough = (login = 'ann:p%40ss@', more: Record<string, string> = {}) => {
    const address = `http://${login}127.0.0.1:${proxy.port}`;
    return createDialer({ proxies: readProxies({ HTTPS_PROXY: address, HTTP_PROXY: address, ...more }) });
  };
  const get = (url: string, more: object = {}) =>
    ({ method: 'GET', url, timeoutMilliseconds: 5000, mayUseProxy: true, ...more }) as const;

  it('goes through a tunnel that ends at the server itself', async () => {
    const url = `https://git.internal:${front.port}/api?x=1`;
    const answer = await dialerThrough().request(get(url, { ca: authority.ca, method: 'POST', body: 'hi' }));
    expect(answer).toMatchObject({ status: 200, body: `POST git.internal:${front.port} /api?x=1 undefined` });
    expect(proxy.asked).toEqual([`CONNECT git.internal:${front.port}`]);
  });

  it('believes nobody but whom it names', async () => {
    const url = `https://git.internal:${front.port}/`;
    await expect(dialerThrough().request(get(url))).rejects.toThrow(
      /^git\.internal cannot be reached: .*CERT|SIGNATURE/,
    );
    const other = await makeAuthority(join(folder, 'other'), 'DNS:git.internal');
    await expect(dialerThrough().request(get(url, { ca: other.ca }))).rejects.toThrow('git.internal cannot be reached');
  });

  it('without TLS is handed to the proxy', async () => {
    const url = `http://git.internal:${plainPort()}/x`;
    expect(await dialerThrough().request(get(url))).toMatchObject({ status: 200 });
    expect(proxy.asked).toEqual([`GET ${url}`]);
  });

  it('does so only where it may: a metric is asked directly', async () => {
    const url = `http://git.internal:${plainPort()}/x`;
    await expect(dialerThrough().request(get(url, { mayUseProxy: false }))).rejects.toThrow('cannot be resolved');
    expect(proxy.asked).toEqual([]);
  });

  it('is told what the proxy says, without a password', async () => {
    const url = `https://git.internal:${front.port}/`;
    const wrong = await dialerThrough('ann:wrong-word@').request(get(url)).catch(String);
    expect(wrong).toContain(`the proxy 127.0.0.1:${proxy.port} answered 407, which asks for credentials`);
    expect(wrong).not.toContain('wrong-word');
    const elsewhere = dialerThrough().request(get('https://elsewhere.example/'));
    await expect(elsewhere).rejects.toThrow(`the proxy 127.0.0.1:${proxy.port} answered 403`);
    const nobody = createDialer({ proxies: readProxies({ HTTPS_PROXY: 'http://127.0.0.1:1' }) });
    await expect(nobody.request(get(url))).rejects.toThrow('the proxy 127.0.0.1:1 cannot be reached: ECONNREFUSED');
  });

  it.each([
    'https://localhost/',
    'https://a.localhost/',
    'https://127.0.0.1/',
    'https://[::1]/',
    'http://169.254.169.254/',
  ])('to %s is refused without asking the proxy', async (url) => {
    await expect(dialerThrough().request(get(url))).rejects.toThrow('Headgate does not connect there');
    expect(proxy.asked).toEqual([]);
  });

  it('to this machine, where it may be reached, goes to no other', () => {
    const proxies = readProxies({ HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` });
    const dialer = createDialer({ proxies, allowLoopback: true });
    for (const host of ['127.0.0.1', '[::1]', 'localhost']) expect(dialer.proxyFor(`https://${host}/`)).toBeUndefined();
    expect(dialer.proxyFor('https://10.0.0.1/')).toMatchObject({ port: proxy.port });
  });

  it('keeps to the list of hosts, behind a proxy too', async () => {
    const proxies = readProxies({ HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` });
    const dialer = createDialer({ proxies, allow: ['github.com'] });
    await expect(dialer.request(get('https://git.internal/'))).rejects.toThrow('not on the list');
  });

  it('with authorities of its own shares no connection with others', async () => {
    const dialer = createDialer({ allowLoopback: true });
    const url = `https://127.0.0.1:${front.port}/`;
    expect(await dialer.request(get(url, { ca: authority.ca }))).toMatchObject({ status: 200 });
    await expect(dialer.request(get(url))).rejects.toThrow('127.0.0.1 cannot be reached');
  });
});
