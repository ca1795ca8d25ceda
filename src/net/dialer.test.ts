import http from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forbidden, parseResolveRule } from './addresses.ts';
import { createDialer } from './dialer.ts';
import { Refused, Unreachable } from './failures.ts';

let port = 0;
const seen: string[] = [];
const server = http.createServer((request, response) => {
  seen.push(`${request.method} ${request.headers.host} ${request.url}`);
  if (request.url === '/redirect') response.writeHead(302, { location: '/ok' }).end();
  else if (request.url === '/long') response.end('x'.repeat(3000));
  else if (request.url === '/endless') response.write('x');
  else if (request.url === '/once') response.end('bye', () => response.socket?.destroy());
  else if (request.url !== '/silence') request.pipe(response);
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const get = (url: string, timeoutMilliseconds = 5000) => ({ method: 'GET' as const, url, timeoutMilliseconds });

describe('the addresses that may be dialled', () => {
  it.each([
    ['127.0.0.1', 'loopback'],
    ['127.8.8.8', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['64:ff9b::7f00:1', 'loopback'],
    ['2002:7f00:1::', 'loopback'],
    ['169.254.169.254', 'link-local'],
    ['::ffff:169.254.169.254', 'link-local'],
    ['fe80::1', 'link-local'],
    ['fd00:ec2::254', 'link-local'],
    ['0.0.0.0', 'unspecified'],
    ['::', 'unspecified'],
    ['224.0.0.1', 'multicast'],
    ['ff02::1', 'multicast'],
    ['255.255.255.255', 'reserved'],
    ['localhost', 'not an IP'],
  ])('%s is %s', (address, why) => {
    expect(forbidden(address, false)).toBe(why);
  });

  it.each(['10.0.0.1', '192.168.1.1', '8.8.8.8', '2001:db8::1', 'fd12::1', '::ffff:10.0.0.1'])(
    '%s is fine',
    (address) => {
      expect(forbidden(address, false)).toBeUndefined();
    },
  );

  it("lets only loopback pass with the sandbox's flag", () => {
    expect(forbidden('127.0.0.1', true)).toBeUndefined();
    expect(forbidden('::1', true)).toBeUndefined();
    expect(forbidden('169.254.169.254', true)).toBe('link-local');
    expect(forbidden('0.0.0.0', true)).toBe('unspecified');
  });
});

describe('rules of --resolve', () => {
  it.each([
    ['prometheus.monitoring:9090=127.0.0.1', { host: 'prometheus.monitoring', port: 9090, address: '127.0.0.1' }],
    ['Host:80=127.0.0.1:81', { host: 'host', port: 80, address: '127.0.0.1', addressPort: 81 }],
    ['host:80=[::1]:81', { host: 'host', port: 80, address: '::1', addressPort: 81 }],
    ['host:80=[::1]', { host: 'host', port: 80, address: '::1' }],
    ['host:80=::1', { host: 'host', port: 80, address: '::1' }],
  ])('%s', (text, rule) => {
    expect(parseResolveRule(text)).toEqual(rule);
  });
  it.each(['host=127.0.0.1', 'host:80', 'host:80=name', 'host:99999=127.0.0.1', 'host:80=127.0.0.1:0', ''])(
    '%j is refused',
    (text) => {
      expect(() => parseResolveRule(text)).toThrow('is not a rule for --resolve');
    },
  );
});

describe('the dialer', () => {
  it.each([
    'http://127.0.0.1:PORT/',
    'http://localhost:PORT/',
    'http://2130706433:PORT/',
    'http://0x7f.1:PORT/',
    'http://[::1]:PORT/',
    'http://[::ffff:127.0.0.1]:PORT/',
    'http://0.0.0.0:PORT/',
    'http://169.254.169.254/latest/meta-data',
  ])('refuses %s without connecting', async (url) => {
    const before = seen.length;
    await expect(createDialer().request(get(url.replace('PORT', String(port))))).rejects.toThrow(Refused);
    expect(seen.length).toBe(before);
  });

  it('says what a name resolves to', async () => {
    await expect(createDialer().request(get(`http://localhost:${port}/`))).rejects.toThrow(
      /^localhost resolves to (127\.0\.0\.1|::1), which is a loopback address/,
    );
  });

  it.each(['ftp://example.com/', 'file:///etc/passwd', 'not a url', ''])('refuses %j', async (url) => {
    await expect(createDialer().request(get(url))).rejects.toThrow('the address is not an http or https URL');
  });

  it('asks loopback with the flag, and sends bodies', async () => {
    const dialer = createDialer({ allowLoopback: true });
    const url = `http://127.0.0.1:${port}/ok`;
    const answer = await dialer.request({ method: 'POST', url, body: 'héllo', timeoutMilliseconds: 5000 });
    expect(answer).toMatchObject({ status: 200, body: 'héllo' });
    const bytes = await dialer.request({ method: 'POST', url, body: Buffer.from('hé'), timeoutMilliseconds: 5000 });
    expect(bytes).toMatchObject({ status: 200, body: 'hé' });
  });

  it('goes where --resolve says, under the name asked for, even to loopback', async () => {
    const dialer = createDialer({ resolve: [parseResolveRule(`prometheus.monitoring.svc:9090=127.0.0.1:${port}`)] });
    expect(await dialer.request(get('http://prometheus.monitoring.svc:9090/ok?a=b'))).toMatchObject({ status: 200 });
    expect(seen.at(-1)).toBe('GET prometheus.monitoring.svc:9090 /ok?a=b');
    await expect(dialer.request(get(`http://localhost:${port}/`))).rejects.toThrow(Refused);
  });

  it('keeps to the allow-list', async () => {
    const dialer = createDialer({ allowLoopback: true, allow: ['127.0.0.1', '*.example.com'] });
    expect(await dialer.request(get(`http://127.0.0.1:${port}/`))).toMatchObject({ status: 200 });
    await expect(dialer.request(get('http://elsewhere.test/'))).rejects.toThrow('elsewhere.test is not on the list');
    await expect(dialer.request(get('http://evilexample.com/'))).rejects.toThrow('not on the list');
  });

  it('does not follow redirects', async () => {
    expect(await createDialer({ allowLoopback: true }).request(get(`http://127.0.0.1:${port}/redirect`))).toMatchObject(
      { status: 302 },
    );
    expect(seen.at(-1)).toContain('/redirect');
  });

  it('refuses answers that are too long', async () => {
    const dialer = createDialer({ allowLoopback: true, answerBytes: 1024 });
    await expect(dialer.request(get(`http://127.0.0.1:${port}/long`))).rejects.toThrow(Refused);
  });

  it.each(['/silence', '/endless'])('gives up on %s after the timeout', async (path) => {
    const asked = createDialer({ allowLoopback: true }).request(get(`http://127.0.0.1:${port}${path}`, 100));
    await expect(asked).rejects.toThrow(Unreachable);
    await expect(asked).rejects.toThrow('no answer from 127.0.0.1 within 0.1 s');
  });

  it('refuses headers that would break the request', async () => {
    const request = { ...get(`http://127.0.0.1:${port}/`), headers: { 'x-a': 'b\r\nhost: evil' } };
    await expect(createDialer({ allowLoopback: true }).request(request)).rejects.toThrow(Refused);
  });

  it('says who cannot be reached', async () => {
    const dialer = createDialer({ allowLoopback: true });
    await expect(dialer.request(get('http://127.0.0.1:1/'))).rejects.toThrow(
      '127.0.0.1 cannot be reached: ECONNREFUSED',
    );
    await expect(dialer.request(get('http://nothing.invalid/'))).rejects.toThrow(Unreachable);
  });

  it('survives a kept connection that the server closed', async () => {
    const dialer = createDialer({ allowLoopback: true });
    for (let round = 0; round < 5; round++) {
      expect(await dialer.request(get(`http://127.0.0.1:${port}/once`))).toMatchObject({ body: 'bye' });
    }
  });
});

describe('a server that a tenant names', () => {
  it('cannot have a request wait for ever by asking for another protocol', async () => {
    const hostile = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () =>
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
      );
    });
    await new Promise<void>((resolve) => hostile.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(hostile.address() as AddressInfo).port}/`;
    await expect(createDialer({ allowLoopback: true }).request(get(url))).rejects.toThrow('another protocol than HTTP');
    hostile.close();
  });
});

it.each(['Transfer-Encoding', 'upgrade', 'Expect', 'te', 'trailer'])(
  'the header %s, which tells servers where a request ends, is not sent',
  async (name) => {
    const request = { ...get(`http://127.0.0.1:${port}/ok`), headers: { [name]: 'chunked' } };
    const dialer = createDialer({ allowLoopback: true });
    await expect(dialer.request(request)).rejects.toThrow(
      new Refused(`the header ${name} is not sent: it belongs to the connection. Leave it out`),
    );
  },
);
