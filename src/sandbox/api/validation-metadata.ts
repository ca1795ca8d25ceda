/** Names, labels, annotations and owners: the same for every kind. */
import { type Cause, cause } from './failure.ts';
import type { KindInfo } from './kinds.ts';
import type { ApiObject } from './types.ts';

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SERVICE_NAME = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

const SUBDOMAIN_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_RULE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SERVICE_RULE =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const VALUE_RULE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const KEY_RULE =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

/** RBAC names are free but for what a path cannot hold. */
const FREE_NAMES = new Set(['Event', 'Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding']);

function nameCauses(kind: KindInfo, name: string): Cause[] {
  const at = 'metadata.name';
  if (name === '') return [cause.required(at, 'name or generateName is required')];
  if (FREE_NAMES.has(kind.kind))
    return /[/%]|^\.\.?$/.test(name) ? [cause.invalid(at, name, `may not contain '/' or '%'`)] : [];
  if (kind.kind === 'Namespace') {
    if (name.length > 63) return [cause.invalid(at, name, 'must be no more than 63 bytes')];
    return LABEL.test(name) ? [] : [cause.invalid(at, name, LABEL_RULE)];
  }
  if (kind.kind === 'Service') {
    if (name.length > 63) return [cause.invalid(at, name, 'must be no more than 63 bytes')];
    return SERVICE_NAME.test(name) ? [] : [cause.invalid(at, name, SERVICE_RULE)];
  }
  if (name.length > 253) return [cause.invalid(at, name, 'must be no more than 253 bytes')];
  return SUBDOMAIN.test(name) ? [] : [cause.invalid(at, name, SUBDOMAIN_RULE)];
}

function keyCauses(path: string, key: string): Cause[] {
  const slash = key.lastIndexOf('/');
  const name = key.slice(slash + 1);
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  if (prefix !== undefined && !SUBDOMAIN.test(prefix.toLowerCase()))
    return [cause.invalid(path, key, `prefix part ${SUBDOMAIN_RULE}`)];
  if (name.length > 63) return [cause.invalid(path, key, 'name part must be no more than 63 bytes')];
  return QUALIFIED.test(name) ? [] : [cause.invalid(path, key, KEY_RULE)];
}

export function labelCauses(path: string, labels: Record<string, string> | undefined): Cause[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => {
    const found = keyCauses(path, key);
    if (value.length > 63) found.push(cause.invalid(path, value, 'must be no more than 63 bytes'));
    else if (!VALUE.test(value)) found.push(cause.invalid(path, value, VALUE_RULE));
    return found;
  });
}

function ownerCauses({ metadata }: ApiObject): Cause[] {
  const owners = metadata.ownerReferences ?? [];
  const found = owners.flatMap((owner) => {
    const at = 'metadata.ownerReferences';
    return (['apiVersion', 'kind', 'name', 'uid'] as const)
      .filter((key) => !owner[key])
      .map((key) => cause.invalid(`${at}.${key}`, '', 'must not be empty'));
  });
  const controllers = owners.filter((owner) => owner.controller === true);
  if (controllers.length > 1) {
    const names = controllers.map((owner) => owner.name).join(' and ');
    found.push(
      cause.invalid(
        'metadata.ownerReferences',
        owners,
        `Only one reference can have Controller set to true. Found "true" in references for ${names}`,
      ),
    );
  }
  return found;
}

export function annotationCauses(path: string, annotations: Record<string, string> | undefined): Cause[] {
  return Object.keys(annotations ?? {}).flatMap((key) => keyCauses(path, key.toLowerCase()));
}

const STANDARD_FINALIZERS = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

/** Of custom kinds these are only warned of. */
function finalizerCauses(kind: KindInfo, { metadata: { finalizers = [] } }: ApiObject): Cause[] {
  if (kind.custom || kind.kind === 'Lease' || kind.kind === 'Event') return [];
  return finalizers.flatMap((name, index) => {
    if (name.includes('/') || STANDARD_FINALIZERS.has(name)) return [];
    const why = 'name is neither a standard finalizer name nor is it fully qualified';
    return [cause.invalid(`metadata.finalizers[${index}]`, name, why)];
  });
}

export function validateMetadata(kind: KindInfo, object: ApiObject): Cause[] {
  const { metadata } = object;
  return [
    ...nameCauses(kind, metadata.name),
    ...labelCauses('metadata.labels', metadata.labels),
    ...annotationCauses('metadata.annotations', metadata.annotations),
    ...ownerCauses(object),
    ...finalizerCauses(kind, object),
  ];
}
