import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '../api/kubernetes.ts';
import { keepingWriters, lastWriter } from './writers.ts';

const entry = (manager: string, minute: number, fields: JsonObject): JsonObject => ({
  manager,
  operation: 'Apply',
  apiVersion: 'v1',
  fieldsType: 'FieldsV1',
  fieldsV1: fields,
  time: `2026-11-21T09:0${minute}:00Z`,
});
const object = (...managedFields: JsonObject[]): KubeObject => ({ metadata: { name: 'web', managedFields } });
const keep = keepingWriters('spec', 'rules');
const RULES = { 'f:spec': { 'f:rules': {} } };

describe('who writes one part of an object', () => {
  it.each([
    ['nobody', [], undefined],
    ['only ourselves', [entry('headgate', 1, RULES)], undefined],
    ['another part', [entry('headgate', 1, RULES), entry('gateway', 2, { 'f:status': {} })], undefined],
    ['another one', [entry('argocd-controller', 2, RULES), entry('headgate', 1, RULES)], 'argocd-controller'],
    ['the last of several', [entry('kubectl', 3, RULES), entry('helm', 2, RULES)], 'kubectl'],
    ['a part of the part', [entry('kubectl', 3, { 'f:spec': { 'f:rules': { 'f:x': {} } } })], 'kubectl'],
  ])('%s', (_, entries, expected) => {
    expect(lastWriter(keep(object(...entries)), 'headgate')).toBe(expected);
  });

  it('is kept without the fields, and nothing at all of others', () => {
    const kept = keep(object(entry('helm', 2, RULES), entry('gateway', 2, { 'f:status': {} })));
    expect(kept.metadata.managedFields).toEqual([
      { manager: 'helm', operation: 'Apply', time: '2026-11-21T09:02:00Z' },
    ]);
    expect(keep(object(entry('gateway', 2, {}))).metadata).toEqual({ name: 'web' });
  });

  it.each([[undefined], ['x'], [[null, 5, { fieldsV1: [] }]]])('survives managedFields %j', (managedFields) => {
    expect(lastWriter(keep({ metadata: { name: 'web', managedFields } } as never), 'headgate')).toBeUndefined();
  });
});
