/** What may differ between two servers that agree is replaced by names in the order of appearance. */

type Fields = Record<string, unknown>;

export interface Normalizer {
  normalize(value: unknown): unknown;
}

const TIMES = new Set(['creationTimestamp', 'deletionTimestamp', 'time']);
const GENERATED = /^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g;
/** In sentences about versions. */
const VERSION = /\(\d+\)/g;
const ADDRESS = /^10\.96\.\d+\.\d+$/;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Numbers what it is shown: r1, r2, ... */
function naming(prefix: string): (raw: string) => string {
  const names = new Map<string, string>();
  return (raw) => {
    const name = names.get(raw) ?? `${prefix}${names.size + 1}`;
    names.set(raw, name);
    return name;
  };
}

/** The entries come by time, in whole seconds: which of two was first depends on when the second ended. */
function sortedManagers(entries: unknown[]): unknown[] {
  const key = (entry: unknown) => {
    const { operation, manager, subresource = '', apiVersion } = entry as Record<string, string>;
    return [operation, manager, subresource, apiVersion].join('/');
  };
  return entries.sort((left, right) => (key(left) < key(right) ? -1 : 1));
}

export function createNormalizer(): Normalizer {
  const version = naming('r');
  const uid = naming('u');
  const name = naming('gen-#');

  const text = (value: string): string =>
    GENERATED.test(value) ? name(value) : ADDRESS.test(value) ? '<address>' : value.replace(UUID, uid);

  const metadata = (fields: Fields): Fields => {
    const { resourceVersion, managedFields, ...rest } = fields;
    const isList = !('name' in fields) && !('uid' in fields);
    const result = plain(rest) as Fields;
    if (typeof resourceVersion === 'string') result.resourceVersion = isList ? '<list>' : version(resourceVersion);
    if (fields.continue) result.continue = '<continue>';
    if (Array.isArray(managedFields)) {
      result.managedFields = sortedManagers(plain(managedFields) as unknown[]);
    }
    return result;
  };

  const plain = (value: unknown): unknown => {
    if (typeof value === 'string') return text(value);
    if (Array.isArray(value)) return value.map((item) => plain(item));
    if (!isFields(value)) return value;
    const result: Fields = {};
    for (const key of Object.keys(value).sort()) {
      const item = value[key];
      if (TIMES.has(key) && typeof item === 'string') result[key] = item.startsWith('2020') ? item : '<time>';
      else if (key === 'metadata' && isFields(item)) result[key] = metadata(item);
      else if (key === 'message' && typeof item === 'string')
        result[key] = text(item).replace(TIME, '<time>').replace(VERSION, '(<version>)');
      else result[key] = plain(item);
    }
    return result;
  };
  return { normalize: plain };
}
