import { expect, it } from 'vitest';
import { counted } from './counted.ts';
import type { HostCall } from './host.ts';
import type { HttpResponse } from './http.ts';

const REQUEST = {
  method: 'GET',
  url: 'https://u:secret@api.example.com:8443/x?y',
  headers: {},
  timeoutMilliseconds: 1,
} as const;

async function calls(answer: Partial<HttpResponse> | Error): Promise<HostCall[]> {
  const told: HostCall[] = [];
  const send = counted(
    async () => {
      if (answer instanceof Error) throw answer;
      return { status: 200, headers: {}, body: '', ...answer };
    },
    (call) => told.push(call),
  );
  await send(REQUEST).catch(() => {});
  return told;
}

it.each<[Partial<HttpResponse> | Error, Partial<HostCall>]>([
  [{}, { status: 200, remaining: undefined }],
  [
    { status: 403, headers: { 'x-ratelimit-remaining': '0' } },
    { status: 403, remaining: 0 },
  ],
  [{ headers: { 'ratelimit-remaining': ' 1999 ' } }, { status: 200, remaining: 1999 }],
  [{ headers: { 'x-ratelimit-remaining': 'lots' } }, { status: 200, remaining: undefined }],
  [new Error('gone'), { status: undefined, remaining: undefined }],
])('tells of one request: %j', async (answer, expected) => {
  expect(await calls(answer)).toEqual([{ host: 'api.example.com:8443', method: 'GET', ...expected }]);
});
