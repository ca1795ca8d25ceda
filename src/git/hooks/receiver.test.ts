import { createHmac } from 'node:crypto';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../log.ts';
import type { Hint } from '../hint.ts';
import { hooks } from './index.ts';
import { createHookReceiver, type HookReceiver } from './receiver.ts';
import { createHintRelay } from './relay.ts';
import { startHookServer } from './server.ts';

const SECRET = 'a long secret';
const REPOSITORY = 'https://git.example/team/shop';
const PUSH = JSON.stringify({ repository: REPOSITORY, branch: 'main' });
const sign = (body: string | Buffer) => `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`;

let server: Server;
let receiver: HookReceiver;
let url: string;
let heard: Hint[];
let handedOn: string[];
let isAtWork: boolean;
let isThereAnother: boolean;
let secretOf: (host: string) => Promise<string | undefined>;

beforeEach(async () => {
  heard = [];
  handedOn = [];
  isAtWork = true;
  isThereAnother = false;
  secretOf = async (host) => (host === 'generic' || host === 'github' ? SECRET : undefined);
  receiver = createHookReceiver({
    hooks,
    secretOf: (host) => secretOf(host),
    lookAgain: (hint) => heard.push(hint),
    isAtWork: () => isAtWork,
    async handOn(path) {
      handedOn.push(path);
      return isThereAnother;
    },
    log: silentLog(),
  });
  server = createServer(receiver.handle);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  receiver.stop();
  server.closeAllConnections();
  server.close();
});

async function post(path: string, body: string, headers: Record<string, string> = {}, method = 'POST') {
  const signed = { 'content-type': 'application/json', 'x-headgate-signature': sign(body), ...headers };
  const answer = await fetch(`${url}${path}`, { method, headers: signed, ...(method === 'GET' ? {} : { body }) });
  return { status: answer.status, text: await answer.text(), headers: answer.headers };
}
const statusOf = async (...args: Parameters<typeof post>) => (await post(...args)).status;

/** A request whose path and body are sent as they are. */
function raw(path: string, headers: Record<string, string>, chunks: Buffer[] = []): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { path, method: 'POST', headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on('error', reject);
    for (const chunk of chunks) request.write(chunk);
    request.end();
  });
}

describe('a hook', () => {
  it('says where to look, and is answered at once', async () => {
    expect(await statusOf('/hooks/generic', PUSH)).toBe(202);
    expect(heard).toEqual([{ repositories: [REPOSITORY], branches: ['main'] }]);
  });

  it('is heard with a charset and a query in its address', async () => {
    const type = { 'content-type': 'Application/JSON; charset=utf-8' };
    expect(await statusOf('/hooks/generic?from=script', PUSH, type)).toBe(202);
    expect(heard).toHaveLength(1);
  });

  it('is accepted without effect where it says nothing of a branch', async () => {
    expect(await statusOf('/hooks/generic', '{"zen": "Keep it logically awesome."}')).toBe(202);
    expect(await statusOf('/hooks/generic', '[]')).toBe(202);
    expect(await statusOf('/hooks/generic', 'null')).toBe(202);
    expect(heard).toEqual([]);
  });

  it('that is sent again says nothing new', async () => {
    const delivery = { 'x-headgate-delivery': 'one' };
    expect(await statusOf('/hooks/generic', PUSH, delivery)).toBe(202);
    const other = PUSH.replace('team/shop', 'team/other');
    expect(await statusOf('/hooks/generic', other, delivery)).toBe(202);
    expect(heard).toHaveLength(1);
    expect(await statusOf('/hooks/generic', other, { 'x-headgate-delivery': 'two' })).toBe(202);
    expect(heard).toHaveLength(2);
  });

  it('comes to nothing without the secret, whatever else is right', async () => {
    for (const signature of [sign(`${PUSH} `), 'sha256=', PUSH, sign(PUSH).slice('sha256='.length)]) {
      expect(await statusOf('/hooks/generic', PUSH, { 'x-headgate-signature': signature })).toBe(403);
    }
    expect(await raw('/hooks/generic', { 'content-type': 'application/json' }, [Buffer.from(PUSH)])).toBe(403);
    expect(await statusOf('/hooks/github', PUSH)).toBe(403);
    expect(heard).toEqual([]);
  });

  it('is not there for a host without a secret, nor for one that is not known', async () => {
    const [known, unknown] = [await post('/hooks/gitlab', PUSH), await post('/hooks/sourceforge', PUSH)];
    expect(known.status).toBe(404);
    expect(unknown).toMatchObject({ status: 404, text: known.text });
  });

  it.each([
    '/',
    '/hooks',
    '/hooks/',
    '/hooks/generic/',
    '/hooks/generic/../generic',
    '/hooks//generic',
    '/hooks/%67eneric',
    '/hooks/Generic',
    '/hooks/generic%00',
    '/hooks/__proto__',
    '/hooks/constructor',
    '/x/hooks/generic',
    'http://elsewhere/hooks/generic',
    '/metrics',
  ])('is not at %s', async (path) => {
    const headers = { 'content-type': 'application/json', 'x-headgate-signature': sign(PUSH) };
    expect(await raw(path, headers, [Buffer.from(PUSH)])).toBe(404);
    expect(heard).toEqual([]);
  });

  it('is a POST of plain JSON', async () => {
    expect(await post('/hooks/generic', '', {}, 'GET')).toMatchObject({ status: 405 });
    expect((await post('/hooks/generic', PUSH, {}, 'PUT')).headers.get('allow')).toBe('POST');
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(await statusOf('/hooks/generic', `payload=${encodeURIComponent(PUSH)}`, form)).toBe(415);
    expect(await statusOf('/hooks/generic', PUSH, { 'content-encoding': 'gzip' })).toBe(415);
    expect(await raw('/hooks/generic', {}, [Buffer.from(PUSH)])).toBe(415);
    expect(await statusOf('/hooks/generic', `${PUSH},`)).toBe(400);
    expect(await statusOf('/hooks/generic', '')).toBe(400);
    expect(heard).toEqual([]);
  });

  it('is a megabyte at most, whatever it says of itself', async () => {
    const headers = { 'content-type': 'application/json', 'x-headgate-signature': 'sha256=0' };
    expect(await raw('/hooks/generic', { ...headers, 'content-length': '1048577' })).toBe(413);
    const chunks = Array.from({ length: 40 }, () => Buffer.alloc(64 * 1024, 'x'));
    const answered = raw('/hooks/generic', headers, chunks).catch(() => 413);
    expect(await answered).toBe(413);
    const largest = `{"repository":"${REPOSITORY}","branch":"main","x":"`.padEnd(1024 * 1024 - 2, 'x').concat('"}');
    expect(await statusOf('/hooks/generic', largest)).toBe(202);
    expect(heard).toHaveLength(1);
  });

  it('may be nested as deep as it likes', async () => {
    const deep = `{"repository":"${REPOSITORY}","branch":${'['.repeat(500_000)}${']'.repeat(500_000)}}`;
    expect([202, 400]).toContain(await statusOf('/hooks/generic', deep));
    expect(await statusOf('/hooks/generic', PUSH)).toBe(202);
    expect(heard).toHaveLength(1);
  });

  it('is put off where the secret cannot be read', async () => {
    secretOf = () => Promise.reject(new Error('the API server is away'));
    const answer = await post('/hooks/generic', PUSH);
    expect(answer).toMatchObject({ status: 503, text: 'try again later\n' });
  });
});

