/**
 * The protobuf form in which typed clients, such as some verbs of kubectl, send built-in kinds. Only what such clients
 * create by hand is known here; the field numbers are those of the published .proto files of Kubernetes.
 */

export const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** `map` is a map of texts, `binaryMap` one of bytes; a message is named, and `*` stands for a repeated field. */
type FieldType = 'text' | 'number' | 'port' | 'flag' | 'map' | 'binaryMap' | 'intOrText' | (string & {});
type Message = Record<number, readonly [name: string, type: FieldType]>;

const ENVELOPE = [0x6b, 0x38, 0x73, 0x00];

const REFERENCES: Message = { 1: ['kind', 'text'], 3: ['name', 'text'], 4: ['uid', 'text'], 5: ['apiVersion', 'text'] };

const MESSAGES: Record<string, Message> = {
  Unknown: { 1: ['typeMeta', 'TypeMeta'], 2: ['raw', 'bytes'] },
  TypeMeta: { 1: ['apiVersion', 'text'], 2: ['kind', 'text'] },
  Meta: {
    1: ['name', 'text'],
    2: ['generateName', 'text'],
    3: ['namespace', 'text'],
    5: ['uid', 'text'],
    6: ['resourceVersion', 'text'],
    11: ['labels', 'map'],
    12: ['annotations', 'map'],
    13: ['ownerReferences', '*OwnerReference'],
    14: ['finalizers', '*text'],
  },
  OwnerReference: { ...REFERENCES, 6: ['controller', 'flag'], 7: ['blockOwnerDeletion', 'flag'] },
  Namespace: { 1: ['metadata', 'Meta'] },
  ConfigMap: { 1: ['metadata', 'Meta'], 2: ['data', 'map'], 3: ['binaryData', 'binaryMap'], 4: ['immutable', 'flag'] },
  Secret: {
    1: ['metadata', 'Meta'],
    2: ['data', 'binaryMap'],
    3: ['type', 'text'],
    4: ['stringData', 'map'],
    5: ['immutable', 'flag'],
  },
  ServiceAccount: { 1: ['metadata', 'Meta'], 4: ['automountServiceAccountToken', 'flag'] },
  Service: { 1: ['metadata', 'Meta'], 2: ['spec', 'ServiceSpec'] },
  ServiceSpec: {
    1: ['ports', '*ServicePort'],
    2: ['selector', 'map'],
    3: ['clusterIP', 'text'],
    4: ['type', 'text'],
    7: ['sessionAffinity', 'text'],
    10: ['externalName', 'text'],
    11: ['externalTrafficPolicy', 'text'],
    13: ['publishNotReadyAddresses', 'flag'],
  },
  ServicePort: {
    1: ['name', 'text'],
    2: ['protocol', 'text'],
    3: ['port', 'port'],
    4: ['targetPort', 'intOrText'],
    5: ['nodePort', 'port'],
    6: ['appProtocol', 'text'],
  },
  IntOrText: { 1: ['type', 'number'], 2: ['number', 'number'], 3: ['text', 'text'] },
  SelfSubjectAccessReview: { 1: ['metadata', 'Meta'], 2: ['spec', 'AccessSpec'] },
  AccessSpec: { 1: ['resourceAttributes', 'ResourceAttributes'], 2: ['nonResourceAttributes', 'PathAttributes'] },
  ResourceAttributes: {
    1: ['namespace', 'text'],
    2: ['verb', 'text'],
    3: ['group', 'text'],
    4: ['version', 'text'],
    5: ['resource', 'text'],
    6: ['subresource', 'text'],
    7: ['name', 'text'],
  },
  PathAttributes: { 1: ['path', 'text'], 2: ['verb', 'text'] },
  Eviction: { 1: ['metadata', 'Meta'], 2: ['deleteOptions', 'DeleteOptions'] },
  DeleteOptions: {
    1: ['gracePeriodSeconds', 'number'],
    2: ['preconditions', 'Preconditions'],
    4: ['propagationPolicy', 'text'],
  },
  Preconditions: { 1: ['uid', 'text'], 2: ['resourceVersion', 'text'] },
  Pair: { 1: ['key', 'text'], 2: ['value', 'bytes'] },
};

/** Reads the object in a request's body; undefined where it is not in this form, or of a kind that is not known here. */
export function decodeProtobuf(body: Buffer): object | undefined {
  if (!ENVELOPE.every((byte, index) => body[index] === byte)) return undefined;
  const { typeMeta, raw } = decode('Unknown', body.subarray(ENVELOPE.length)) as {
    typeMeta?: { apiVersion: string; kind: string };
    raw?: Buffer;
  };
  return typeMeta && MESSAGES[typeMeta.kind]
    ? { ...typeMeta, ...decode(typeMeta.kind, raw ?? Buffer.of()) }
    : undefined;
}

function decode(name: string, bytes: Buffer): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const content = tag % 8 === 2 ? varint() : undefined;
    const value = content === undefined ? varint() : bytes.subarray(at, at + content);
    at += content ?? 0;
    const field = MESSAGES[name]?.[Math.floor(tag / 8)];
    if (field) take(fields, field, value);
  }
  return fields;
}

function take(
  fields: Record<string, unknown>,
  [name, type]: readonly [string, FieldType],
  value: number | Buffer,
): void {
  if (type === 'map' || type === 'binaryMap') {
    const { key = '', value: bytes = Buffer.of() } = decode('Pair', value as Buffer) as {
      key?: string;
      value?: Buffer;
    };
    fields[name] = { ...(fields[name] as object), [key]: bytes.toString(type === 'map' ? 'utf8' : 'base64') };
  } else if (type.startsWith('*')) {
    fields[name] = [...((fields[name] as unknown[] | undefined) ?? []), read(type.slice(1), value)];
  } else {
    const content = read(type, value);
    if (!isUnset(type, content)) fields[name] = content;
  }
}

/** Typed clients send what is not set as empty. */
function isUnset(type: FieldType, content: unknown): boolean {
  return content === '' || (content === 0 && (type === 'port' || type === 'intOrText'));
}

function read(type: FieldType, value: number | Buffer): unknown {
  if (typeof value === 'number') return type === 'flag' ? value === 1 : value;
  if (type === 'bytes') return value;
  if (type === 'text') return value.toString('utf8');
  if (type !== 'intOrText') return decode(type, value);
  const { type: isText = 0, number = 0, text = '' } = decode('IntOrText', value);
  return isText === 1 ? text : number;
}
