/** RFC 6902. */
import { badRequest, Failure } from './failure.ts';
import { copy, define, equal, isFields } from './objects.ts';

interface Operation {
  op: string;
  path: string;
  from?: string;
  value?: unknown;
}

const LIMIT = 10_000;

function refuse(): Failure {
  const message = 'the server rejected our request due to an error in our request';
  return new Failure(422, 'Invalid', message, {});
}

function segments(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) throw refuse();
  return pointer
    .slice(1)
    .split('/')
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function read(document: unknown, path: string): unknown {
  let current = document;
  for (const key of segments(path)) {
    if (Array.isArray(current)) current = current[indexIn(current, key, current.length - 1)];
    else if (isFields(current) && Object.hasOwn(current, key)) current = current[key];
    else throw refuse();
  }
  return current;
}

function indexIn(list: unknown[], key: string, last: number): number {
  const index = key === '-' ? list.length : /^-?\d+$/.test(key) ? Number(key) : Number.NaN;
  const counted = index < 0 ? list.length + index : index;
  if (Number.isNaN(counted) || counted < 0 || counted > last) throw refuse();
  return counted;
}

/** The container of what a path points at, and its key there. */
function place(document: unknown, path: string): { container: unknown; key: string } {
  const keys = segments(path);
  const key = keys.pop();
  if (key === undefined) throw refuse();
  return { container: read(document, path.slice(0, path.lastIndexOf('/'))), key };
}

function add(document: unknown, path: string, value: unknown): unknown {
  if (path === '') return value;
  const { container, key } = place(document, path);
  if (Array.isArray(container)) container.splice(indexIn(container, key, container.length), 0, value);
  else if (isFields(container)) define(container, key, value);
  else throw refuse();
  return document;
}

function remove(document: unknown, path: string): unknown {
  const { container, key } = place(document, path);
  if (Array.isArray(container)) container.splice(indexIn(container, key, container.length - 1), 1);
  else if (isFields(container) && Object.hasOwn(container, key)) delete container[key];
  else throw refuse();
  return document;
}

function replace(document: unknown, path: string, value: unknown): unknown {
  if (path === '') return value;
  const { container, key } = place(document, path);
  if (Array.isArray(container)) container[indexIn(container, key, container.length - 1)] = value;
  // The server's library replaces what is not there, too.
  else if (isFields(container)) define(container, key, value);
  else throw refuse();
  return document;
}

/** What is to be copied or compared, or null for a field that is not there. */
function lenientlyRead(document: unknown, path: string): unknown {
  const { container, key } = place(document, path);
  return isFields(container) && !Object.hasOwn(container, key) ? null : read(document, path);
}

function execute(document: unknown, { op, path, from = '', value }: Operation): unknown {
  switch (op) {
    case 'add':
      return add(document, path, copy(value));
    case 'remove':
      return remove(document, path);
    case 'replace':
      return replace(document, path, copy(value));
    case 'copy':
      return add(document, path, copy(lenientlyRead(document, from)));
    case 'move': {
      const moved = read(document, from);
      return add(remove(document, from), path, moved);
    }
    case 'test':
      if (!equal(lenientlyRead(document, path), value ?? null)) throw refuse();
      return document;
    default:
      throw refuse();
  }
}

export function jsonPatch(target: unknown, patch: unknown): unknown {
  if (patch === null) return copy(target);
  if (!Array.isArray(patch)) throw badRequest('a JSON patch must be a list of operations');
  if (patch.length > LIMIT)
    throw new Failure(
      413,
      'RequestEntityTooLarge',
      `The allowed maximum operations in a JSON patch is ${LIMIT}, got ${patch.length}`,
    );
  return patch.reduce((document: unknown, operation: unknown) => {
    if (!isFields(operation) || typeof operation.path !== 'string') throw refuse();
    return execute(document, operation as unknown as Operation);
  }, copy(target));
}
