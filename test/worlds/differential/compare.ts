/** Where two answers differ. */

export interface Difference {
  /** Where in the outcome: `body.spec.replicas`. */
  path: string;
  left: unknown;
  right: unknown;
}

type Fields = Record<string, unknown>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function differences(left: unknown, right: unknown, path = ''): Difference[] {
  if (Object.is(left, right)) return [];
  const below = (key: string) => (path === '' ? key : `${path}.${key}`);
  if (Array.isArray(left) && Array.isArray(right) && left.length === right.length) {
    return left.flatMap((item, index) => differences(item, right[index], `${path}[${index}]`));
  }
  if (isFields(left) && isFields(right)) {
    const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort();
    return keys.flatMap((key) => differences(left[key], right[key], below(key)));
  }
  return [{ path, left, right }];
}

export function show(value: unknown): string {
  const text = value === undefined ? '(nothing)' : JSON.stringify(value);
  return text.length > 1500 ? `${text.slice(0, 1500)}...` : text;
}
