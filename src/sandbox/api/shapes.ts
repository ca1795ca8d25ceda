/** The form in which a client wants to see objects: as they are, as a table, or only their metadata. */

import { isFields } from './objects.ts';
import type { ResourceRequest } from './requests.ts';
import { tableOf } from './table.ts';
import type { ApiObject } from './types.ts';
import type { Shape } from './watch.ts';

type Form = 'object' | 'table' | 'metadata';

/** The first form that the client names and the server knows. */
function formOf(accept: string): Form {
  for (const choice of accept.split(',')) {
    if (choice.includes('as=Table')) return 'table';
    if (choice.includes('as=PartialObjectMetadata')) return 'metadata';
    if (choice.trim().startsWith('application/json') || choice.includes('*/*')) return 'object';
  }
  return 'object';
}

function metadataOnly({ metadata }: ApiObject): object {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata };
}

function isList(body: object): body is { items: ApiObject[]; metadata: object } {
  return 'items' in body && Array.isArray(body.items);
}

/** The answer to a request, as its client wants to see it. */
export function shapeObject(request: ResourceRequest, body: object, now: () => number): object {
  const form = formOf(request.accept);
  if (form === 'object' || !('kind' in body) || body.kind === 'Status' || body.kind === 'Scale') return body;
  if (form === 'metadata') {
    if (!isList(body)) return metadataOnly(body as ApiObject);
    const items = body.items.map(metadataOnly);
    return { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata: body.metadata, items };
  }
  const objects = isList(body) ? body.items : [body as ApiObject];
  const version = isFields((body as ApiObject).metadata) ? (body as ApiObject).metadata.resourceVersion : undefined;
  const metadata = isList(body) ? body.metadata : { resourceVersion: version };
  return tableOf(request, objects, { now: now(), metadata, withColumns: true });
}

/** For the events of a watch. */
export function shapeFor(request: ResourceRequest, now: () => number): Shape {
  switch (formOf(request.accept)) {
    case 'object':
      return (object) => object;
    case 'metadata':
      return metadataOnly;
    case 'table':
      return (object, isFirst) => {
        const metadata = { resourceVersion: object.metadata.resourceVersion };
        return tableOf(request, [object], { now: now(), metadata, withColumns: isFirst });
      };
  }
}
