/** Lists as kubectl prints them: the server decides on the columns. */
import { type Column, columnsOf } from './columns.ts';
import type { ResourceRequest } from './requests.ts';
import type { ApiObject } from './types.ts';

interface TableOptions {
  /** World time, for ages. */
  now: number;
  metadata: object;
  /** Column definitions come once per table, or with the first event of a watch. */
  withColumns: boolean;
}

export function tableOf(
  { kind, query }: ResourceRequest,
  objects: readonly ApiObject[],
  options: TableOptions,
): object {
  const columns = columnsOf(kind);
  const include = query.get('includeObject') ?? 'Metadata';
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: options.metadata,
    columnDefinitions: options.withColumns ? columns.map(definition) : null,
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object, options.now)),
      object: embedded(object, include),
    })),
  };
}

function definition({ name, type, format = '', description = '', priority = 0 }: Column): object {
  return { name, type, format, description, priority };
}

function embedded(object: ApiObject, include: string): object | null {
  if (include === 'None') return null;
  if (include === 'Object') return object;
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}
