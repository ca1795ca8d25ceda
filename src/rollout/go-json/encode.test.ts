import { describe, expect, it } from 'vitest';
import { goJson } from './encode.ts';
import { STRUCTS } from './structs.ts';

const EMPTY_SPEC = '"spec":{"containers":null}';

describe('the table of structs', () => {
  it('names no type that is unknown', () => {
    const named = Object.values(STRUCTS).flatMap((fields) => fields.match(/[A-Z]\w*(?=;|$)/g) ?? []);
    const known = new Set([...Object.keys(STRUCTS), 'Quantity', 'IntOrString', 'Time', 'Raw']);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('goJson', () => {
  it('writes fields in the order of Go, whatever their order here, and drops those that Go does not know', () => {
    const container = {
      image: 'web:1',
      unknown: true,
      resources: { requests: { cpu: '1' } },
      args: ['a'],
      name: 'web',
    };
    expect(goJson('Container', container)).toBe(
      '{"name":"web","image":"web:1","args":["a"],"resources":{"requests":{"cpu":"1"}}}',
    );
  });

  it.each<[string, Parameters<typeof goJson>[0], unknown, string]>([
    ['an absent template', 'PodTemplateSpec', undefined, `{"metadata":{},${EMPTY_SPEC}}`],
    ['null for an absent field', 'PodTemplateSpec', { metadata: null, spec: null }, `{"metadata":{},${EMPTY_SPEC}}`],
    ['a struct that is always there', 'Container', { name: 'a' }, '{"name":"a","resources":{}}'],
    ['a pointer to an empty struct', 'Volume', { name: 'a', emptyDir: {} }, '{"name":"a","emptyDir":{}}'],
    ['pointers to zero', 'SecurityContext', { runAsUser: 0, privileged: false }, '{"privileged":false,"runAsUser":0}'],
    ['zeros, empty lists and maps', 'Toleration', { key: '', value: '' }, '{}'],
    ['empty lists', 'LabelSelector', { matchLabels: {}, matchExpressions: [] }, '{}'],
    ['a pointer that is always there', 'GRPCAction', { port: 1 }, '{"port":1,"service":null}'],
    ['no list where one must be', 'ProjectedVolumeSource', {}, '{"sources":null}'],
    ['an empty list where one must be', 'ProjectedVolumeSource', { sources: [] }, '{"sources":[]}'],
    ['nothing in a list', 'ExecAction', { command: [null, 'a'] }, '{"command":["","a"]}'],
    ['a quantity that is always there', 'ResourceFieldSelector', { resource: 'a' }, '{"resource":"a","divisor":"0"}'],
    [
      'numbers for quantities',
      'ResourceRequirements',
      { limits: { a: 0.5, b: 1e21 } },
      '{"limits":{"a":"500m","b":"1e+21"}}',
    ],
    ['numbers', 'TCPSocketAction', { port: 80 }, '{"port":80}'],
    ['names', 'TCPSocketAction', { port: 'http' }, '{"port":"http"}'],
    ['numbers of 64 bits', 'SleepAction', { seconds: 2 ** 60 }, '{"seconds":1152921504606846976}'],
  ])('writes %s', (_, type, value, text) => {
    expect(goJson(type, value)).toBe(text);
  });

  it.each<[string, Parameters<typeof goJson>[0], unknown, string]>([
    ['texts', 'EnvVar', { name: 1, value: true }, '{"name":""}'],
    [
      'numbers',
      'Probe',
      { periodSeconds: '10', timeoutSeconds: 1.5, terminationGracePeriodSeconds: 'a' },
      '{"terminationGracePeriodSeconds":0}',
    ],
    ['truth values', 'SecurityContext', { privileged: 'yes' }, '{"privileged":false}'],
    ['structs', 'Volume', { name: 'a', configMap: 'web', secret: ['web'] }, '{"name":"a","secret":{},"configMap":{}}'],
    ['lists', 'Container', { name: 'a', args: 'b', env: { c: 'd' } }, '{"name":"a","resources":{}}'],
    ['maps', 'LabelSelector', { matchLabels: ['a'] }, '{}'],
    ['entries of maps', 'LabelSelector', { matchLabels: { a: 1, b: null } }, '{"matchLabels":{"a":"","b":""}}'],
    [
      'quantities',
      'ResourceRequirements',
      { limits: { cpu: 'lots', memory: {} } },
      '{"limits":{"cpu":"0","memory":"0"}}',
    ],
    ['ports', 'TCPSocketAction', { port: 80.5 }, '{"port":0}'],
    ['times', 'ObjectMeta', { creationTimestamp: 'now', deletionTimestamp: 7 }, '{}'],
  ])('takes other values than %s for zero', (_, type, value, text) => {
    expect(goJson(type, value)).toBe(text);
  });

  it('sorts the keys of maps by their bytes', () => {
    const labels = { '\u{1f600}': 'd', '\ue000': 'c', b: 'b', B: 'a', ['__proto__']: 'e', gone: undefined };
    expect(goJson('PodTemplateMetadata', { labels })).toBe(
      '{"labels":{"B":"a","__proto__":"e","b":"b","\ue000":"c","\u{1f600}":"d"}}',
    );
  });

  it('escapes what Go escapes', () => {
    const value = '<a href="b">&</a> \\ \b\f\n\r\t\u0001\u001f\u007f\u2028\u2029 ü \u{1f680} \ud800';
    expect(goJson('EnvVar', { name: 'a', value })).toBe(
      String.raw`{"name":"a","value":"\u003ca href=\"b\"\u003e\u0026\u003c/a\u003e \\ \b\f\n\r\t\u0001\u001f` +
        '\u007f\\u2028\\u2029 ü \u{1f680} \ufffd"}',
    );
  });

  it.each([
    ['2024-01-02T03:04:05.678Z', '2024-01-02T03:04:05Z'],
    ['2024-01-02T03:04:05+02:00', '2024-01-02T01:04:05Z'],
    ['2024-12-31T23:30:00-01:30', '2025-01-01T01:00:00Z'],
    ['2024-02-29T01:02:03Z', '2024-02-29T01:02:03Z'],
  ])('writes the time %s as %s', (time, written) => {
    expect(goJson('ObjectMeta', { creationTimestamp: time })).toBe(`{"creationTimestamp":"${written}"}`);
  });

  it.each(['0001-01-01T00:00:00Z', '2023-02-29T00:00:00Z', '2024-01-02', '2024-01-02T25:00:00Z'])(
    'leaves the time %s out',
    (time) => expect(goJson('ObjectMeta', { creationTimestamp: time })).toBe('{}'),
  );

  it('writes any JSON with sorted keys', () => {
    const config = { b: [1, 1.5, 1e21, 1e-7, null, true, '<'], a: { c: {} } };
    expect(goJson('PluginStep', { name: 'a', config })).toBe(
      '{"name":"a","config":{"a":{"c":{}},"b":[1,1.5,1e+21,1e-7,null,true,"\\u003c"]}}',
    );
  });

  it('survives any depth', () => {
    const config: unknown = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    expect(goJson('PluginStep', { name: 'a', config })).toContain('[[null]]');
  });
});
