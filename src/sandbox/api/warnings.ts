/** What the server accepts and yet advises against. */
import type { KindInfo } from './kinds.ts';
import { equal, isFields, listAt, textAt, valueAt } from './objects.ts';
import type { ApiObject } from './types.ts';

const STANDARD_FINALIZERS = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

function finalizerWarnings({ metadata }: ApiObject): string[] {
  return (metadata.finalizers ?? [])
    .filter((name) => !name.includes('/') && !STANDARD_FINALIZERS.has(name))
    .map(
      (name) =>
        `metadata.finalizers: "${name}": prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers`,
    );
}

function serviceWarnings(object: ApiObject): string[] {
  const isNamed = textAt(object, 'spec', 'externalName') !== '' && textAt(object, 'spec', 'type') !== 'ExternalName';
  const isHeadless = textAt(object, 'spec', 'clusterIP') === 'None';
  const isSticky = textAt(object, 'spec', 'sessionAffinity') === 'ClientIP';
  return [
    ...(isNamed ? ['spec.externalName is ignored when spec.type is not "ExternalName"'] : []),
    ...(isHeadless && isSticky ? ['spec.SessionAffinity is ignored for headless services'] : []),
  ];
}

function hostnameWarnings({ kind, metadata: { name } }: ApiObject): string[] {
  const why = name.includes('.')
    ? 'must not contain dots'
    : name.length > 63
      ? 'must be no more than 63 characters'
      : '';
  if (why === '') return [];
  return [
    `metadata.name: this is used in ${kind === 'Pod' ? "the Pod's hostname" : 'Pod names and hostnames'}, which can result in surprising behavior; a DNS label is recommended: [${why}]`,
  ];
}

function graceWarnings(object: ApiObject): string[] {
  const seconds = valueAt(object, 'spec', 'template', 'spec', 'terminationGracePeriodSeconds');
  const isNegative = typeof seconds === 'number' && seconds < 0;
  const why = 'must be >= 0; negative values are invalid and will be treated as 1';
  return isNegative ? [`spec.template.spec.terminationGracePeriodSeconds: ${why}`] : [];
}

function portWarnings(object: ApiObject, path: string): string[] {
  const seen = new Map<string, string>();
  return listAt(object, ...path.split('.'), 'containers').flatMap((container, index) =>
    listAt(container, 'ports').flatMap((port, place) => {
      const at = `${path}.containers[${index}].ports[${place}]`;
      const key = `${String(valueAt(port, 'containerPort'))}/${String(valueAt(port, 'protocol'))}`;
      const first = seen.get(key);
      seen.set(key, first ?? at);
      return first === undefined ? [] : [`${at}: duplicate port definition with ${first}`];
    }),
  );
}

export function warningsOf(kind: KindInfo, object: ApiObject, live?: ApiObject): string[] {
  const isNew = live === undefined || !equal(live.metadata.finalizers, object.metadata.finalizers);
  const finalizers = kind.custom && isNew && isFields(object.metadata) ? finalizerWarnings(object) : [];
  if (kind.kind === 'Service') return [...finalizers, ...serviceWarnings(object)];
  if (live && equal(live.spec, object.spec)) return finalizers;
  if (kind.kind === 'Pod')
    return [...finalizers, ...(live ? [] : hostnameWarnings(object)), ...portWarnings(object, 'spec')];
  if (kind.kind === 'ReplicaSet')
    return [
      ...finalizers,
      ...(live ? [] : hostnameWarnings(object)),
      ...graceWarnings(object),
      ...portWarnings(object, 'spec.template.spec'),
    ];
  return finalizers;
}