describe('a process that does not hold the lease', () => {
  it('hands a hook on, and says so where nobody takes it', async () => {
    isAtWork = false;
    expect(await statusOf('/hooks/generic', PUSH)).toBe(503);
    isThereAnother = true;
    expect(await statusOf('/hooks/generic', PUSH, { 'x-headgate-delivery': 'one' })).toBe(202);
    expect(handedOn).toEqual(['/hooks/generic', '/hooks/generic']);
    expect(heard).toEqual([]);
  });

  it('keeps what was handed on to it, and what nobody has signed', async () => {
    isAtWork = false;
    isThereAnother = true;
    expect(await statusOf('/hooks/generic', PUSH, { 'x-headgate-handed-on': 'true' })).toBe(503);
    expect(await statusOf('/hooks/generic', PUSH, { 'x-headgate-signature': 'sha256=0' })).toBe(403);
    expect(handedOn).toEqual([]);
  });

  it('has not heard of what it could not take', async () => {
    const delivery = { 'x-headgate-delivery': 'one' };
    isAtWork = false;
    expect(await statusOf('/hooks/generic', PUSH, delivery)).toBe(503);
    isAtWork = true;
    expect(await statusOf('/hooks/generic', PUSH, delivery)).toBe(202);
    expect(heard).toHaveLength(1);
  });
});

describe('many hints', () => {
  it('at one repository are two looks: one at once, and one afterwards for all that came in between', async () => {
    const relay = createHintRelay((hint) => heard.push(hint), 50);
    const repositories = [REPOSITORY, `${REPOSITORY}.git`];
    for (const branch of ['main', 'next', 'main', 'old']) relay.pass({ repositories, branches: [branch] });
    expect(heard).toEqual([{ repositories: [`${REPOSITORY}.git`], branches: ['main'] }]);
    relay.pass({ repositories: ['https://git.example/other'], branches: ['main'] });
    expect(heard).toHaveLength(2);
    await expect.poll(() => heard.length).toBe(3);
    expect(heard[2]?.branches.sort()).toEqual(['main', 'next', 'old']);
    await sleep(150);
    expect(heard).toHaveLength(3);
    relay.stop();
  });

  it('at more repositories than there are do not pile up', () => {
    const relay = createHintRelay((hint) => heard.push(hint), 10_000);
    for (let index = 0; index < 5000; index++) {
      relay.pass({ repositories: [`https://git.example/${index}`], branches: ['main'] });
    }
    expect(heard).toHaveLength(1000);
    relay.stop();
  });
});

it('listens, and stops', async () => {
  const options = { hooks, secretOf, lookAgain: () => {}, isAtWork: () => true, log: silentLog() };
  const stop = await startHookServer({ ...options, address: '127.0.0.1', port: 0 });
  const { port } = server.address() as AddressInfo;
  await expect(startHookServer({ ...options, address: '127.0.0.1', port })).rejects.toThrow('EADDRINUSE');
  await stop();
});
