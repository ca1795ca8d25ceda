import { expect, it } from 'vitest';
import { decodeProtobuf } from './protobuf.ts';

/** A length-delimited field. */
const field = (number: number, ...content: (Buffer | string)[]) => {
  const body = Buffer.concat(content.map((each) => Buffer.from(each)));
  return Buffer.from([number * 8 + 2, body.length, ...body]);
};
const number = (at: number, value: number) => Buffer.from([at * 8, value]);
const sent = (apiVersion: string, kind: string, raw: Buffer) =>
  Buffer.concat([Buffer.from('k8s\0'), field(1, field(1, apiVersion), field(2, kind)), field(2, raw)]);

it('reads a Service as kubectl sends it', () => {
  const metadata = field(1, field(1, 'shop'), field(3, ''), field(11, field(1, 'app'), field(2, 'shop')));
  const port = field(
    1,
    field(1, 'web'),
    field(2, 'TCP'),
    number(3, 80),
    field(4, number(1, 1), field(3, 'http')),
    number(5, 0),
  );
  const spec = field(2, port, field(2, field(1, 'app'), field(2, 'shop')), field(4, 'ClusterIP'), number(13, 0));
  expect(decodeProtobuf(sent('v1', 'Service', Buffer.concat([metadata, spec])))).toEqual({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'shop', labels: { app: 'shop' } },
    spec: {
      ports: [{ name: 'web', protocol: 'TCP', port: 80, targetPort: 'http' }],
      selector: { app: 'shop' },
      type: 'ClusterIP',
      publishNotReadyAddresses: false,
    },
  });
});

it('reads bytes as base64', () => {
  const raw = Buffer.concat([field(1, field(1, 's')), field(2, field(1, 'a'), field(2, Buffer.from([255, 0])))]);
  expect(decodeProtobuf(sent('v1', 'Secret', raw))).toMatchObject({ data: { a: '/wA=' } });
});

it('knows what it does not know', () => {
  expect(decodeProtobuf(Buffer.from('{}'))).toBeUndefined();
  expect(decodeProtobuf(sent('v1', 'Node', Buffer.of()))).toBeUndefined();
});
